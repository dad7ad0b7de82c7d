//! A block of convolution, bias, ReLU and max pooling on slices, with channels last.
//!
//! ```text
//! y = maxpool(relu(conv2d(x, w) + b))        x: (B, H, W, C), y: (B, H″, W″, O)
//! ```
//!
//! [`forward`] and [`backward`] take one block, or several of which each reads what the one before
//! gives. Each block is computed by the method that suits its sizes:
//!
//! | pass | method | for |
//! |---|---|---|
//! | forward | [`winograd`] | windows of 3 × 3, stride 1, a multiple of 16 channels |
//! | forward | [`tiled`] | all others |
//! | backward | [`direct`] | the weights of a window of at most 32 numbers, if the input's gradient is not wanted |
//! | backward | [`sparse`] | all others |
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
