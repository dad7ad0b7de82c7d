//! What candle and burn take for a model of the sources: as `bench/torch/run.py`, one line of JSON.
//!
//! ```text
//! RUSTFLAGS="-C target-cpu=native" cargo run --release -- burn cnn_deep --seed 1
//! ```
//!
//! The second of two epochs counts: order of the images, batches, forward and backward pass, optimiser, loss and accuracy. Data
//! are in memory as tensors before; weights start as Keras's do.

mod burn;
mod candle;
mod mnist;

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use mnist::Part;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;

/// Images in a batch while it trains.
const BATCH: usize = 32;
/// Images that are looked at together when nothing is learned.
const TOGETHER: usize = 200;
/// Images whose latency is measured, each on its own, after some to warm up.
const SINGLE_IMAGES: usize = 300;
const WARM_UP: usize = 20;

/// A model with its optimiser, and the data that it learns from and is tested on.
trait Network {
    /// Library and version.
    fn version(&self) -> String;
    /// Trainable parameters.
    fn parameters(&self) -> usize;
    /// One step on the training images at `indices`: their mean loss, and how many were right.
    fn learn(&mut self, indices: &[u32]) -> Result<(f64, usize)>;
    /// Tells that nothing more is learned.
    fn is_trained(&mut self) {}
    /// The classes of `count` test images from `first` on.
    fn classify(&self, first: usize, count: usize) -> Result<Vec<u8>>;
}

fn main() -> Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [library, model, flag, seed] = given.as_slice() else {
        bail!("expected `candle` or `burn`, a model, and --seed N; found {given:?}");
    };
    ensure!(flag == "--seed", "expected --seed N, found {flag}");
    let seed: u64 = seed.parse().context("--seed needs a whole number")?;
    let (train, test) = mnist::load()?;
    let mut network: Box<dyn Network> = match library.as_str() {
        "candle" => candle::network(model, &train, &test)?,
        "burn" => burn::network(model, seed, &train, &test)?,
        _ => bail!("expected `candle` or `burn`, found {library}"),
    };
    let (mut order, mut epoch_s) = (StdRng::seed_from_u64(seed), f64::NAN);
    for epoch in 1..=2 {
        let begun = Instant::now();
        let (loss, accuracy) = self::epoch(network.as_mut(), train.labels.len(), &mut order)?;
        epoch_s = begun.elapsed().as_secs_f64();
        eprintln!("epoch {epoch}: {epoch_s:.3} s, loss {loss:.4}, accuracy {accuracy:.4}");
    }
    network.is_trained();
    let measured = json!({
        "version": network.version(),
        "parameters": network.parameters(),
        "epoch_s": epoch_s,
        "test_accuracy": test_accuracy(network.as_ref(), &test)?,
        "latency_ms": latency_ms(network.as_ref())?,
        "images_per_s": images_per_s(network.as_ref(), test.labels.len())?,
        "peak_mb": peak_mb(),
    });
    println!("{measured}");
    Ok(())
}

/// One pass over all images in a new order: mean loss and accuracy while learning.
fn epoch(network: &mut dyn Network, images: usize, rng: &mut StdRng) -> Result<(f64, f64)> {
    let mut order: Vec<u32> = (0..images as u32).collect();
    order.shuffle(rng);
    let (mut loss_sum, mut right) = (0.0, 0);
    for indices in order.chunks(BATCH) {
        let (loss, hits) = network.learn(indices)?;
        loss_sum += loss * indices.len() as f64;
        right += hits;
    }
    Ok((loss_sum / images as f64, right as f64 / images as f64))
}

fn test_accuracy(network: &dyn Network, test: &Part) -> Result<f64> {
    let mut right = 0;
    for (i, labels) in test.labels.chunks(TOGETHER).enumerate() {
        let classes = network.classify(i * TOGETHER, labels.len())?;
        right += classes.iter().zip(labels).filter(|(a, b)| a == b).count();
    }
    Ok(right as f64 / test.labels.len() as f64)
}

/// Milliseconds from one image in memory to its class: the median of many, each called for on its own.
fn latency_ms(network: &dyn Network) -> Result<f64> {
    let mut seconds = Vec::new();
    for i in 0..WARM_UP + SINGLE_IMAGES {
        let begun = Instant::now();
        network.classify(i, 1)?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    Ok(1000.0 * median(seconds.split_off(WARM_UP)))
}

/// Images classified in a second, [`TOGETHER`] at a time: the median of three rounds after a first one.
fn images_per_s(network: &dyn Network, images: usize) -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..4 {
        let begun = Instant::now();
        for first in (0..images).step_by(TOGETHER) {
            network.classify(first, TOGETHER.min(images - first))?;
        }
        seconds.push(begun.elapsed().as_secs_f64());
    }
    Ok(images as f64 / median(seconds.split_off(1)))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

/// The most memory this process has held so far, in units of 10⁶ bytes; none where the system does not say.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
