//! What `cargo xtask bench` timed: ours and other implementations of the same models, alternately, on one machine.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{ExperimentError, Machine, read_file};

/// The implementation that the others are held against.
const DIGITS: &str = "digits";

/// Results of the bench. Models and implementations stand in the order in which they were run.
///
/// ```
/// use digits::experiment::Bench;
///
/// let error = Bench::load_from("no/such/results.json").unwrap_err().to_string();
/// assert!(error.ends_with("`cargo xtask bench` makes it"), "{error}");
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Bench {
    /// The machine that it ran on.
    pub machine: Machine,
    /// The day it ran, `2026-11-21`.
    pub date: String,
    /// The command that ran it.
    pub command: String,
    /// What the machine reaches in matrix products.
    pub peak: Peak,
    models: Ordered<Ordered<Measurement>>,
    #[serde(default)]
    sweeps: Ordered<Ordered<Vec<Point>>>,
}

/// The machine's matrix-product peak in single precision, by the library that this crate multiplies with; a
/// multiplication and an addition count as two operations. Each number is the median of the bench's rounds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Peak {
    /// How many threads `all_threads_gflops` had.
    pub threads: usize,
    /// 10⁹ operations a second on one thread.
    pub one_thread_gflops: f64,
    /// 10⁹ operations a second on all threads, each with matrices of its own.
    pub all_threads_gflops: f64,
}

/// What one implementation took for one model. Each number is the median of the bench's rounds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Measurement {
    /// The implementation's version, with that of what it runs on.
    pub version: String,
    /// The model's trainable parameters.
    pub parameters: usize,
    /// Images in a batch while it trained, B.
    pub batch_size: usize,
    /// Seconds of the second epoch of 60,000 images: order, batches, both passes, optimiser, loss and accuracy.
    pub epoch_s: f64,
    /// The same of every round.
    pub epoch_s_all: Vec<f64>,
    /// Share of the test images that were right after those two epochs: 0 to 1.
    pub test_accuracy: f64,
    /// The same of every round.
    pub test_accuracy_all: Vec<f64>,
    /// 10⁹ *nominal* operations a second while training: those of the textbook's sums, however they were computed. Twice the
    /// multiply-adds of the forward pass, and of the gradients of weights and inputs, those of the images left out.
    pub gflops: f64,
    /// Milliseconds from one image in memory to its class.
    pub latency_ms: f64,
    /// Images classified in a second, 200 at a time.
    pub images_per_s: f64,
    /// The most memory that the process held, in units of 10⁶ bytes: data set, libraries and all. `None` where the system
    /// does not say.
    pub peak_mb: Option<f64>,
}

/// A point of a [`sweep`](Bench::sweep): this crate's epoch at one value of what was varied.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Point {
    /// The value: a batch size, a width, a number of threads.
    pub at: usize,
    /// Seconds of the second epoch of 60,000 images; the median of the bench's rounds.
    pub epoch_s: f64,
    /// The same of every round.
    pub epoch_s_all: Vec<f64>,
    /// 10⁹ nominal operations a second, as [`Measurement::gflops`].
    pub gflops: f64,
}

impl Bench {
    /// Reads `bench/results.json` of the repository.
    ///
    /// # Errors
    /// If there is no such file, or it does not hold a bench's results.
    pub fn load() -> Result<Self, ExperimentError> {
        Self::load_from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../bench/results.json"
        ))
    }

    /// Reads the results in the file at `path`.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_from(path: impl AsRef<Path>) -> Result<Self, ExperimentError> {
        let path: PathBuf = path.as_ref().into();
        read_file(path, "cargo xtask bench".to_owned())
    }

    /// The models' names.
    pub fn models(&self) -> Vec<&str> {
        self.models.names()
    }

    /// Who ran `model`: `digits`, `keras`, `torch` …; none if there is no such model.
    pub fn implementations(&self, model: &str) -> Vec<&str> {
        self.models.get(model).map_or(Vec::new(), Ordered::names)
    }

    /// What `implementation` took for `model`; `None` if it did not run it.
    pub fn get(&self, model: &str, implementation: &str) -> Option<&Measurement> {
        self.models.get(model)?.get(implementation)
    }

    /// How many times as long as here an epoch of `model` took `peer`: its seconds over ours. `None` if one of them did not
    /// run it.
    pub fn ratio(&self, model: &str, peer: &str) -> Option<f64> {
        Some(self.get(model, peer)?.epoch_s / self.get(model, DIGITS)?.epoch_s)
    }

    /// The fastest of `peers` at training `model`, and its [`ratio`](Self::ratio). `None` if none of them ran it.
    pub fn fastest<'a>(&self, model: &str, peers: &[&'a str]) -> Option<(&'a str, f64)> {
        let ran = peers
            .iter()
            .filter_map(|&peer| Some((peer, self.ratio(model, peer)?)));
        ran.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// How this crate's epoch grows with `varied`, one of `batch_size`, `width` and `threads`, smallest first; for `width`, the
    /// model is called `784-N-10`. Empty if that was not measured.
    pub fn sweep(&self, varied: &str, model: &str) -> &[Point] {
        let models = self.sweeps.get(varied);
        models
            .and_then(|models| models.get(model))
            .map_or(&[], Vec::as_slice)
    }
}

/// Where and when it ran, and a line for each model: seconds an epoch here, and of each peer with its ratio.
impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}: {}", self.machine, self.date, self.command)?;
        let mut peers: Vec<&str> = Vec::new();
        for model in self.models() {
            for peer in self.implementations(model) {
                if peer != DIGITS && !peers.contains(&peer) {
                    peers.push(peer);
                }
            }
        }
        write!(f, "{:<15}{DIGITS:>9}", "seconds an epoch")?;
        for peer in &peers {
            write!(f, "{peer:>18}")?;
        }
        for model in self.models() {
            write!(f, "\n{model:<16}")?;
            match self.get(model, DIGITS) {
                Some(here) => write!(f, "{:>9.3}", here.epoch_s)?,
                None => write!(f, "{:>9}", "–")?,
            }
            for peer in &peers {
                match (self.get(model, peer), self.ratio(model, peer)) {
                    (Some(there), Some(ratio)) => {
                        write!(f, "{:>9.3} ({ratio:>4.1} ×)", there.epoch_s)?;
                    }
                    (Some(there), None) => write!(f, "{:>9.3}         ", there.epoch_s)?,
                    (None, _) => write!(f, "{:>18}", "–")?,
                }
            }
        }
        Ok(())
    }
}

/// Names and what they stand for, in the file's order.
#[derive(Clone, Debug, PartialEq)]
struct Ordered<T>(Vec<(String, T)>);

impl<T> Ordered<T> {
    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value)
    }
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(InOrder(PhantomData))
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Ordered<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names and what they stand for")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Ordered(entries))
    }
}

#[cfg(test)]
mod tests;
