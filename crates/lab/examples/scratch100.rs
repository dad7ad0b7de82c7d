//! Source S3's network, 784-100-10 by hand, and a linear classifier beside it: ten epochs of
//! gradient descent at many settings, all from one seed. Progress on standard error; the results
//! are printed as one line of JSON.
//!
//! ```text
//! cargo run --release -p lab --example scratch100 -- --seed 1
//! ```
//!
//! Batch sizes and learning rates are powers of ten and the source's own batch of 32, chosen before
//! any was run.

use std::error::Error;
use std::time::Instant;

use digits::batch::shuffled;
use digits::dataset::{Dataset, Mnist, PIXELS};
use digits::experiment::{Setting, Trial};
use digits::kernels::thread_pool::{self, MAX_PARTS};
use digits::models::by_hand::{Mlp, Start};

const EPOCHS: u64 = 10;
const BATCHES: [usize; 5] = [10, 32, 100, 1_000, 60_000];
const RATES: [f32; 4] = [0.001, 0.01, 0.1, 1.0];

/// What is trained, and how.
struct Task {
    name: String,
    sizes: &'static [usize],
    start: Start,
    batch: usize,
    rate: f32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let seed: u64 = match (given.next().as_deref(), given.next()) {
        (Some("--seed"), Some(seed)) => seed.parse()?,
        _ => return Err("--seed N is needed".into()),
    };
    let mnist = Mnist::load()?;
    let (train, test) = (scaled(&mnist.train), scaled(&mnist.test));
    let (train, test) = (
        (&train[..], mnist.train.labels()),
        (&test[..], mnist.test.labels()),
    );
    let tasks = tasks();
    let parts = tasks.chunks(tasks.len().div_ceil(MAX_PARTS));
    let settings = thread_pool::map(parts, |_, tasks| {
        let settings = tasks.iter().map(|task| {
            let trial = trial(task, seed, train, test);
            eprintln!(
                "seed {seed}, {}: {:.2} %, {:.1} s",
                task.name,
                100.0 * trial.test_accuracy,
                trial.seconds
            );
            Setting {
                name: task.name.clone(),
                trials: vec![trial],
            }
        });
        settings.collect::<Vec<_>>()
    });
    let settings: Vec<Setting> = settings.into_iter().flatten().collect();
    println!("{}", serde_json::to_string(&settings)?);
    Ok(())
}

/// Both models at every batch and rate, then the network's two other starts at the source's batch.
fn tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    let hidden: (&'static str, &'static [usize]) = ("784-100-10", &[784, 100, 10]);
    let mut add = |(model, sizes): (&str, &'static [usize]), start, words: &str, batch, rate| {
        let name = format!("{model}{words}, batch {batch}, rate {rate}");
        tasks.push(Task {
            name,
            sizes,
            start,
            batch,
            rate,
        });
    };
    for batch in BATCHES {
        for rate in RATES {
            add(hidden, Start::He, "", batch, rate);
            add(("784-10", &[784, 10]), Start::Zero, "", batch, rate);
        }
    }
    for rate in RATES {
        add(hidden, Start::Glorot, " from Glorot's start", 32, rate);
        add(hidden, Start::Plain, " from −1 to 1", 32, rate);
    }
    tasks
}

type Images<'a> = (&'a [f32], &'a [u8]);

fn scaled(data: &Dataset) -> Vec<f32> {
    data.pixels()
        .iter()
        .map(|&pixel| f32::from(pixel) / 255.0)
        .collect()
}

fn trial(task: &Task, seed: u64, (train, labels): Images<'_>, test: Images<'_>) -> Trial {
    let begun = Instant::now();
    let mut network = Mlp::new(task.sizes, task.start, seed);
    let mut losses = Vec::new();
    for epoch in 0..EPOCHS {
        let mut loss = 0.0;
        for indices in shuffled(labels.len(), seed, epoch).chunks(task.batch) {
            let x: Vec<f32> = indices
                .iter()
                .flat_map(|i| &train[i * PIXELS..][..PIXELS])
                .copied()
                .collect();
            let y: Vec<u8> = indices.iter().map(|&i| labels[i]).collect();
            loss += f64::from(network.step(&x, &y, task.rate)) * indices.len() as f64;
        }
        if !loss.is_finite() {
            break;
        }
        losses.push(loss / labels.len() as f64);
    }
    Trial {
        seed,
        losses,
        train_accuracy: accuracy(&network, (train, labels)),
        test_accuracy: accuracy(&network, test),
        seconds: begun.elapsed().as_secs_f64(),
    }
}

fn accuracy(network: &Mlp, (images, labels): Images<'_>) -> f64 {
    let batches = images
        .chunks(1_000 * PIXELS)
        .flat_map(|x| network.classes(x));
    let right = batches
        .zip(labels)
        .filter(|(class, label)| class == *label)
        .count();
    right as f64 / labels.len() as f64
}
