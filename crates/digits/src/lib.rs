//! The library that the chapters of the book call, in the order in which data flows: a module
//! imports only from modules above it.
//!
//! | module | in → out |
//! |---|---|
//! | [`idx`] | IDX bytes → checked arrays |
//! | [`dataset`] | MNIST: images and labels; training, validation, test |
//! | [`image`] | a photograph → a digit like those of MNIST |
//! | [`raw`] | a tensor → its elements as a slice, in place where possible |
//! | [`batch`] | indices → batches as tensors; the seeded shuffle |
//! | [`shape`] | sizes → output sizes, as types |
//! | [`ops`] | tensors → tensors, each operation with its gradient |
//! | [`layers`] | the operations as dfdx modules, with their parameters |
//! | [`models`] | the sources' networks, by name; a network on plain arrays |
//! | [`loss`] | logits, targets → one number to make smaller |
//! | [`optim`] | gradients → new parameters |
//! | [`gradcheck`] | any function → its gradient by central differences |
//! | [`metrics`] | predictions, labels → accuracy, confusion matrix |
//! | [`run_mode`] | full or quick training; a result → whether it lies in the range for that mode |
//! | [`train`] | model, optimiser, images → trained model, history |
//! | [`experiment`] | the files of experiments and the bench → typed results |
//! | [`plot`] | images, histories, matrices → pictures |
//! | [`prelude`] | dfdx's prelude and the names of this crate that most programs need |
//!
//! Two crates below this one hold what needs no tensors: [`kernels`] the fast loops on slices that
//! [`batch`], [`ops`] and [`optim`] call, and `records` the types of the files that experiments and
//! the bench write, which [`train`] and [`experiment`] re-export.
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
