//! One training of a model of the sources, as its program in `bench/keras` trains it. Progress goes
//! to standard error; the results are printed as one line of JSON.
//!
//! ```text
//! cargo run --release -p lab --example model -- cnn_deep --seed 1
//! ```
//!
//! `--epochs N` trains for N epochs instead of the recipe's number.

use std::error::Error;

use digits::dataset::Mnist;
use digits::dfdx::prelude::*;
use digits::experiment::Run;
use digits::optim::Optimizer;
use digits::train::{Classifier, FitConfig, Progress, evaluate, fit};
use recipes::{Arguments, Recipe, Task};

mod recipes;

struct Experiment {
    seed: u64,
    epochs: Option<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = Arguments::read(&["seed", "epochs"])?;
    let seed = given.number("seed").ok_or("--seed N is needed")?;
    let epochs = given.number("epochs");
    let run = recipes::run(
        given.word("a model's name")?,
        seed,
        Experiment { seed, epochs },
    )??;
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}

impl Task for Experiment {
    type Output = Result<Run, Box<dyn Error>>;

    fn run<M: Classifier>(
        self,
        recipe: Recipe,
        mut model: M,
        mut optimizer: impl Optimizer<M>,
    ) -> Self::Output {
        let Mnist { mut train, test } = Mnist::load()?;
        let mut config = FitConfig::default()
            .epochs(self.epochs.map_or(recipe.epochs, |n| n as usize))
            .batch_size(recipe.batch_size)
            .seed(self.seed)
            .progress(Progress::Silent);
        if recipe.validation > 0.0 {
            let (learn_from, validation) = train.split_validation(recipe.validation);
            config = config.validation(validation);
            train = learn_from;
        }
        let history = fit(&mut model, &mut optimizer, &train, &config)?;
        eprintln!("{history}");
        let test = evaluate(&model, &test);
        Ok(Run {
            version: format!("digits {} on dfdx 0.13.0", digits::VERSION),
            parameters: model.num_trainable_params(),
            seed: self.seed,
            epochs: history.epochs,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
            load: None, // whoever starts several runs knows
        })
    }
}
