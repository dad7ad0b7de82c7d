//! How the recipe of the race was chosen: candidates, judged on training images that were held out.
//! Progress on standard error; the results of the candidates are printed as one line of JSON, in
//! which `test_accuracy` is that on the images held out.
//!
//! ```text
//! cargo run --release -p lab --example race_choice -- --seed 1
//! ```
//!
//! The training images are cut into ten parts of 6,000. A seed learns from nine of them and is
//! judged by the tenth, seed 1 by the first part, seed 11 by the first again: ten seeds judge every
//! training image once, and no test image is looked at.

use digits::dataset::Mnist;
use digits::dfdx::prelude::ReLU;
use digits::layers::{Conv2D, Dense, Flatten, Fused, MaxPool2D};
use digits::models::CnnRace;
use digits::optim::{MuonConfig, Schedule};
use race_recipe::{Result, Stage, by_muon, fast_adam, muon, print, recipe, run, seed};

mod race_recipe;

const PARTS: usize = 10;

/// `C` and `O` kernels in the two convolutions, `N = 25 O` numbers after them, `H` hidden neurons.
type Net<const C: usize, const O: usize, const N: usize, const H: usize> = (
    Fused<(Conv2D<1, C, 5>, ReLU, MaxPool2D<2>)>,
    Fused<(Conv2D<C, O, 3>, ReLU, MaxPool2D<2>)>,
    Flatten<N>,
    Fused<(Dense<N, H>, ReLU)>,
    Dense<H, 10>,
);

/// Kernels of 3 × 3 in both.
type Small<const C: usize, const O: usize, const N: usize, const H: usize> = (
    Fused<(Conv2D<1, C, 3>, ReLU, MaxPool2D<2>)>,
    Fused<(Conv2D<C, O, 3>, ReLU, MaxPool2D<2>)>,
    Flatten<N>,
    Fused<(Dense<N, H>, ReLU)>,
    Dense<H, 10>,
);

/// The last is the recipe; each of the others is named after its difference from it.
const STAGES: [Stage; 18] = [
    ("Adam, one cycle", |task| {
        run::<CnnRace>(task, fast_adam(), recipe().schedule(Schedule::one_cycle()))
    }),
    ("one cycle", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().schedule(Schedule::one_cycle()))
    }),
    ("cosine", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().schedule(Schedule::Cosine))
    }),
    ("constant rate", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().schedule(Schedule::Constant))
    }),
    ("labels not smoothed", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().label_smoothing(0.0))
    }),
    ("labels smoothed by 0.2", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().label_smoothing(0.2))
    }),
    ("batches of 128", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().batch_size(128))
    }),
    ("batches of 512", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().batch_size(512))
    }),
    ("rate 0.05", |task| {
        let muon = MuonConfig {
            learning_rate: 0.05,
            ..muon()
        };
        by_muon::<CnnRace>(task, muon, recipe())
    }),
    ("rate 0.2", |task| {
        let muon = MuonConfig {
            learning_rate: 0.2,
            ..muon()
        };
        by_muon::<CnnRace>(task, muon, recipe())
    }),
    ("momentum 0.9", |task| {
        let muon = MuonConfig {
            momentum: 0.9,
            ..muon()
        };
        by_muon::<CnnRace>(task, muon, recipe())
    }),
    ("2 iterations", |task| {
        let muon = MuonConfig {
            iterations: 2,
            ..muon()
        };
        by_muon::<CnnRace>(task, muon, recipe())
    }),
    ("8 and 32 kernels", |task| {
        by_muon::<Net<8, 32, 800, 128>>(task, muon(), recipe())
    }),
    ("16 and 64 kernels", |task| {
        by_muon::<Net<16, 64, 1600, 128>>(task, muon(), recipe())
    }),
    ("64 hidden neurons", |task| {
        by_muon::<Net<16, 32, 800, 64>>(task, muon(), recipe())
    }),
    ("32 and 32 kernels, 3 × 3 both", |task| {
        by_muon::<Small<32, 32, 800, 128>>(task, muon(), recipe())
    }),
    ("two epochs", |task| {
        by_muon::<CnnRace>(task, muon(), recipe().epochs(2))
    }),
    ("the recipe", |task| {
        by_muon::<CnnRace>(task, muon(), recipe())
    }),
];

fn main() -> Result<()> {
    let (mnist, seed) = (Mnist::load()?, seed()?);
    let (all, part) = (mnist.train.len(), mnist.train.len() / PARTS);
    let first = (seed as usize + PARTS - 1) % PARTS * part;
    let held_out: Vec<usize> = (first..first + part).collect();
    let others: Vec<usize> = (0..first).chain(first + part..all).collect();
    let (train, judge) = (mnist.train.select(&others), mnist.train.select(&held_out));
    print(&STAGES, (&train, &judge, seed))
}
