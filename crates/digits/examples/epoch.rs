//! Seconds an epoch takes: a model of the sources trained as its Keras program trains it. For each epoch, one line of JSON.
//!
//! ```text
//! cargo run --release -p digits --example epoch -- cnn_deep --epochs 3
//! ```
//!
//! The seconds count everything that an epoch does on the images it learns from (order, batches, forward and backward
//! pass, optimiser, loss and accuracy) and nothing else: data are in memory before, and no validation set is measured.
//! `cpu_s` adds up the seconds of all threads, the measure to trust on a busy machine.

use std::error::Error;

use digits::dataset::Mnist;
use digits::dfdx::prelude::*;
use digits::models::*;
use digits::optim::{Adadelta, Adam, FitOptimizer};
use digits::train::{Classifier, FitConfig, Progress, evaluate, fit};

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let model = given.next().ok_or("which model? `mlp128`, `cnn_deep` …")?;
    let epochs = match (given.next().as_deref(), given.next()) {
        (None, _) => 1,
        (Some("--epochs"), Some(epochs)) => epochs.parse()?,
        (Some(other), _) => return Err(format!("expected --epochs N, found {other}").into()),
    };
    let dev = Cpu::seed_from_u64(1);
    let mnist = Mnist::load()?;
    let adam = Adam::default();
    macro_rules! train {
        ($model:ty, $optimizer:expr, $batch_size:expr) => {
            measure(
                &model,
                dev.build_module::<$model, f32>(),
                $optimizer,
                $batch_size,
                epochs,
                &mnist,
            )
        };
    }
    match model.as_str() {
        "mlp128" => train!(Mlp128, adam, 32),
        "mlp128_dropout" => train!(Mlp128Dropout, adam, 32),
        "mlp512_256" => train!(Mlp512x256, adam, 32),
        "mlp100_100" => train!(Mlp100x100, adam, 32),
        "cnn_small" => train!(CnnSmall, adam, 32),
        "cnn_adadelta" => train!(CnnAdadelta, Adadelta::default(), 128),
        "cnn_deep" => train!(CnnDeep, adam, 32),
        "linear10" => train!(Linear10, adam, 32),
        other => Err(format!("no model is called {other}").into()),
    }
}

fn measure<M: Classifier>(
    name: &str,
    mut model: M,
    mut optimizer: impl FitOptimizer<M>,
    batch_size: usize,
    epochs: usize,
    mnist: &Mnist,
) -> Result<(), Box<dyn Error>> {
    for epoch in 0..epochs {
        let config = FitConfig::default()
            .epochs(1)
            .batch_size(batch_size)
            .seed(epoch as u64)
            .progress(Progress::Silent);
        let before = cpu_seconds();
        let history = fit(&mut model, &mut optimizer, &mnist.train, &config)?;
        let cpu = cpu_seconds() - before;
        let (seconds, test) = (history.epochs[0].seconds, evaluate(&model, &mnist.test));
        println!(
            "{{\"model\": \"{name}\", \"epoch\": {}, \"epoch_s\": {seconds:.3}, \"cpu_s\": {cpu:.2}, \"test_accuracy\": {}}}",
            epoch + 1,
            test.accuracy
        );
    }
    Ok(())
}

/// Processor time of this process so far, by Linux's count; NaN elsewhere.
fn cpu_seconds() -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields = behind_name.split(' ').skip(11).take(2); // user and system time
    let ticks: Result<Vec<f64>, _> = fields.map(str::parse).collect();
    match ticks {
        Ok(ticks) if ticks.len() == 2 => ticks.iter().sum::<f64>() / TICKS_A_SECOND,
        _ => f64::NAN,
    }
}
