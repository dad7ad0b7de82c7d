//! What a model of the sources costs here: seconds per epoch, the latency of one image, images per
//! second, memory.
//!
//! ```text
//! cargo run --release -p lab --example bench -- cnn_deep
//! cargo run --release -p lab --example bench -- 784-512-10 --batch-size 64 --epochs 3 --seed 1
//! cargo run --release -p lab --example bench -- peak
//! ```
//!
//! Only the last epoch counts; without `--epochs` there are two. Its seconds include everything
//! that an epoch does (order of the images, batches, forward and backward pass, optimiser, loss and
//! accuracy) and nothing else: the data are in memory before, and no validation set is measured.
//! `cpu_s` is the sum of the seconds of all threads, the measure to trust on a busy machine. Each
//! epoch prints a line on standard error; at the end, the results are printed as one line of JSON.
//!
//! `784-N-10` is a network with one hidden layer of N, a power of two from 32 to 2048; `peak`
//! measures what this machine reaches in matrix products, with the library that `digits` multiplies
//! with.

use std::error::Error;
use std::time::Instant;

use digits::batch;
use digits::dataset::{CLASSES, Dataset, Mnist};
use digits::dfdx::prelude::*;
use digits::experiment::{BenchRun, median};
use digits::layers::{Dense, Flatten};
use digits::optim::{Adam, Optimizer};
use digits::raw;
use digits::train::{Classifier, FitConfig, Progress, evaluate, fit};
use recipes::{Arguments, Recipe, Task};

mod peak;
mod recipes;

/// A network with one hidden layer of `N` neurons.
type Wide<const N: usize> = (Flatten<784>, (Dense<784, N>, ReLU), Dense<N, 10>);

/// The number of images whose latency is measured, each on its own, and of those before that warm
/// up.
const SINGLE_IMAGES: usize = 300;
const WARM_UP: usize = 20;
/// The number of images that are classified together when nothing is learned.
const TOGETHER: usize = 200;

struct Bench {
    name: String,
    seed: u64,
    epochs: u64,
    batch_size: Option<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = Arguments::read(&["seed", "epochs", "batch-size"])?;
    let name = given.word("a model's name, or `peak`,")?;
    if name == "peak" {
        println!("{}", serde_json::to_string(&peak::measure())?);
        return Ok(());
    }
    let bench = Bench {
        name: name.to_owned(),
        seed: given.number("seed").unwrap_or(1),
        epochs: given.number("epochs").unwrap_or(2).max(1),
        batch_size: given.number("batch-size"),
    };
    let width = name
        .strip_prefix("784-")
        .and_then(|rest| rest.strip_suffix("-10"));
    let measured = match width {
        Some("32") => wide::<32>(bench),
        Some("64") => wide::<64>(bench),
        Some("128") => wide::<128>(bench),
        Some("256") => wide::<256>(bench),
        Some("512") => wide::<512>(bench),
        Some("1024") => wide::<1024>(bench),
        Some("2048") => wide::<2048>(bench),
        _ => recipes::run(name, bench.seed, bench)?,
    };
    println!("{}", serde_json::to_string(&measured?)?);
    Ok(())
}

fn wide<const N: usize>(bench: Bench) -> Result<BenchRun, Box<dyn Error>> {
    let recipe = Recipe {
        batch_size: 32,
        epochs: 2,
        validation: 0.0,
    };
    let model = Cpu::seed_from_u64(bench.seed).build_module::<Wide<N>, f32>();
    bench.run(recipe, model, Adam::default())
}

impl Task for Bench {
    type Output = Result<BenchRun, Box<dyn Error>>;

    fn run<M: Classifier>(
        self,
        recipe: Recipe,
        mut model: M,
        mut optimizer: impl Optimizer<M>,
    ) -> Self::Output {
        let mnist = Mnist::load()?;
        let batch_size = self.batch_size.map_or(recipe.batch_size, |n| n as usize);
        let (mut epoch_s, mut cpu_s, mut test_accuracy) = (f64::NAN, None, f64::NAN);
        for epoch in 0..self.epochs {
            let config = FitConfig::default()
                .epochs(1)
                .batch_size(batch_size)
                .seed(self.seed + epoch)
                .progress(Progress::Silent);
            let before = cpu_seconds();
            let history = fit(&mut model, &mut optimizer, &mnist.train, &config)?;
            epoch_s = history.epochs[0].seconds;
            let after = cpu_seconds();
            cpu_s = after.zip(before).map(|(after, before)| after - before);
            let test = evaluate(&model, &mnist.test);
            test_accuracy = test.accuracy;
            let (name, cpu) = (&self.name, cpu_s.unwrap_or(f64::NAN));
            eprintln!(
                "{name}, epoch {}: {epoch_s:.3} s, {cpu:.2} s of all threads, test {test}",
                epoch + 1
            );
        }
        Ok(BenchRun {
            version: format!("digits {} on dfdx 0.13.0", digits::VERSION),
            parameters: model.num_trainable_params(),
            batch_size: Some(batch_size),
            epoch_s,
            cpu_s,
            test_accuracy,
            latency_ms: latency_ms(&model, &mnist.test),
            images_per_s: images_per_s(&model, &mnist.test),
            peak_mb: peak_mb(),
        })
    }
}

/// The classes of the images at `indices`: bytes in memory → digits.
fn classes<M: Classifier>(model: &M, data: &Dataset, indices: &[usize]) -> Vec<usize> {
    let logits = model.forward(batch::images(&Cpu::default(), data, indices)); // (B, 10)
    let elements = raw::elements(&logits);
    let rows = elements.as_chunks::<CLASSES>().0.iter();
    rows.map(|row| (0..CLASSES).fold(0, |best, i| if row[i] > row[best] { i } else { best }))
        .collect()
}

/// Milliseconds from one image to its class: the median of many images, each classified on its own.
fn latency_ms<M: Classifier>(model: &M, data: &Dataset) -> f64 {
    let seconds = (0..WARM_UP + SINGLE_IMAGES).map(|i| {
        let begun = Instant::now();
        std::hint::black_box(classes(model, data, &[i]));
        begun.elapsed().as_secs_f64()
    });
    1000.0 * median(&seconds.collect::<Vec<_>>()[WARM_UP..])
}

/// Images classified in a second, [`TOGETHER`] at a time: the median of three rounds after a first
/// one.
fn images_per_s<M: Classifier>(model: &M, data: &Dataset) -> f64 {
    let all: Vec<usize> = (0..data.len()).collect();
    let seconds = (0..4).map(|_| {
        let begun = Instant::now();
        for indices in all.chunks(TOGETHER) {
            std::hint::black_box(classes(model, data, indices));
        }
        begun.elapsed().as_secs_f64()
    });
    data.len() as f64 / median(&seconds.collect::<Vec<_>>()[1..])
}

/// The processor time of this process so far in seconds, by Linux's count; `None` elsewhere.
fn cpu_seconds() -> Option<f64> {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let behind_name = stat.rsplit(") ").next()?;
    let mut fields = behind_name.split(' ').skip(11); // user and system time
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_A_SECOND)
}

/// The most memory this process has held so far, in units of 10⁶ bytes; `None` where the system
/// does not say.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
