//! The sources' networks, by name: each takes images `(B, 1, 28, 28)` to logits `(B, 10)`, or one
//! image `(1, 28, 28)` to `(10)`.
//!
//! Keras ends these models with a softmax layer; here the softmax belongs to the loss
//! ([`softmax_cross_entropy`](crate::loss::softmax_cross_entropy)), where it can be computed
//! stably.
//!
//! [`by_hand`] holds networks without dfdx, whose gradients are written out instead of recorded on
//! a tape.
pub mod by_hand;

use dfdx::prelude::ReLU;

use crate::layers::{Conv2D, Dense, Dropout, Flatten, Fused, MaxPool2D};

/// Three convolutions and two dense layers: 93,322 parameters; source S4 §5.2, Keras's introductory
/// network.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::models::CnnDeep;
/// let dev = Cpu::default();
/// let model = dev.build_module::<CnnDeep, f32>();
/// assert_eq!(model.num_trainable_params(), 93_322);
/// ```
pub type CnnDeep = (
    Fused<(Conv2D<1, 32, 3>, ReLU, MaxPool2D<2>)>, // (B, 32, 13, 13)
    Fused<(Conv2D<32, 64, 3>, ReLU, MaxPool2D<2>)>, // (B, 64, 5, 5)
    Fused<(Conv2D<64, 64, 3>, ReLU)>,              // (B, 64, 3, 3)
    Flatten<576>,
    Fused<(Dense<576, 64>, ReLU)>, // (B, 64)
    Dense<64, 10>,                 // (B, 10)
);

/// One dense layer, 784-10: 7,850 parameters. It comes from none of the sources; the book's
/// training starts with it.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Linear10};
/// let model = Cpu::default().build_module::<Linear10, f32>();
/// assert_eq!(model.num_trainable_params(), 7_850);
/// ```
pub type Linear10 = (Flatten<784>, Dense<784, 10>);

/// One hidden layer: 784-128-10, 101,770 parameters; source S0 §5.2. Trained with Adam, batches of
/// 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp128};
/// let model = Cpu::default().build_module::<Mlp128, f32>();
/// assert_eq!(model.num_trainable_params(), 101_770);
/// ```
pub type Mlp128 = (Flatten<784>, Fused<(Dense<784, 128>, ReLU)>, Dense<128, 10>);

/// [`Mlp128`] with a fifth of the hidden layer's outputs dropped in training: 101,770 parameters;
/// source S1. Trained with Adam, batches of 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp128Dropout};
/// let model = Cpu::default().build_module::<Mlp128Dropout, f32>();
/// assert_eq!(model.num_trainable_params(), 101_770);
/// ```
pub type Mlp128Dropout = (
    Flatten<784>,
    Fused<(Dense<784, 128>, ReLU)>,
    Dropout<20>,
    Dense<128, 10>,
);

/// Two wide hidden layers: 784-512-256-10, 535,818 parameters; source S3 §4. Trained with Adam at
/// 0.001, batches of 32, 10 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp512x256};
/// let model = Cpu::default().build_module::<Mlp512x256, f32>();
/// assert_eq!(model.num_trainable_params(), 535_818);
/// ```
pub type Mlp512x256 = (
    Flatten<784>,
    Fused<(Dense<784, 512>, ReLU)>,
    Fused<(Dense<512, 256>, ReLU)>,
    Dense<256, 10>,
);

/// Two narrow hidden layers: 784-100-100-10, 89,610 parameters; source S4 §4.3. Trained with Adam;
/// here with batches of 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::Mlp100x100};
/// let model = Cpu::default().build_module::<Mlp100x100, f32>();
/// assert_eq!(model.num_trainable_params(), 89_610);
/// ```
pub type Mlp100x100 = (
    Flatten<784>,
    Fused<(Dense<784, 100>, ReLU)>,
    Fused<(Dense<100, 100>, ReLU)>,
    Dense<100, 10>,
);

/// One convolution and two dense layers: 347,146 parameters; source S0 §3.2.2. Trained with Adam,
/// batches of 32, 5 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::CnnSmall};
/// let model = Cpu::default().build_module::<CnnSmall, f32>();
/// assert_eq!(model.num_trainable_params(), 347_146);
/// ```
pub type CnnSmall = (
    Fused<(Conv2D<1, 32, 3>, ReLU, MaxPool2D<2>)>, // (B, 32, 13, 13)
    Flatten<5408>,
    Fused<(Dense<5408, 64>, ReLU)>,
    Dense<64, 10>,
);

/// Two convolutions before one pooling, dropout twice: 1,199,882 parameters; source S2 §4, Keras's
/// example of 2015. Trained with [`Adadelta`](crate::optim::Adadelta), batches of 128, 10 epochs.
///
/// ```
/// use digits::{dfdx::prelude::*, models::CnnAdadelta};
/// let model = Cpu::default().build_module::<CnnAdadelta, f32>();
/// assert_eq!(model.num_trainable_params(), 1_199_882);
/// ```
pub type CnnAdadelta = (
    Fused<(
        Conv2D<1, 32, 3>,
        ReLU,
        Conv2D<32, 64, 3>,
        ReLU,
        MaxPool2D<2>,
    )>, // (B, 64, 12, 12)
    Fused<(Flatten<9216>, Dropout<25>)>, // the order of the two makes no difference
    Fused<(Dense<9216, 128>, ReLU)>,
    Dropout<50>,
    Dense<128, 10>,
);

/// Two convolutions and one hidden layer: 108,874 parameters. It comes from none of the sources;
/// the book's last chapter trains it to a test accuracy of 99 %.
///
/// ```
/// use digits::{dfdx::prelude::*, models::CnnRace};
/// let model = Cpu::default().build_module::<CnnRace, f32>();
/// assert_eq!(model.num_trainable_params(), 108_874);
/// ```
pub type CnnRace = (
    Fused<(Conv2D<1, 16, 5>, ReLU, MaxPool2D<2>)>, // (B, 16, 12, 12)
    Fused<(Conv2D<16, 32, 3>, ReLU, MaxPool2D<2>)>, // (B, 32, 5, 5)
    Flatten<800>,
    Fused<(Dense<800, 128>, ReLU)>, // (B, 128)
    Dense<128, 10>,                 // (B, 10)
);
