//! What the race and the choice of its recipe have in common.

use std::error::Error;
use std::time::Instant;

use digits::dataset::Dataset;
use digits::dfdx::prelude::*;
use digits::experiment::{Setting, Trial};
use digits::optim::{Adam, AdamConfig, Muon, MuonConfig, Optimizer, Schedule};
use digits::train::{Classifier, FitConfig, Progress, evaluate, fit};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Images to learn from, images to measure the accuracy on, and the seed.
pub type Task<'a> = (&'a Dataset, &'a Dataset, u64);

/// A name, and the function that runs the trial of one seed.
pub type Stage = (&'static str, fn(Task<'_>) -> Result<Trial>);

/// How the race is run.
pub fn recipe() -> FitConfig {
    FitConfig::default()
        .epochs(1)
        .batch_size(256)
        .schedule(Schedule::Linear)
        .label_smoothing(0.1)
}

/// The race's optimiser.
pub fn muon() -> MuonConfig {
    MuonConfig {
        learning_rate: 0.1,
        momentum: 0.75,
        iterations: 4,
        ..MuonConfig::default()
    }
}

/// Adam with the rate and the short memory that the fastest known training on a GPU uses.
pub fn fast_adam() -> Adam {
    Adam::new(AdamConfig {
        learning_rate: 0.01,
        beta_1: 0.7,
        beta_2: 0.9,
        ..AdamConfig::default()
    })
}

/// Trains a `Model` from random weights with Muon, with the given settings.
pub fn by_muon<Model: BuildOnDevice<Cpu, f32>>(
    task: Task<'_>,
    muon: MuonConfig,
    config: FitConfig,
) -> Result<Trial>
where
    Model::Built: Classifier,
{
    run::<Model>(task, Muon::new(muon), config)
}

/// Trains a `Model` from random weights against the clock, then measures its accuracy.
///
/// The clock starts before the weights are drawn and stops after the last step. The images lie in
/// memory, as bytes, when it starts; everything else counts: building the model, the order of the
/// images, batches, every step.
pub fn run<Model: BuildOnDevice<Cpu, f32>>(
    (train, test, seed): Task<'_>,
    mut optimizer: impl Optimizer<Model::Built>,
    config: FitConfig,
) -> Result<Trial>
where
    Model::Built: Classifier,
{
    let config = config.seed(seed).progress(Progress::Silent);
    let begun = Instant::now();
    let mut model = Cpu::seed_from_u64(seed).build_module::<Model, f32>();
    let history = fit(&mut model, &mut optimizer, train, &config)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Trial {
        seed,
        losses: history.epochs.iter().map(|epoch| epoch.loss).collect(),
        train_accuracy: evaluate(&model, train).accuracy,
        test_accuracy: evaluate(&model, test).accuracy,
        seconds,
    })
}

/// Runs the stages, the last one first, and prints their results, the first one first, as one line
/// of JSON.
///
/// The last is the recipe that races. Run first, in a process that has trained nothing yet, it pays
/// for what a first training costs more than a second: starting threads, allocating memory.
pub fn print(stages: &[Stage], task: Task<'_>) -> Result<()> {
    let mut settings = Vec::new();
    for (name, stage) in stages.iter().rev() {
        let trial = stage(task)?;
        let (accuracy, seconds) = (100.0 * trial.test_accuracy, trial.seconds);
        eprintln!("seed {}, {name}: {accuracy:.2} %, {seconds:.3} s", task.2);
        settings.push(Setting {
            name: (*name).into(),
            trials: vec![trial],
        });
    }
    settings.reverse();
    println!("{}", serde_json::to_string(&settings)?);
    Ok(())
}

/// The one argument, `--seed N`.
pub fn seed() -> Result<u64> {
    let mut given = std::env::args().skip(1);
    match (given.next().as_deref(), given.next()) {
        (Some("--seed"), Some(seed)) => Ok(seed.parse()?),
        _ => Err("--seed N is needed".into()),
    }
}
