//! Differentiable operations, one in each file: the forward pass, and right below it its gradient.
//!
//! The *tensor* half of a file checks shapes in the type system and records the gradient on dfdx's
//! tape. The *slice* half does the arithmetic, with sizes as values; its long and fast loops live
//! in the crate [`kernels`].
//!
//! As in dfdx, each operation has two forms: `try_conv2d` returns an error if there is no memory
//! for its output, where `conv2d` panics.
pub mod conv2d;
pub mod dropout;
pub mod flatten;
pub(crate) mod flatten_dropout;
pub(crate) mod fused;
pub mod layout;
pub mod linear;
pub mod pool2d;
mod scope;
mod tape;

#[cfg(test)]
mod tests;

pub use conv2d::{conv2d, try_conv2d};
pub use dropout::{dropout, try_dropout};
pub use flatten::{flatten, try_flatten};
pub use linear::{linear, try_linear};
pub use pool2d::{avg_pool2d, max_pool2d, try_avg_pool2d, try_max_pool2d};
pub use scope::{ActivationPool, Scope};
