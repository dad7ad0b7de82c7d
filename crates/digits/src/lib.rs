//! What the chapters of the book call, in the order data flows: a module imports only from modules above it.
//!
//! | module | in → out |
//! |---|---|
//! | [`shape`] | sizes → output sizes, as types |
//! | [`raw`] | tensor ↔ slice |
//! | [`ops`] | tensors → tensors, each operation with its gradient |
//! | [`layers`] | operations with parameters, as dfdx modules |
//! | [`models`] | the sources' networks, by name |
//! | [`loss`] | logits, targets → one number to make smaller |
//! | [`optim`] | gradients → new parameters |
//! | [`gradcheck`] | any function → its gradient by central differences |
pub use dfdx;
pub use plotters;

pub mod shape;

pub mod raw;

pub mod ops;

pub mod layers;

pub mod models;

pub mod loss;

pub mod optim;

pub mod gradcheck;
