//! `cargo xtask ci`: every check of this project, one after another, with the time each took.
//!
//! A failing check does not hide the ones behind it: all run, and the last lines say which failed.
//! `.ci/run` installs what the checks need (a browser and its driver) and then calls this.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::checkout::Checkout;
use crate::process::elapsed;
use crate::tools::cargo::{self, cargo};
use crate::tools::python;

/// For how long all fuzz targets together are run.
const FUZZ_SECONDS: u64 = 30;
/// Seconds until a notebook's first output that no busy machine explains: something is compiled that need not be.
const FIRST_OUTPUT_LIMIT: &str = "60";

/// What `cargo xtask ci` can be told.
#[derive(clap::Args)]
pub struct Args {
    /// Execute every notebook in full, not only the stale ones
    #[arg(long)]
    full: bool,
    /// Run only these checks (see `--list`)
    #[arg(value_name = "CHECK")]
    only: Vec<String>,
    /// Print the checks' names and stop
    #[arg(long)]
    list: bool,
}

/// One check: its name, what it does for a reader of the log, and how.
struct Check {
    name: &'static str,
    what: &'static str,
    run: fn(&Checkout, &Args) -> Result<()>,
}

const CHECKS: [Check; 9] = [
    Check {
        name: "format",
        what: "formatting",
        run: format,
    },
    Check {
        name: "clippy",
        what: "lints, as errors",
        run: clippy,
    },
    Check {
        name: "test",
        what: "the README's test command: every listing, every unit test",
        run: test,
    },
    Check {
        name: "fuzz",
        what: "the fuzz targets, briefly",
        run: fuzz,
    },
    Check {
        name: "start",
        what: "what `cargo xtask start` sets up",
        run: start,
    },
    Check {
        name: "sharing",
        what: "a model, its data and its training step in three cells",
        run: sharing,
    },
    Check {
        name: "notebooks",
        what: "the notebooks, executed",
        run: notebooks,
    },
    Check {
        name: "book",
        what: "the book, where a missing or stale output is an error",
        run: book,
    },
    Check {
        name: "browser",
        what: "the book and a notebook in a browser",
        run: browser,
    },
];

/// Runs the checks and reports.
///
/// # Errors
/// If a check fails, or one that is asked for does not exist.
pub fn run(args: &Args) -> Result<()> {
    if args.list {
        for check in &CHECKS {
            println!("{:<10} {}", check.name, check.what);
        }
        return Ok(());
    }
    if let Some(unknown) = args
        .only
        .iter()
        .find(|name| CHECKS.iter().all(|check| check.name != **name))
    {
        bail!("there is no check {unknown:?}; `cargo xtask ci --list` names them");
    }
    let checkout = Checkout::find()?;
    let begun = Instant::now();
    let mut results = Vec::new();
    for check in &CHECKS {
        if !args.only.is_empty() && !args.only.iter().any(|name| name == check.name) {
            continue;
        }
        results.push(run_one(check, &checkout, args));
    }
    report(&results, begun.elapsed())
}

/// How a check went: its name, the seconds it took, and whether it passed.
type Outcome = (&'static str, Duration, bool);

fn run_one(check: &Check, checkout: &Checkout, args: &Args) -> Outcome {
    println!("\n==== {}: {}", check.name, check.what);
    let begun = Instant::now();
    let result = (check.run)(checkout, args);
    if let Err(error) = &result {
        println!("{error:#}");
    }
    let word = if result.is_ok() { "passed" } else { "FAILED" };
    println!("==== {} {word} in {}", check.name, elapsed(begun.elapsed()));
    (check.name, begun.elapsed(), result.is_ok())
}

fn report(results: &[Outcome], total: Duration) -> Result<()> {
    println!("\n{:<10} {:>14}", "check", "time");
    for (name, time, passed) in results {
        let word = if *passed { "" } else { "  FAILED" };
        println!("{name:<10} {:>14}{word}", elapsed(*time));
    }
    println!("{:<10} {:>14}", "all", elapsed(total));
    let failed: Vec<_> = results
        .iter()
        .filter(|(.., passed)| !passed)
        .map(|(name, ..)| *name)
        .collect();
    println!(
        "\n{} passed, {} failed",
        results.len() - failed.len(),
        failed.len()
    );
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn format(checkout: &Checkout, _: &Args) -> Result<()> {
    finish(
        Command::new(cargo())
            .current_dir(checkout.root())
            .args(["fmt", "--all", "--check"]),
    )
}

fn clippy(checkout: &Checkout, _: &Args) -> Result<()> {
    let mut command = Command::new(cargo());
    command.current_dir(checkout.root()).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    finish(&mut command)
}

fn test(checkout: &Checkout, _: &Args) -> Result<()> {
    let readme =
        fs::read_to_string(checkout.root().join("README.md")).context("cannot read README.md")?;
    let line = test_command(&readme).context("README.md names no test command")?;
    println!("$ {line}");
    let mut words = line.split_whitespace();
    words
        .next()
        .filter(|first| *first == "cargo")
        .context("the test command is not Cargo's")?;
    finish(
        Command::new(cargo())
            .current_dir(checkout.root())
            .args(words),
    )
}

/// The README's test command: the first line of a fenced block that starts with `cargo test`.
fn test_command(readme: &str) -> Option<&str> {
    let mut fenced = false;
    readme.lines().find_map(|line| {
        fenced ^= line.starts_with("```");
        let command = line.split('#').next().unwrap_or_default().trim();
        (fenced && command.starts_with("cargo test")).then_some(command)
    })
}

fn fuzz(checkout: &Checkout, _: &Args) -> Result<()> {
    cargo::CARGO_FUZZ.install(checkout)?;
    let package = checkout.root().join("crates/digits");
    let targets = stems(&package.join("fuzz/fuzz_targets"), "rs")?;
    if targets.is_empty() {
        bail!(
            "there is no fuzz target in {}",
            package.join("fuzz/fuzz_targets").display()
        );
    }
    for target in &targets {
        let seconds = FUZZ_SECONDS / targets.len() as u64;
        let mut command = Command::new(checkout.program("cargo-fuzz"));
        command
            .current_dir(&package)
            .args(["fuzz", "run", target, "--sanitizer", "none", "--"])
            .arg(format!("-max_total_time={seconds}"));
        finish(&mut command)?;
    }
    Ok(())
}

fn start(checkout: &Checkout, _: &Args) -> Result<()> {
    finish(ourselves(checkout)?.args(["start", "--no-serve"]))?;
    // How long a reader waits after a later start. The promise is ten seconds on an idle machine of two cores.
    let mut first_output = python::command(checkout, "python");
    first_output
        .current_dir(checkout.my_notebooks())
        .arg(checkout.root().join("crates/xtask/first_output.py"))
        .args(["--limit", FIRST_OUTPUT_LIMIT]);
    finish(&mut first_output)
}

fn sharing(_: &Checkout, _: &Args) -> Result<()> {
    crate::sharing::run()
}

fn notebooks(checkout: &Checkout, args: &Args) -> Result<()> {
    let mut command = ourselves(checkout)?;
    command.args(["notebooks", "--check"]);
    if args.full {
        command.arg("--all");
    }
    finish(&mut command)
}

fn book(checkout: &Checkout, _: &Args) -> Result<()> {
    cargo::MDBOOK.install(checkout)?;
    let mut command = Command::new(checkout.program("mdbook"));
    command
        .current_dir(checkout.root())
        .env("DIGITS_STRICT", "1")
        .args(["build", "book"]);
    finish(&mut command)
}

fn browser(checkout: &Checkout, _: &Args) -> Result<()> {
    finish(
        Command::new("node")
            .current_dir(checkout.root())
            .arg(".ci/browser/check.mjs"),
    )
}

/// This program again, in a process of its own.
fn ourselves(checkout: &Checkout) -> Result<Command> {
    let mut command = Command::new(env::current_exe().context("cannot find this program's file")?);
    command.current_dir(checkout.root());
    Ok(command)
}

/// Runs a command whose output goes where ours goes.
fn finish(command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(OsStr::new("?"))
        .to_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", name.display()))?;
    if status.success() {
        return Ok(());
    }
    bail!("{} failed ({status})", name.display())
}

/// The names, without their ending, of a folder's files with that ending.
fn stems(folder: &Path, ending: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path: PathBuf = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_names_the_test_command() {
        let readme = include_str!("../../../README.md");
        assert_eq!(test_command(readme), Some("cargo test"));
    }

    #[test]
    fn a_test_command_outside_a_fence_is_prose() {
        assert_eq!(
            test_command("cargo test --prose\n```sh\ncargo test --workspace  # all\n```\n"),
            Some("cargo test --workspace")
        );
    }

    #[test]
    fn one_failed_check_fails_the_whole() {
        let second = Duration::from_secs(1);
        assert!(report(&[("a", second, true), ("b", second, true)], second).is_ok());
        let error = report(&[("a", second, true), ("b", second, false)], second).unwrap_err();
        assert_eq!(error.to_string(), "failed: b");
    }
}
