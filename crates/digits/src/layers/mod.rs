//! The operations as dfdx modules, with their parameters: put them in a tuple, and dfdx chains,
//! builds, saves and updates them.
//!
//! A model's *type* is written with the names here; `dev.build_module::<Model, f32>()` turns each
//! into the struct of the same name in [`modules`], which holds the tensors. [`modules`] is public
//! because a variable that outlives its cell of a notebook needs a type that can be named. dfdx's
//! own layers can be used beside these.
//!
//! ```
//! use digits::dfdx::prelude::*;
//! use digits::layers::{Conv2D, Dense, Flatten, MaxPool2D};
//! type Model = ((Conv2D<1, 4, 3>, ReLU, MaxPool2D<2>), (Flatten<676>, Dense<676, 10>));
//! let dev = Cpu::default();
//! let model = dev.build_module::<Model, f32>();
//! let image: Tensor<Rank3<1, 28, 28>, f32, _> = dev.zeros(); // (C, H, W)
//! let logits: Tensor<Rank1<10>, f32, _> = model.forward(image);
//! assert_eq!(logits.array(), [0.0; 10]); // zero bias, zero image
//! assert_eq!(model.num_trainable_params(), (9 + 1) * 4 + 676 * 10 + 10);
//! ```
//!
//! Shapes that do not fit do not compile: a kernel larger than its image,
//!
//! ```compile_fail,E0277
//! use digits::dfdx::prelude::*;
//! let dev = Cpu::default();
//! let model = dev.build_module::<digits::layers::Conv2D<1, 8, 5>, f32>();
//! let image: Tensor<Rank3<1, 4, 4>, f32, _> = dev.zeros();
//! model.forward(image); // a window of side 5 does not fit on a side of 4
//! ```
//!
//! an image with another number of channels than the layer's,
//!
//! ```compile_fail,E0277
//! use digits::dfdx::prelude::*;
//! let dev = Cpu::default();
//! let model = dev.build_module::<digits::layers::Conv2D<3, 8, 5>, f32>();
//! let image: Tensor<Rank3<1, 28, 28>, f32, _> = dev.zeros();
//! model.forward(image); // one channel, where three are expected
//! ```
//!
//! or a vector of another length.
//!
//! ```compile_fail,E0277
//! use digits::dfdx::prelude::*;
//! let dev = Cpu::default();
//! let model = dev.build_module::<digits::layers::Dense<800, 10>, f32>();
//! let pixels: Tensor<Rank1<784>, f32, _> = dev.zeros();
//! model.forward(pixels); // 784 elements, where 800 are expected
//! ```
//!
//! (A wrong `N` in [`Flatten`] is found a little later: by `cargo build`, not yet by
//! `cargo check`.)
mod conv2d;
mod dense;
mod dropout;
mod flatten;
mod fused;
mod init;
mod parameters;
mod pool2d;

pub use conv2d::builder::Conv2D;
pub use dense::builder::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use fused::builder::Fused;
pub use pool2d::{AvgPool2D, MaxPool2D};

/// The layers as built on a device: structs that hold tensors.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::layers::{Dense, Flatten, modules};
/// let model: (modules::Flatten<784>, modules::Dense<784, 10, f32, Cpu>) =
///     Cpu::default().build_module::<(Flatten<784>, Dense<784, 10>), f32>();
/// assert_eq!(model.1.bias.array(), [0.0; 10]);
/// ```
pub mod modules {
    pub use super::conv2d::Conv2D;
    pub use super::dense::Dense;
    pub use super::fused::Fused;
    pub use super::{AvgPool2D, Dropout, Flatten, MaxPool2D};
}

#[cfg(test)]
mod tests;
