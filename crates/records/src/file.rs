//! Finding and reading the files.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::de::DeserializeOwned;

/// Why the results of an experiment or of the bench cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// The file does not exist or cannot be read.
    #[error("{}: {source}; `{command}` makes it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The command that makes the file.
        command: String,
        /// What the operating system reported.
        source: io::Error,
    },
    /// The file does not hold results of the expected type.
    #[error("{}: {source}; `{command}` makes it anew", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The command that makes the file.
        command: String,
        /// The line and column of the problem, and what was expected there.
        source: serde_json::Error,
    },
}

/// The folder of the results: the one that the environment variable `DIGITS_EXPERIMENTS` names, or
/// else `experiments` of the repository.
pub(crate) fn folder() -> PathBuf {
    env::var_os("DIGITS_EXPERIMENTS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments")),
        PathBuf::from,
    )
}

/// Reads the results of the experiment `name` from `<folder>/<name>.json`.
pub(crate) fn read_experiment<T: DeserializeOwned>(
    folder: &Path,
    name: &str,
) -> Result<T, ExperimentError> {
    read(
        folder.join(format!("{name}.json")),
        format!("cargo xtask experiments {name}"),
    )
}

/// Reads the file at `path`. An error names `command` as the one that makes the file.
pub(crate) fn read<T: DeserializeOwned>(
    path: PathBuf,
    command: String,
) -> Result<T, ExperimentError> {
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
