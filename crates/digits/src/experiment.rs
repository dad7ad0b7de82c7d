//! Results of an experiment → what it showed.
//!
//! What takes many seeds or many minutes is not trained in a chapter: `cargo xtask experiments` runs it, and commits
//! what every run gave, with the machine, the date and the command, to `experiments/`; `cargo xtask bench` commits what
//! it timed to `bench/results.json`. Chapters read these files.
//!
//! | file | read as |
//! |---|---|
//! | the same program in Keras and here, `experiments/cnn_deep.json` … | [`Comparison`] |
//! | one program at many settings, `experiments/scratch100.json` … | [`Survey`] |
//! | seconds, memory, operations a second, `bench/results.json` | [`Bench`] |
//!
//! ```
//! use digits::experiment::Comparison;
//!
//! let error = Comparison::load("no_such_experiment").unwrap_err().to_string();
//! assert!(error.ends_with("`cargo xtask experiments no_such_experiment` makes it"), "{error}");
//! ```

mod bench;
mod comparison;
mod survey;

use std::fmt;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use bench::{Bench, Measurement, Peak, Point};
pub use comparison::{Comparison, Run, Runs};
pub use survey::{Setting, Survey, Trial, mean, standard_error};

/// The machine that an experiment ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name for itself.
    pub cpu: String,
    /// How many of its cores were there to be used.
    pub cores: usize,
}

/// `Some CPU, 2 cores`.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores", self.cpu, self.cores)
    }
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
        write!(f, "{}, {}: {}", self.machine, self.date, self.command)
    }
}

/// Why the results of an experiment cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// There is no file, or it cannot be read.
    #[error("{}: {source}; `{command}` makes it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What makes it.
        command: String,
        /// Why not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{}: {source}; `{command}` makes it anew", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What makes it.
        command: String,
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

/// Reads the results of the experiment `name` from `<folder>/<name>.json`.
fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, ExperimentError> {
    read_file(
        folder.join(format!("{name}.json")),
        format!("cargo xtask experiments {name}"),
    )
}

/// Reads a file that `command` makes.
fn read_file<T: DeserializeOwned>(path: PathBuf, command: String) -> Result<T, ExperimentError> {
    match fs::read(&path) {
        Err(source) => Err(ExperimentError::Read {
            path,
            command,
            source,
        }),
        Ok(text) => serde_json::from_slice(&text).map_err(|source| ExperimentError::Parse {
            path,
            command,
            source,
        }),
    }
}

/// The middle of some numbers, or the mean of the middle two; NaN of none.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}
