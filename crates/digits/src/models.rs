//! The sources' networks, by name: each takes digits `(B, 1, 28, 28)` or one `(1, 28, 28)`, and gives logits `(B, 10)` or `(10)`.
//!
//! Keras ends these models with a softmax layer; here the softmax belongs to the loss
//! ([`softmax_cross_entropy`](crate::loss::softmax_cross_entropy)), where it can be computed stably.
use dfdx::prelude::ReLU;

use crate::layers::{Conv2D, Dense, Flatten, MaxPool2D};

/// Three convolutions and two dense layers: 93,322 parameters; source S4 §5.2, Keras's introductory network.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::models::CnnDeep;
/// let dev = Cpu::default();
/// let model = dev.build_module::<CnnDeep, f32>();
/// assert_eq!(model.num_trainable_params(), 93_322);
/// ```
pub type CnnDeep = (
    (Conv2D<1, 32, 3>, ReLU, MaxPool2D<2>),  // (B, 32, 13, 13)
    (Conv2D<32, 64, 3>, ReLU, MaxPool2D<2>), // (B, 64, 5, 5)
    (Conv2D<64, 64, 3>, ReLU, Flatten<576>), // (B, 576)
    (Dense<576, 64>, ReLU, Dense<64, 10>),   // (B, 10)
);

/// One dense layer, 784-10: 7,850 parameters. No source has it; it is where the book's training starts.
pub type Linear10 = (Flatten<784>, Dense<784, 10>);
