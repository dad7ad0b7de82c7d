//! The race to 99 %: from random weights to a network that reads digits, stage by stage of the chapter's story, from one seed.
//! Progress on standard error; what the stages gave is printed as one line of JSON.
//!
//! ```text
//! cargo run --release -p digits --example race -- --seed 1
//! cargo run --release -p digits --example race -- --seed 1 --only 6
//! ```
//!
//! The clock starts before the weights are drawn and stops after the last step. The images lie in memory, as bytes, when it
//! starts; everything else counts: building the model, the order of the images, batches, every step. The test images are looked at
//! when it has stopped.
//!
//! The last stage, the recipe that races, is run first, in a process that has trained nothing yet: what a first training costs more
//! than a second — threads to start, memory to ask for — counts as well.

use std::error::Error;
use std::time::Instant;

use digits::dataset::Mnist;
use digits::dfdx::prelude::*;
use digits::experiment::{Setting, Trial};
use digits::models::{CnnDeep, CnnRace};
use digits::optim::{Adam, AdamConfig, FitOptimizer, Muon, MuonConfig, Schedule};
use digits::train::{Classifier, FitConfig, Progress, evaluate, fit};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a stage trains, and how: gives the trial of one seed.
type Stage = (&'static str, fn(&Mnist, u64) -> Result<Trial>);

/// Each stage is the one before it with one thing changed.
const STAGES: [Stage; 6] = [
    ("cnn_deep as its source trains it", |mnist, seed| {
        run::<CnnDeep>(mnist, seed, Adam::default(), FitConfig::default())
    }),
    ("one epoch", |mnist, seed| {
        run::<CnnDeep>(mnist, seed, Adam::default(), one_epoch(32))
    }),
    ("batches of 256, one cycle", |mnist, seed| {
        let config = one_epoch(256).schedule(Schedule::one_cycle());
        run::<CnnDeep>(mnist, seed, fast_adam(), config)
    }),
    ("Muon, rate falling", |mnist, seed| {
        let config = one_epoch(256).schedule(Schedule::Linear);
        run::<CnnDeep>(mnist, seed, muon(), config)
    }),
    ("smoothed labels", |mnist, seed| {
        run::<CnnDeep>(mnist, seed, muon(), recipe())
    }),
    ("a smaller network", |mnist, seed| {
        run::<CnnRace>(mnist, seed, muon(), recipe())
    }),
];

fn one_epoch(batch_size: usize) -> FitConfig {
    FitConfig::default().epochs(1).batch_size(batch_size)
}

/// How the race is run.
fn recipe() -> FitConfig {
    one_epoch(256)
        .schedule(Schedule::Linear)
        .label_smoothing(0.1)
}

/// Adam with the rate and the short memory that the fastest known training on a GPU uses.
fn fast_adam() -> Adam {
    Adam::new(AdamConfig {
        learning_rate: 0.01,
        beta_1: 0.7,
        beta_2: 0.9,
        ..AdamConfig::default()
    })
}

fn muon() -> Muon {
    Muon::new(MuonConfig {
        learning_rate: 0.1,
        momentum: 0.75,
        iterations: 4,
        ..MuonConfig::default()
    })
}

fn main() -> Result<()> {
    let (seed, only) = arguments(std::env::args().skip(1))?;
    let mnist = Mnist::load()?;
    let mut trials = STAGES.map(|_| None);
    for n in (0..STAGES.len()).rev() {
        let (name, stage) = STAGES[n];
        if only.is_some_and(|only| only != n + 1) {
            continue;
        }
        let trial = stage(&mnist, seed)?;
        let (accuracy, seconds) = (100.0 * trial.test_accuracy, trial.seconds);
        eprintln!("seed {seed}, {name}: {accuracy:.2} %, {seconds:.3} s");
        trials[n] = Some(trial);
    }
    let stages = STAGES.iter().zip(trials);
    let settings: Vec<Setting> = stages
        .filter_map(|((name, _), trial)| {
            Some(Setting {
                name: (*name).into(),
                trials: vec![trial?],
            })
        })
        .collect();
    println!("{}", serde_json::to_string(&settings)?);
    Ok(())
}

/// Trains a `Model` from random weights against the clock, then looks at what it has learned.
fn run<Model: BuildOnDevice<Cpu, f32>>(
    mnist: &Mnist,
    seed: u64,
    mut optimizer: impl FitOptimizer<Model::Built>,
    config: FitConfig,
) -> Result<Trial>
where
    Model::Built: Classifier,
{
    let config = config.seed(seed).progress(Progress::Silent);
    let begun = Instant::now();
    let mut model = Cpu::seed_from_u64(seed).build_module::<Model, f32>();
    let history = fit(&mut model, &mut optimizer, &mnist.train, &config)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Trial {
        seed,
        losses: history.epochs.iter().map(|epoch| epoch.loss).collect(),
        train_accuracy: evaluate(&model, &mnist.train).accuracy,
        test_accuracy: evaluate(&model, &mnist.test).accuracy,
        seconds,
    })
}

/// `--seed N`, and `--only N` for one stage, counted from 1.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<(u64, Option<usize>)> {
    let (mut seed, mut only) = (None, None);
    while let Some(name) = given.next() {
        let value = given
            .next()
            .ok_or_else(|| format!("{name} needs a number behind it"))?;
        match name.as_str() {
            "--seed" => seed = Some(value.parse()?),
            "--only" => only = Some(value.parse()?),
            _ => return Err(format!("expected --seed or --only, found {name}").into()),
        }
    }
    Ok((seed.ok_or("--seed N is needed")?, only))
}
