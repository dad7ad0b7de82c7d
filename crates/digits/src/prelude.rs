//! What a chapter opens with: `use digits::prelude::*;`.
//!
//! It holds dfdx's prelude and the names of this crate that a program needs to load images, build
//! a network, train it and draw what came out. Where both crates have a name, this crate's is
//! meant: `Conv2D`, `MaxPool2D`, `AvgPool2D` and `Dropout` are those of
//! [`layers`](crate::layers), `Adam` and `Optimizer` those of [`optim`](crate::optim), because a name that is exported by itself takes precedence over one
//! from a `*`.
//!
//! ```
//! use std::any::TypeId;
//! use digits::prelude::*;
//!
//! let ours = TypeId::of::<digits::layers::Dropout<20>>();
//! assert_eq!(TypeId::of::<Dropout<20>>(), ours);
//! assert_ne!(TypeId::of::<digits::dfdx::prelude::Dropout>(), ours);
//!
//! let dev: Cpu = Cpu::seed_from_u64(0);
//! let model = dev.build_module::<Linear10, f32>();
//! assert_eq!(model.num_trainable_params(), 784 * 10 + 10);
//! ```

pub use dfdx::prelude::*;

pub use crate::batch::{self, Images};
pub use crate::dataset::{Dataset, Mnist};
pub use crate::layers::{AvgPool2D, Conv2D, Dense, Dropout, Flatten, Fused, MaxPool2D};
pub use crate::loss::{mean_squared_error, softmax_cross_entropy};
pub use crate::metrics::{self, Confusion, ConfusionMatrix};
pub use crate::models::{
    CnnAdadelta, CnnDeep, CnnRace, CnnSmall, Linear10, Mlp100x100, Mlp128, Mlp128Dropout,
    Mlp512x256,
};
pub use crate::optim::{
    Adadelta, AdadeltaConfig, Adam, AdamConfig, GradientDescent, Muon, MuonConfig, Optimizer,
    Schedule,
};
pub use crate::plot::{self, Series};
pub use crate::train::{
    Classifier, Evaluation, FitConfig, History, Prediction, Progress, evaluate, fit, predict,
};
