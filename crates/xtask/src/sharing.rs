//! `cargo xtask sharing`: the same code gives the same bits as one program and as cells of a
//! notebook, and no longer does when `digits` is not a `dylib`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use chapters::sources::LINKED_CRATES;
use serde_json::{Value, json};

use xtask::checkout::{self, Checkout};
use xtask::tools::runner::{self, Job};
use xtask::tools::{cargo, kernel};

/// The program; a line `// cell` begins each cell.
const PROGRAM: &str = "crates/listings/examples/sharing.rs";
const SECONDS: u32 = 1200;
/// The line of the manifest of `digits` that lets the cells share it.
const DYLIB: &str = "crate-type = [\"lib\", \"dylib\"]";
/// A cell whose error message arrives after Jupyter has been told that the cell is done.
const LATE: &str = r#"std::thread::spawn(|| {
    std::thread::sleep(std::time::Duration::from_millis(100));
    eprintln!("too late");
});"#;

/// Runs the program and both notebooks, and compares.
///
/// # Errors
/// The notebook prints other bits than the program; or it still works without the `dylib`, so that
/// this check would no longer show anything; or one of them cannot be run.
pub fn run() -> Result<()> {
    let checkout = Checkout::find()?;
    kernel::ensure(&checkout)?;
    let program = as_program(&checkout)?;
    ensure!(
        program.lines().count() == 6,
        "{PROGRAM} should print six lines, and printed:\n{program}"
    );
    let cells = cells(&fs::read_to_string(checkout.root().join(PROGRAM))?)?;

    let shared = as_notebook(&checkout, checkout.notebooks(), &cells)?
        .map_err(|error| anyhow::anyhow!("the notebook failed:\n{error}"))?;
    ensure!(
        shared == program,
        "as a notebook it printed\n{shared}as one program\n{program}"
    );
    println!("one program and four cells print the same bits:\n{program}");

    match as_notebook(&checkout, without_dylib(&checkout)?, &cells)? {
        Ok(separate) if separate == program => bail!(
            "without the dylib the notebook printed the same bits: the cells share dfdx in another way now, \
             and this check shows nothing"
        ),
        Ok(separate) => println!("without the dylib the cells print other bits:\n{separate}"),
        Err(error) => println!(
            "without the dylib the cells fail, as expected: {}",
            beginning(&error)
        ),
    }
    fails(&checkout, "assert_eq!(a, 2, \"as meant\");", "as meant")?;
    println!("a cell that panics is taken for a failure");
    fails(&checkout, "\"one\".parse::<i32>()?;", "invalid digit")?;
    println!("a cell that `?` leaves with an error is taken for a failure");
    fails(&checkout, LATE, "too late")?;
    println!("what a cell writes when it is over is taken for a failure");
    Ok(())
}

/// The error without its backtrace.
fn beginning(error: &str) -> String {
    let lines = error.lines().filter(|line| !line.trim().is_empty());
    lines.take(2).collect::<Vec<_>>().join(" ")
}

fn as_program(checkout: &Checkout) -> Result<String> {
    let output = std::process::Command::new(cargo::cargo())
        .current_dir(checkout.root())
        .args([
            "run",
            "--quiet",
            "--package",
            "listings",
            "--example",
            "sharing",
        ])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "{PROGRAM} failed ({})",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The bodies of the cells, without the last one's `Ok(())` and the closing brace.
fn cells(program: &str) -> Result<Vec<String>> {
    let body = program
        .trim_end()
        .strip_suffix("    Ok(())\n}")
        .with_context(|| format!("{PROGRAM} should end in `Ok(())` and a brace"))?;
    Ok(body
        .split("    // cell\n")
        .skip(1)
        .map(str::to_owned)
        .collect())
}

/// What the cells print when they run in `folder`, whose neighbour `../crates/digits` they depend
/// on; or the error.
fn as_notebook(
    checkout: &Checkout,
    folder: PathBuf,
    cells: &[String],
) -> Result<Result<String, String>> {
    let job = Job {
        name: "sharing",
        notebook: notebook(cells).to_string(),
        folder,
        cell_limit: SECONDS,
        limit: SECONDS,
        run_mode: "quick",
    };
    let report = runner::execute(checkout, &job)?;
    if let Some(failure) = report.failure {
        return Ok(Err(failure.error));
    }
    let outputs = report.cells.values().flat_map(|cell| &cell.outputs);
    Ok(Ok(outputs
        .filter(|output| output["output_type"] == "stream" && output["name"] == "stdout")
        .map(|output| chapters::notebook::joined(&output["text"]))
        .collect()))
}

/// A cell that panics, or ends in an error, keeps its kernel alive, and evcxr tells of it on stderr
/// only: the runner must take it for a failure, and say `why`.
fn fails(checkout: &Checkout, cell: &str, why: &str) -> Result<()> {
    let cells = ["let a = 1;", cell].map(str::to_owned);
    match as_notebook(checkout, checkout.notebooks(), &cells)? {
        Err(error) if error.contains(why) => Ok(()),
        Err(error) => bail!("the cell `{cell}` was reported as\n{error}"),
        Ok(_) => bail!("the cell `{cell}` failed, and the run took it for a success"),
    }
}

fn notebook(cells: &[String]) -> Value {
    let set_up = ":dep digits = { path = \"../crates/digits\" }".to_owned();
    let code = |(i, source): (usize, &String)| {
        json!({ "cell_type": "code", "id": format!("cell-{i}"), "source": source,
                "metadata": {}, "outputs": [], "execution_count": null })
    };
    let cells: Vec<Value> = std::iter::once(&set_up)
        .chain(cells)
        .enumerate()
        .map(code)
        .collect();
    json!({ "cells": cells, "nbformat": 4, "nbformat_minor": 5,
            "metadata": { "kernelspec": { "name": "rust", "display_name": "Rust", "language": "rust" } } })
}

/// A folder beside copies of our crates, where the `crate-type` of `digits` lacks `dylib`.
fn without_dylib(checkout: &Checkout) -> Result<PathBuf> {
    let place = checkout.tools().join("without-dylib");
    let crates = place.join("crates");
    let _ = fs::remove_dir_all(&crates);
    for name in LINKED_CRATES {
        let (from, to) = (checkout.root().join("crates").join(name), crates.join(name));
        checkout::copy(&from.join("src"), &to.join("src"), &[])?;
        let manifest = fs::read_to_string(from.join("Cargo.toml"))?;
        let altered = manifest
            .replace(DYLIB, "crate-type = [\"lib\"]")
            .replace("[lints]\nworkspace = true\n", "");
        ensure!(
            *name != "digits" || manifest.contains(DYLIB),
            "the manifest of digits names its crate-type in another way now"
        );
        checkout::write(&to.join("Cargo.toml"), altered)?;
    }
    let folder = place.join("notebooks");
    fs::create_dir_all(&folder)?;
    // Its kernels begin with what set-up compiled for the checkout's: all crates but this one are
    // the same.
    let builds = kernel::builds_beside(checkout, &place)?;
    fs::create_dir_all(&builds)?;
    let seed = builds.join("seed");
    if !seed.exists() {
        let _ = fs::remove_file(&seed);
        std::os::unix::fs::symlink(kernel::builds(checkout)?.join("seed"), &seed)
            .with_context(|| format!("cannot link {}", seed.display()))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_cut_at_its_cell_lines() {
        let program =
            "fn main() {\n    // cell\n    let a = 1;\n    // cell\n    b(a);\n    Ok(())\n}\n";
        assert_eq!(cells(program).unwrap(), ["    let a = 1;\n", "    b(a);\n"]);
    }
}
