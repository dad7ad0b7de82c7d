//! Executes a notebook in Jupyter, by `run_notebook.py`, and reads its report.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::checkout::{self, Checkout};
use crate::tools::python;

/// The notebook to run, and its limits of time.
pub struct Job<'a> {
    /// The name of the files that pass it to Python.
    pub name: &'a str,
    /// The notebook's text.
    pub notebook: String,
    /// Where the kernel runs: paths in cells begin here.
    pub folder: PathBuf,
    /// Seconds that a cell may take.
    pub cell_limit: u32,
    /// Seconds that the whole may take.
    pub limit: u32,
    /// The run mode of training in the cells: `full` or `quick`.
    pub run_mode: &'static str,
}

/// The report of a run.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// The report of each cell, up to the one that failed.
    pub cells: BTreeMap<String, Ran>,
    /// The processor it ran on.
    pub machine: String,
    /// The cell that failed.
    pub failure: Option<Failure>,
}

/// The report of a cell.
#[derive(Debug, Deserialize)]
pub struct Ran {
    /// The outputs, as Jupyter stores them.
    pub outputs: Vec<Value>,
    /// The seconds that it took.
    pub seconds: f64,
}

/// A cell that failed: it panicked, did not compile, took too long; or compiled and should not
/// have.
#[derive(Debug, Deserialize)]
pub struct Failure {
    /// Its id.
    pub cell: String,
    /// The error's message.
    pub error: String,
}

/// Executes a notebook.
///
/// # Errors
/// Python does not start, or ends without a report. A cell's failure is no error: it stands in the
/// report.
pub fn execute(checkout: &Checkout, job: &Job<'_>) -> Result<Report> {
    let folder = checkout.root().join("target/notebooks");
    let file = |ending: &str| folder.join(format!("{}.{ending}", job.name));
    let (given, report) = (file("ipynb"), file("json"));
    checkout::write(&given, &job.notebook)?;
    let _ = fs::remove_file(&report);
    let status = python::command(checkout, "python")
        .arg(checkout.root().join("crates/xtask/run_notebook.py"))
        .args([&given, &report])
        .arg("--folder")
        .arg(&job.folder)
        .args(["--cell", &job.cell_limit.to_string()])
        .args(["--whole", &job.limit.to_string()])
        .env("DIGITS_RUN_MODE", job.run_mode)
        .status()
        .context("cannot start .tools/python: run `cargo xtask start --no-serve` first")?;
    let text = fs::read_to_string(&report).with_context(|| {
        format!(
            "{}: the run ended ({status}) without a report; its messages stand above",
            job.name
        )
    })?;
    parse(&text, &report)
}

fn parse(text: &str, path: &Path) -> Result<Report> {
    serde_json::from_str(text).with_context(|| format!("{} is damaged", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_may_hold_a_failure_or_none() {
        let path = Path::new("report.json");
        let good = r#"{"cells":{"a":{"outputs":[],"seconds":1.5}},"machine":"m","failure":null,"now":"a"}"#;
        assert!(parse(good, path).unwrap().failure.is_none());
        let bad = r#"{"cells":{},"machine":"m","failure":{"cell":"a","error":"no"},"now":"a"}"#;
        assert_eq!(parse(bad, path).unwrap().failure.unwrap().cell, "a");
        assert!(
            parse("{", path)
                .unwrap_err()
                .to_string()
                .contains("report.json is damaged")
        );
    }
}
