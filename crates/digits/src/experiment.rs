//! Results of an experiment → what it showed.
//!
//! What takes many seeds or many minutes is not trained in a chapter: `cargo xtask experiments` runs it, and commits
//! what every run gave, with the machine, the date and the command, to `experiments/`. Chapters read that file.
//!
//! ```
//! use digits::experiment::Comparison;
//!
//! let error = Comparison::load("no_such_experiment").unwrap_err().to_string();
//! assert!(error.ends_with("`cargo xtask experiments no_such_experiment` makes it"), "{error}");
//! ```

mod survey;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use survey::{Setting, Survey, Trial, mean, standard_error};

use crate::train::Epoch;

/// One training of a model, from one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The libraries that trained it.
    pub version: String,
    /// The model's trainable parameters.
    pub parameters: usize,
    /// The seed.
    pub seed: u64,
    /// What each epoch gave.
    pub epochs: Vec<Epoch>,
    /// Mean cross-entropy on the test images after the last epoch, in nats.
    pub test_loss: f64,
    /// Share of the test images that were right after the last epoch: 0 to 1.
    pub test_accuracy: f64,
    /// How many processes wanted to run in the minute before (the load average): if there were any, `seconds` tell
    /// little. `None` where the system does not say.
    #[serde(default)]
    pub load: Option<f64>,
}

/// All runs of one implementation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// One for each seed.
    pub runs: Vec<Run>,
    /// Mean test accuracy.
    pub mean: f64,
    /// Standard deviation of the test accuracies, with n − 1 in the denominator.
    pub std: f64,
}

/// The machine that an experiment ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name for itself.
    pub cpu: String,
    /// How many of its cores were there to be used.
    pub cores: usize,
}

/// Which experiment it was, where and when it ran. Shown as one line: machine, date, command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The experiment's name.
    pub experiment: String,
    /// Where it ran.
    pub machine: Machine,
    /// The day it ran, `2026-11-21`.
    pub date: String,
    /// The command that ran it.
    pub command: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cpu, cores } = &self.machine;
        write!(f, "{cpu}, {cores} cores, {}: {}", self.date, self.command)
    }
}

/// The same program in Keras and here, from several seeds each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Where these results are from.
    #[serde(flatten)]
    pub origin: Origin,
    keras: Runs,
    digits: Runs,
    difference: Difference,
}

/// Difference of the mean test accuracies, ours minus Keras's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Difference {
    mean: f64,
    degrees_of_freedom: f64,
    interval_95: [f64; 2],
}

/// Why the results of an experiment cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// There is no file, or it cannot be read.
    #[error("{}: {source}; `cargo xtask experiments {name}` makes it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The experiment.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{}: {source}; `cargo xtask experiments {name}` makes it anew", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The experiment.
        name: String,
        /// Where and why not.
        source: serde_json::Error,
    },
}

/// Where the results are: the folder that `DIGITS_EXPERIMENTS` names, or `experiments` of the repository.
fn folder() -> PathBuf {
    env::var_os("DIGITS_EXPERIMENTS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments")),
        PathBuf::from,
    )
}

/// Reads `<folder>/<name>.json`.
fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, ExperimentError> {
    let path = folder.join(name).with_extension("json");
    let name = name.to_owned();
    match fs::read(&path) {
        Err(source) => Err(ExperimentError::Read { path, name, source }),
        Ok(text) => serde_json::from_slice(&text).map_err(|source| ExperimentError::Parse {
            path,
            name,
            source,
        }),
    }
}

impl Comparison {
    /// Reads the results of the experiment `name` from the folder that the environment variable `DIGITS_EXPERIMENTS`
    /// names, or from `experiments` of the repository.
    ///
    /// # Errors
    /// If there is no such file, or it does not hold a comparison.
    pub fn load(name: &str) -> Result<Self, ExperimentError> {
        Self::load_from(folder(), name)
    }

    /// Reads the results of the experiment `name` from `folder`.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_from(folder: impl AsRef<Path>, name: &str) -> Result<Self, ExperimentError> {
        read(folder.as_ref(), name)
    }

    /// Keras's runs.
    pub fn keras(&self) -> &Runs {
        &self.keras
    }

    /// The runs of this crate.
    pub fn digits(&self) -> &Runs {
        &self.digits
    }

    /// Mean test accuracy here minus Keras's.
    pub fn difference(&self) -> f64 {
        self.difference.mean
    }

    /// Welch's 95 % interval of [`difference`](Self::difference): where it holds 0, these runs do not tell the two apart.
    pub fn interval(&self) -> RangeInclusive<f64> {
        let [low, high] = self.difference.interval_95;
        low..=high
    }
}

impl Runs {
    /// The test accuracies, in the order of the runs.
    pub fn test_accuracies(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.test_accuracy).collect()
    }

    /// The median of all epochs' seconds; NaN of none. See [`Run::load`] before you quote it.
    pub fn epoch_seconds(&self) -> f64 {
        let epochs = self.runs.iter().flat_map(|run| &run.epochs);
        let mut seconds: Vec<f64> = epochs.map(|epoch| epoch.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        match seconds.len() {
            0 => f64::NAN,
            n => f64::midpoint(seconds[(n - 1) / 2], seconds[n / 2]),
        }
    }
}

/// A table of both, a line for each seed, and the difference below it.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keras, digits) = (&self.keras, &self.digits);
        let versions = keras
            .runs
            .iter()
            .chain(&digits.runs)
            .map(|run| &run.version);
        let mut versions: Vec<&String> = versions.collect();
        versions.dedup();
        for version in versions {
            writeln!(f, "{version}")?;
        }
        writeln!(f, "{}", self.origin)?;
        writeln!(f, "\ntest accuracy    Keras     here")?;
        for (keras, digits) in keras.runs.iter().zip(&digits.runs) {
            let percent = (100.0 * keras.test_accuracy, 100.0 * digits.test_accuracy);
            writeln!(
                f,
                "seed {:<9} {:>6.2} %  {:>6.2} %",
                keras.seed, percent.0, percent.1
            )?;
        }
        writeln!(
            f,
            "mean           {:>6.2} %  {:>6.2} %",
            100.0 * keras.mean,
            100.0 * digits.mean
        )?;
        writeln!(
            f,
            "deviation      {:>6.2}    {:>6.2}",
            100.0 * keras.std,
            100.0 * digits.std
        )?;
        let [low, high] = self.difference.interval_95.map(|bound| 100.0 * bound);
        write!(
            f,
            "\nhere − Keras: {:+.2} points, 95 % interval {low:+.2} to {high:+.2}",
            100.0 * self.difference.mean
        )
    }
}

#[cfg(test)]
mod tests;
