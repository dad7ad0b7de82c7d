//! What `cargo xtask bench` measured: this crate and other implementations of the same models,
//! alternately, on one machine.

mod measurement;
mod table;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ordered::Ordered;
use crate::{ExperimentError, Machine, file, layout};

pub use measurement::{BenchRun, Measurement, Peak, Point};

/// The implementation that the others are compared with.
const DIGITS: &str = "digits";

/// Results of the bench. Models and implementations stand in the order in which they were run.
///
/// ```
/// use records::Bench;
///
/// let error = Bench::load_from("no/such/results.json").unwrap_err().to_string();
/// assert!(error.ends_with("`cargo xtask bench` makes it"), "{error}");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// The machine that it ran on.
    pub machine: Machine,
    /// The day on which it ran, in UTC: `2026-11-21`.
    pub date: String,
    /// The command that ran it.
    pub command: String,
    /// The peak of the machine in matrix products.
    pub peak: Peak,
    models: Ordered<Ordered<Measurement>>,
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    sweeps: Ordered<Ordered<Vec<Point>>>,
}

impl Bench {
    /// Results without any model.
    pub fn new(machine: Machine, date: String, command: String, peak: Peak) -> Self {
        Self {
            machine,
            date,
            command,
            peak,
            models: Ordered::default(),
            sweeps: Ordered::default(),
        }
    }

    /// Adds the measurement of `implementation` on `model`, after those that are there.
    pub fn push(&mut self, model: &str, implementation: &str, measured: Measurement) {
        let implementations = &mut self.models.entry(model).0;
        implementations.push((implementation.to_owned(), measured));
    }

    /// Adds a point to the [`sweep`](Self::sweep) of `varied` for `model`, after those that are
    /// there.
    pub fn push_point(&mut self, varied: &str, model: &str, point: Point) {
        self.sweeps.entry(varied).entry(model).push(point);
    }

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
        file::read(path, "cargo xtask bench".to_owned())
    }

    /// The text of the file.
    ///
    /// # Errors
    /// If the results cannot be written as JSON.
    pub fn to_text(&self) -> serde_json::Result<String> {
        layout::text(self)
    }

    /// The models' names.
    pub fn models(&self) -> Vec<&str> {
        self.models.names()
    }

    /// The implementations that ran `model`: `digits`, `keras`, `torch` …; empty if there is no
    /// such model.
    pub fn implementations(&self, model: &str) -> Vec<&str> {
        self.models.get(model).map_or(Vec::new(), Ordered::names)
    }

    /// The implementations other than this crate that ran any model, in the order of the file.
    pub fn peers(&self) -> Vec<&str> {
        let mut peers: Vec<&str> = Vec::new();
        for model in self.models() {
            for peer in self.implementations(model) {
                if peer != DIGITS && !peers.contains(&peer) {
                    peers.push(peer);
                }
            }
        }
        peers
    }

    /// What `implementation` took for `model`; `None` if it did not run it.
    pub fn get(&self, model: &str, implementation: &str) -> Option<&Measurement> {
        self.models.get(model)?.get(implementation)
    }

    /// The seconds of an epoch of `model` in `peer`, over those here: how many times as long it
    /// takes. `None` if one of the two did not run it.
    pub fn ratio(&self, model: &str, peer: &str) -> Option<f64> {
        Some(self.get(model, peer)?.epoch_s / self.get(model, DIGITS)?.epoch_s)
    }

    /// The one of `peers` that trains `model` fastest, and its [`ratio`](Self::ratio). `None` if
    /// none of them ran it.
    pub fn fastest<'a>(&self, model: &str, peers: &[&'a str]) -> Option<(&'a str, f64)> {
        let ran = peers
            .iter()
            .filter_map(|&peer| Some((peer, self.ratio(model, peer)?)));
        ran.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// This crate's epoch at each value of `varied`, which is one of `batch_size`, `width` and
    /// `threads`, smallest value first; for `width`, the model is called `784-N-10`. Empty if that
    /// was not measured.
    pub fn sweep(&self, varied: &str, model: &str) -> &[Point] {
        let models = self.sweeps.get(varied);
        models
            .and_then(|models| models.get(model))
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests;
