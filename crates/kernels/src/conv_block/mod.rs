//! A block of convolution, bias, ReLU and max pooling on slices, with channels last.
//!
//! ```text
//! y = maxpool(relu(conv2d(x, w) + b))        x: (B, H, W, C), y: (B, H″, W″, O)
//! ```
//!
//! [`forward`] and [`backward`] take a chain of blocks, often of one; each block takes the output
//! of the one before. A block is computed by the method that suits its sizes:
//!
//! | pass | method | for |
//! |---|---|---|
//! | forward | `winograd` | windows of 3 × 3, stride 1, a multiple of 16 channels |
//! | forward | `tiled` | all others |
//! | backward | `direct` | windows of at most 32 numbers, if the input's gradient is not needed |
//! | backward | `sparse` | all others |
mod backward;
mod block;
mod chain;
mod direct;
mod sparse;
#[cfg(test)]
mod tests;
mod tiled;
mod winograd;

pub use block::{Block, argmax};
pub use chain::{ConvLayer, backward, forward};
