//! The bits of a model's parameters after training, as one number, and the seconds of each epoch:
//! what a change of the kernels must leave alone, and what it costs.
//!
//! ```text
//! cargo run --release -p lab --example bits -- cnn_deep --epochs 1
//! ```
//!
//! It trains with seed 1 as the recipe says; `DIGITS_RUN_MODE=quick` on fewer images.

use std::convert::Infallible;
use std::error::Error;
use std::hash::Hasher;

use digits::dataset::Mnist;
use digits::dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorOptions, TensorVisitor, ViewTensorRef,
};
use digits::dfdx::prelude::*;
use digits::optim::Optimizer;
use digits::train::{Classifier, FitConfig, Progress, fit};
use recipes::{Arguments, Recipe, Task};

mod recipes;

/// A hash of the bits of all parameters, in the order of the model.
#[derive(Default)]
struct Bits(std::hash::DefaultHasher);

impl TensorVisitor<f32, Cpu> for Bits {
    type Viewer = ViewTensorRef;
    type Err = Infallible;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        parameter: &Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, Infallible> {
        for number in parameter.as_vec() {
            self.0.write_u32(number.to_bits());
        }
        Ok(None)
    }
}

struct Train {
    name: String,
    epochs: usize,
}

impl Task for Train {
    type Output = Result<(), Box<dyn Error>>;

    fn run<M: Classifier>(
        self,
        recipe: Recipe,
        mut model: M,
        mut optimizer: impl Optimizer<M>,
    ) -> Self::Output {
        let train = Mnist::load()?.train;
        let config = FitConfig::default()
            .epochs(self.epochs)
            .batch_size(recipe.batch_size)
            .seed(1)
            .progress(Progress::Silent);
        let history = fit(&mut model, &mut optimizer, &train, &config)?;
        let mut bits = Bits::default();
        M::iter_tensors(&mut RecursiveWalker {
            m: &model,
            f: &mut bits,
        })?;
        let seconds: Vec<f64> = history.epochs.iter().map(|epoch| epoch.seconds).collect();
        println!("{} {:016x} {seconds:.4?}", self.name, bits.0.finish());
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = Arguments::read(&["epochs"])?;
    let name = given.word("a model's name")?;
    let train = Train {
        name: name.to_owned(),
        epochs: given.number("epochs").unwrap_or(1) as usize,
    };
    recipes::run(name, 1, train)?
}
