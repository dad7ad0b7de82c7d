//! What a model of the sources costs here: seconds an epoch, one image's latency, images a second, memory.
//!
//! ```text
//! cargo run --release -p digits --example bench -- cnn_deep
//! cargo run --release -p digits --example bench -- 784-512-10 --batch-size 64 --epochs 3 --seed 1
//! cargo run --release -p digits --example bench -- peak
//! ```
//!
//! Of the epochs, two unless told, the last counts. Its seconds hold everything that an epoch does (order of the images,
//! batches, forward and backward pass, optimiser, loss and accuracy) and nothing else: data are in memory before, and no
//! validation set is measured. `cpu_s` adds up the seconds of all threads, the measure to trust on a busy machine.
//! A line for each epoch on standard error; at the end, all of it as one line of JSON.
//!
//! `784-N-10` is a network with one hidden layer of N, a power of two from 32 to 2048; `peak` measures what this machine
//! reaches in matrix products, with the library that `digits` multiplies with.

use std::error::Error;
use std::time::Instant;

use digits::batch;
use digits::dataset::{CLASSES, Dataset, Mnist};
use digits::dfdx::prelude::*;
use digits::layers::{Dense, Flatten};
use digits::optim::{Adam, Optimizer};
use digits::raw;
use digits::train::{Classifier, FitConfig, Progress, evaluate, fit};
use recipes::{Arguments, Recipe, Task};
use serde_json::{Value, json};

mod peak;
mod recipes;

/// One hidden layer of `N`.
type Wide<const N: usize> = (Flatten<784>, (Dense<784, N>, ReLU), Dense<N, 10>);

/// Images whose latency is measured, each on its own, after some to warm up.
const SINGLE_IMAGES: usize = 300;
const WARM_UP: usize = 20;
/// Images that are looked at together when nothing is learned.
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
        println!("{}", peak::measure());
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
    println!("{}", measured?);
    Ok(())
}

fn wide<const N: usize>(bench: Bench) -> Result<Value, Box<dyn Error>> {
    let recipe = Recipe {
        batch_size: 32,
        epochs: 2,
        validation: 0.0,
    };
    let model = Cpu::seed_from_u64(bench.seed).build_module::<Wide<N>, f32>();
    bench.run(recipe, model, Adam::default())
}

impl Task for Bench {
    type Output = Result<Value, Box<dyn Error>>;

    fn run<M: Classifier>(
        self,
        recipe: Recipe,
        mut model: M,
        mut optimizer: impl Optimizer<M>,
    ) -> Self::Output {
        let mnist = Mnist::load()?;
        let batch_size = self.batch_size.map_or(recipe.batch_size, |n| n as usize);
        let mut measured = json!(null);
        for epoch in 0..self.epochs {
            let config = FitConfig::default()
                .epochs(1)
                .batch_size(batch_size)
                .seed(self.seed + epoch)
                .progress(Progress::Silent);
            let before = cpu_seconds();
            let history = fit(&mut model, &mut optimizer, &mnist.train, &config)?;
            let (seconds, cpu) = (history.epochs[0].seconds, cpu_seconds() - before);
            let test = evaluate(&model, &mnist.test);
            let name = &self.name;
            eprintln!(
                "{name}, epoch {}: {seconds:.3} s, {cpu:.2} s of all threads, test {test}",
                epoch + 1
            );
            measured = json!({
                "version": format!("digits {} on dfdx 0.13.0", env!("CARGO_PKG_VERSION")),
                "parameters": model.num_trainable_params(),
                "batch_size": batch_size,
                "epoch_s": seconds,
                "cpu_s": cpu,
                "test_accuracy": test.accuracy,
            });
        }
        measured["latency_ms"] = json!(latency_ms(&model, &mnist.test));
        measured["images_per_s"] = json!(images_per_s(&model, &mnist.test));
        measured["peak_mb"] = json!(peak_mb());
        Ok(measured)
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

/// Milliseconds from one image to its class: the median of many, each called for on its own.
fn latency_ms<M: Classifier>(model: &M, data: &Dataset) -> f64 {
    let seconds = (0..WARM_UP + SINGLE_IMAGES).map(|i| {
        let begun = Instant::now();
        std::hint::black_box(classes(model, data, &[i]));
        begun.elapsed().as_secs_f64()
    });
    1000.0 * median(seconds.collect::<Vec<_>>().split_off(WARM_UP))
}

/// Images classified in a second, [`TOGETHER`] at a time: the median of three rounds after a first one.
fn images_per_s<M: Classifier>(model: &M, data: &Dataset) -> f64 {
    let all: Vec<usize> = (0..data.len()).collect();
    let seconds = (0..4).map(|_| {
        let begun = Instant::now();
        for indices in all.chunks(TOGETHER) {
            std::hint::black_box(classes(model, data, indices));
        }
        begun.elapsed().as_secs_f64()
    });
    data.len() as f64 / median(seconds.collect::<Vec<_>>().split_off(1))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
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

/// The most memory this process has held so far, in units of 10⁶ bytes; none where the system does not say.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
