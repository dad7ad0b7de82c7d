//! Executes a notebook in Jupyter with `run_notebook.py`, and reads the report.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::checkout::{self, Checkout};
use crate::tools::python;

/// A notebook to be executed, with its time limits.
pub struct Job<'a> {
    /// The name of the temporary files.
    pub name: &'a str,
    /// The notebook, as JSON.
    pub notebook: String,
    /// The current folder of the kernel, to which paths in cells are relative.
    pub folder: PathBuf,
    /// The time limit of a cell, in seconds.
    pub cell_limit: u32,
    /// The time limit of the whole notebook, in seconds.
    pub limit: u32,
    /// `full` or `quick`: the scale of training in the cells.
    pub scale: &'static str,
}

/// The result of executing a notebook.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// The result of each cell by its id, up to the one that failed.
    pub cells: BTreeMap<String, Ran>,
    /// The name of the processor.
    pub machine: String,
    /// The cell that failed; `None` if all succeeded.
    pub failure: Option<Failure>,
}

/// The result of a cell.
#[derive(Debug, Deserialize)]
pub struct Ran {
    /// The outputs, in Jupyter's format.
    pub outputs: Vec<Value>,
    /// The time it took, in seconds.
    pub seconds: f64,
}

/// A failed cell: it panicked, did not compile, exceeded its time limit, or compiled although it
/// should not.
#[derive(Debug, Deserialize)]
pub struct Failure {
    /// The id of the cell.
    pub cell: String,
    /// The error message.
    pub error: String,
}

/// Executes a notebook.
///
/// # Errors
/// If Python does not start, or ends without a report. The failure of a cell is not an error; it is
/// part of the report.
pub fn execute(checkout: &Checkout, job: &Job<'_>) -> Result<Report> {
    let desk = checkout.root().join("target/notebooks");
    let file = |ending: &str| desk.join(format!("{}.{ending}", job.name));
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
        .env("DIGITS_SCALE", job.scale)
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
    fn a_report_with_or_without_a_failure_is_parsed() {
        let path = Path::new("report.json");
        let good = r#"{"cells":{"a":{"outputs":[],"seconds":1.5}},
                      "machine":"m","failure":null,"now":"a"}"#;
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
