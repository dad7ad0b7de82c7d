//! What the chapters of the book call, in the order data flows: a module imports only from modules above it.
//!
//! | module | in → out |
//! |---|---|
//! | [`idx`] | IDX bytes → checked arrays |
//! | [`dataset`] | MNIST: images and labels; training, validation, test |
//! | [`image`] | a photograph → a digit as MNIST has them |
//! | [`raw`] | tensor ↔ slice |
//! | [`batch`] | indices → batches as tensors; the seeded shuffle |
//! | [`shape`] | sizes → output sizes, as types |
//! | [`ops`] | tensors → tensors, each operation with its gradient |
//! | [`layers`] | operations with parameters, as dfdx modules |
//! | [`models`] | the sources' networks, by name |
//! | [`loss`] | logits, targets → one number to make smaller |
//! | [`optim`] | gradients → new parameters |
//! | [`gradcheck`] | any function → its gradient by central differences |
//! | [`metrics`] | predictions, labels → accuracy, confusion matrix |
//! | [`run_mode`] | full or quick training, and the accuracies accepted in each |
//! | [`train`] | model, optimiser, images → trained model, history |
//! | [`experiment`] | results of many runs → what they showed |
//! | [`plot`] | images, histories, matrices → pictures |
//! | [`prelude`] | the names that a chapter opens with |
pub use byteorder;
pub use dfdx;
pub use flate2;
pub use kernels;
pub use plotters;
pub use rand;

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub mod idx;

pub mod dataset;

pub mod image;

pub mod raw;

pub mod batch;

pub mod shape;

pub mod ops;

pub mod layers;

pub mod models;

pub mod loss;

pub mod optim;

pub mod gradcheck;

pub mod metrics;

pub mod run_mode;

pub mod train;

pub mod experiment;

pub mod plot;

pub mod prelude;

#[cfg(test)]
mod scratch;
