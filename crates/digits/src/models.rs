//! The sources' networks, by name: each takes digits `(B, 1, 28, 28)` or one `(1, 28, 28)`, and gives logits `(B, 10)` or `(10)`.
//!
//! Keras ends these models with a softmax layer; here the softmax belongs to the loss
//! ([`softmax_cross_entropy`](crate::loss::softmax_cross_entropy)), where it can be computed stably.
//!
//! [`by_hand`] holds networks without dfdx: what the tape does, written out.
pub mod by_hand;

use crate::layers::{
    Conv2DReLU, Conv2DReLUMaxPool, Dense, DenseReLU, Dropout, Flatten, FlattenDropout, Together,
};

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
    (Conv2DReLUMaxPool<1, 32, 3>,),        // (B, 32, 13, 13)
    (Conv2DReLUMaxPool<32, 64, 3>,),       // (B, 64, 5, 5)
    (Conv2DReLU<64, 64, 3>, Flatten<576>), // (B, 576)
    (DenseReLU<576, 64>, Dense<64, 10>),   // (B, 10)
);

/// One dense layer, 784-10: 7,850 parameters. No source has it; it is where the book's training starts.
pub type Linear10 = (Flatten<784>, Dense<784, 10>);

/// One hidden layer: 784-128-10, 101,770 parameters; source S0 §5.2. Trained with Adam, batches of 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp128};
/// let model = Cpu::default().build_module::<Mlp128, f32>();
/// assert_eq!(model.num_trainable_params(), 101_770);
/// ```
pub type Mlp128 = (Flatten<784>, DenseReLU<784, 128>, Dense<128, 10>);

/// [`Mlp128`] with a fifth of the hidden layer dropped in training: 101,770 parameters; source S1. Adam, 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp128Dropout};
/// let model = Cpu::default().build_module::<Mlp128Dropout, f32>();
/// assert_eq!(model.num_trainable_params(), 101_770);
/// ```
pub type Mlp128Dropout = (
    Flatten<784>,
    (DenseReLU<784, 128>, Dropout<20>),
    Dense<128, 10>,
);

/// Two wide hidden layers: 784-512-256-10, 535,818 parameters; source S3 §4. Adam at 0.001, 32, 10 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp512x256};
/// let model = Cpu::default().build_module::<Mlp512x256, f32>();
/// assert_eq!(model.num_trainable_params(), 535_818);
/// ```
pub type Mlp512x256 = (
    Flatten<784>,
    DenseReLU<784, 512>,
    DenseReLU<512, 256>,
    Dense<256, 10>,
);

/// Two narrow hidden layers: 784-100-100-10, 89,610 parameters; source S4 §4.3. Adam; here with batches of 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp100x100};
/// let model = Cpu::default().build_module::<Mlp100x100, f32>();
/// assert_eq!(model.num_trainable_params(), 89_610);
/// ```
pub type Mlp100x100 = (
    Flatten<784>,
    DenseReLU<784, 100>,
    DenseReLU<100, 100>,
    Dense<100, 10>,
);

/// One convolution and two dense layers: 347,146 parameters; source S0 §3.2.2. Adam, 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::CnnSmall};
/// let model = Cpu::default().build_module::<CnnSmall, f32>();
/// assert_eq!(model.num_trainable_params(), 347_146);
/// ```
pub type CnnSmall = (
    (Conv2DReLUMaxPool<1, 32, 3>, Flatten<5408>),
    DenseReLU<5408, 64>,
    Dense<64, 10>,
);

/// Two convolutions before one pooling, dropout twice: 1,199,882 parameters; source S2 §4, Keras's example of 2015.
/// [`Adadelta`](crate::optim::Adadelta), batches of 128, 10 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::CnnAdadelta};
/// let model = Cpu::default().build_module::<CnnAdadelta, f32>();
/// assert_eq!(model.num_trainable_params(), 1_199_882);
/// ```
pub type CnnAdadelta = (
    Together<Conv2DReLU<1, 32, 3>, Conv2DReLUMaxPool<32, 64, 3>>, // (B, 64, 12, 12)
    FlattenDropout<9216, 25>, // which of the two comes first makes no difference
    (DenseReLU<9216, 128>, Dropout<50>),
    Dense<128, 10>,
);

/// Two convolutions and one hidden layer: 108,874 parameters. No source has it; it is the one that races to 99 %.
///
/// ```
/// use digits::{dfdx::prelude::*, models::CnnRace};
/// let model = Cpu::default().build_module::<CnnRace, f32>();
/// assert_eq!(model.num_trainable_params(), 108_874);
/// ```
pub type CnnRace = (
    Conv2DReLUMaxPool<1, 16, 5>,                  // (B, 16, 12, 12)
    (Conv2DReLUMaxPool<16, 32, 3>, Flatten<800>), // (B, 800)
    (DenseReLU<800, 128>, Dense<128, 10>),        // (B, 10)
);
