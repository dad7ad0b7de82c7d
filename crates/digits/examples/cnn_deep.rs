//! `cnn_deep` here, the same program as `bench/keras/cnn_deep.py`, one run: 54,000 images, 6,000 held out, Adam,
//! batches of 32. Progress on standard error; what the run gave is printed as one line of JSON.
//!
//! ```text
//! cargo run --release -p digits --example cnn_deep -- --seed 1
//! ```

use std::error::Error;

use digits::dataset::Mnist;
use digits::dfdx::prelude::*;
use digits::experiment::Run;
use digits::models::CnnDeep;
use digits::optim::Adam;
use digits::train::{FitConfig, Progress, evaluate, fit};

fn main() -> Result<(), Box<dyn Error>> {
    let (seed, epochs) = arguments(std::env::args().skip(1))?;
    let mnist = Mnist::load()?;
    let (train, validation) = mnist.train.split_validation(0.1);
    let mut model = Cpu::seed_from_u64(seed).build_module::<CnnDeep, f32>();
    let config = FitConfig::default()
        .epochs(epochs)
        .seed(seed)
        .validation(validation)
        .progress(Progress::Silent);
    let history = fit(&mut model, &mut Adam::default(), &train, &config)?;
    eprintln!("{history}");
    let test = evaluate(&model, &mnist.test);
    let run = Run {
        version: format!("digits {} on dfdx 0.13.0", env!("CARGO_PKG_VERSION")),
        parameters: model.num_trainable_params(),
        seed,
        epochs: history.epochs,
        test_loss: test.loss,
        test_accuracy: test.accuracy,
        load: None, // whoever starts several runs knows
    };
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}

/// `--seed N`, and `--epochs N`, 5 unless told.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<(u64, usize), Box<dyn Error>> {
    let (mut seed, mut epochs) = (None, 5);
    while let Some(name) = given.next() {
        let value = given
            .next()
            .ok_or_else(|| format!("{name} needs a number behind it"))?;
        match name.as_str() {
            "--seed" => seed = Some(value.parse()?),
            "--epochs" => epochs = value.parse()?,
            _ => return Err(format!("expected --seed or --epochs, found {name}").into()),
        }
    }
    Ok((seed.ok_or("--seed N is needed")?, epochs))
}
