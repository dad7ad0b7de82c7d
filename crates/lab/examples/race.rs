//! The race to 99 %: from random weights to a network that reads digits, stage by stage of the
//! chapter's story, from one seed. Progress on standard error; the results of the stages are
//! printed as one line of JSON.
//!
//! ```text
//! cargo run --release -p lab --example race -- --seed 1
//! ```
//!
//! Every stage was fixed, by the example `race_choice`, before this program saw a test image.

use digits::dataset::Mnist;
use digits::models::{CnnDeep, CnnRace};
use digits::optim::{Adam, Schedule};
use digits::train::FitConfig;
use race_recipe::{Result, Stage, by_muon, fast_adam, muon, print, recipe, run, seed};

mod race_recipe;

/// Each stage is the one before it with one thing changed.
const STAGES: [Stage; 6] = [
    ("cnn_deep as its source trains it", |task| {
        run::<CnnDeep>(task, Adam::default(), FitConfig::default())
    }),
    ("one epoch", |task| {
        run::<CnnDeep>(task, Adam::default(), FitConfig::default().epochs(1))
    }),
    ("batches of 256, one cycle", |task| {
        let config = recipe().schedule(Schedule::one_cycle());
        run::<CnnDeep>(task, fast_adam(), config.label_smoothing(0.0))
    }),
    ("Muon, rate falling", |task| {
        by_muon::<CnnDeep>(task, muon(), recipe().label_smoothing(0.0))
    }),
    ("labels smoothed", |task| {
        by_muon::<CnnDeep>(task, muon(), recipe())
    }),
    ("a smaller network", |task| {
        by_muon::<CnnRace>(task, muon(), recipe())
    }),
];

fn main() -> Result<()> {
    let mnist = Mnist::load()?;
    print(&STAGES, (&mnist.train, &mnist.test, seed()?))
}
