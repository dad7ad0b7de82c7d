//! How the sources train their models: model → optimiser, batch size, epochs, validation split. The
//! examples `model` and `bench` share this table; `bench/keras` holds the same programs in Keras.

use digits::dfdx::prelude::*;
use digits::models::*;
use digits::optim::{Adadelta, AdadeltaConfig, Adam, Optimizer};
use digits::train::Classifier;

/// How a model is trained, without the model itself and its optimiser.
#[derive(Clone, Copy)]
pub struct Recipe {
    /// The number of images in a batch, B.
    pub batch_size: usize,
    /// The number of epochs. (Not for `bench`, which trains for two.)
    #[allow(dead_code)]
    pub epochs: usize,
    /// The share of the training images that is held out for validation: 0 to 1, 0 for none.
    #[allow(dead_code)]
    pub validation: f64,
}

/// A task for a model of any type.
pub trait Task {
    /// Its result.
    type Output;
    /// Does the task.
    fn run<M: Classifier>(
        self,
        recipe: Recipe,
        model: M,
        optimizer: impl Optimizer<M>,
    ) -> Self::Output;
}

macro_rules! recipes {
    ($(
        $name:literal: $model:ty, $optimizer:expr,
        $batch_size:literal, $epochs:literal, $validation:literal;
    )*) => {
        /// Does `task` with the model called `name`, its weights drawn from `seed`.
        ///
        /// # Errors
        /// If there is no such model: the message lists all models.
        pub fn run<T: Task>(name: &str, seed: u64, task: T) -> Result<T::Output, String> {
            match name {
                $($name => {
                    let recipe = Recipe {
                        batch_size: $batch_size,
                        epochs: $epochs,
                        validation: $validation,
                    };
                    let model = Cpu::seed_from_u64(seed).build_module::<$model, f32>();
                    Ok(task.run(recipe, model, $optimizer))
                })*
                _ => {
                    let known = [$($name),*].join(", ");
                    Err(format!("expected a model, one of {known}; found {name:?}"))
                }
            }
        }
    };
}

recipes! {
    "mlp128": Mlp128, Adam::default(), 32, 5, 0.0;
    "mlp128_dropout": Mlp128Dropout, Adam::default(), 32, 5, 0.0;
    "mlp512_256": Mlp512x256, Adam::default(), 32, 10, 0.1;
    "mlp100_100": Mlp100x100, Adam::default(), 32, 5, 0.0;
    "cnn_small": CnnSmall, Adam::default(), 32, 5, 0.0;
    "cnn_deep": CnnDeep, Adam::default(), 32, 5, 0.1;
    "cnn_adadelta": CnnAdadelta, Adadelta::default(), 128, 10, 0.0;
    "cnn_adadelta_0.001": CnnAdadelta, adadelta(0.001), 128, 10, 0.0;
    "linear10": Linear10, Adam::default(), 32, 5, 0.0;
}

/// [`Adadelta`] at another learning rate than the paper's.
fn adadelta(learning_rate: f64) -> Adadelta {
    Adadelta::new(AdadeltaConfig {
        learning_rate,
        ..Default::default()
    })
}

/// The arguments of a program: words, and options `--name`, each followed by a number.
pub struct Arguments {
    words: Vec<String>,
    numbers: Vec<(String, u64)>,
}

impl Arguments {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    /// If an option is none of `known`, or no number follows it.
    pub fn read(known: &[&str]) -> Result<Self, String> {
        let mut given = std::env::args().skip(1);
        let (mut words, mut numbers) = (Vec::new(), Vec::new());
        while let Some(word) = given.next() {
            let Some(name) = word.strip_prefix("--") else {
                words.push(word);
                continue;
            };
            if !known.contains(&name) {
                return Err(format!("expected --{}; found {word}", known.join(", --")));
            }
            let number = given.next().and_then(|number| number.parse().ok());
            let number = number.ok_or_else(|| format!("{word} needs a whole number behind it"))?;
            numbers.push((name.to_owned(), number));
        }
        Ok(Self { words, numbers })
    }

    /// The first word.
    ///
    /// # Errors
    /// If there is none: the message asks for `what`.
    pub fn word(&self, what: &str) -> Result<&str, String> {
        let first = self.words.first();
        first
            .map(String::as_str)
            .ok_or_else(|| format!("{what} is needed"))
    }

    /// The number after `--name`; `None` if there is no such option.
    pub fn number(&self, name: &str) -> Option<u64> {
        let mut numbers = self.numbers.iter();
        numbers
            .find(|(given, _)| given == name)
            .map(|(_, number)| *number)
    }
}
