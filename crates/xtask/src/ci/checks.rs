//! What each check runs.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Args;
use xtask::checkout::Checkout;
use xtask::tools::cargo::{self, cargo};
use xtask::tools::python;

/// For how long all fuzz targets together are run.
const FUZZ_SECONDS: u64 = 30;
/// Seconds until a notebook's first output that no busy machine explains: something is compiled
/// that need not be.
const FIRST_OUTPUT_LIMIT: &str = "60";

pub(super) fn format(checkout: &Checkout, _: &Args) -> Result<()> {
    finish(
        Command::new(cargo())
            .current_dir(checkout.root())
            .args(["fmt", "--all", "--check"]),
    )
}

pub(super) fn clippy(checkout: &Checkout, _: &Args) -> Result<()> {
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

pub(super) fn test(checkout: &Checkout, _: &Args) -> Result<()> {
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

pub(super) fn flips(_: &Checkout, args: &Args) -> Result<()> {
    if !args.full && args.only.is_empty() {
        println!(
            "left out, because it takes minutes: `cargo xtask ci --full` does it, or `cargo xtask flips`"
        );
        return Ok(());
    }
    crate::flips::run(&crate::flips::Args::default())
}

pub(super) fn fuzz(checkout: &Checkout, _: &Args) -> Result<()> {
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

pub(super) fn start(checkout: &Checkout, _: &Args) -> Result<()> {
    finish(ourselves(checkout)?.args(["start", "--no-serve"]))?;
    // How long a reader waits after a later start. The promise is ten seconds on an idle machine of
    // two cores.
    let mut first_output = python::command(checkout, "python");
    first_output
        .current_dir(checkout.my_notebooks())
        .arg(checkout.root().join("crates/xtask/first_output.py"))
        .args(["--limit", FIRST_OUTPUT_LIMIT]);
    finish(&mut first_output)
}

pub(super) fn sharing(_: &Checkout, _: &Args) -> Result<()> {
    crate::sharing::run()
}

pub(super) fn notebooks(checkout: &Checkout, args: &Args) -> Result<()> {
    let mut command = ourselves(checkout)?;
    command.args(["notebooks", "--check"]);
    if args.full {
        command.arg("--all");
    }
    finish(&mut command)
}

pub(super) fn book(checkout: &Checkout, _: &Args) -> Result<()> {
    cargo::MDBOOK.install(checkout)?;
    let mut command = Command::new(checkout.program("mdbook"));
    command
        .current_dir(checkout.root())
        .env("DIGITS_STRICT", "1")
        .args(["build", "book"]);
    finish(&mut command)
}

pub(super) fn browser(checkout: &Checkout, _: &Args) -> Result<()> {
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
        let readme = include_str!("../../../../README.md");
        assert_eq!(test_command(readme), Some("cargo test"));
    }

    #[test]
    fn a_test_command_outside_a_fence_is_prose() {
        assert_eq!(
            test_command("cargo test --prose\n```sh\ncargo test --workspace  # all\n```\n"),
            Some("cargo test --workspace")
        );
    }
}
