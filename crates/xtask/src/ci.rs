//! `cargo xtask ci`: every check of this project, one after another, with the time each took.
//!
//! A failing check does not hide the ones after it: all run, and the last lines say which failed.
//! `.ci/run` installs what the checks need (a browser and its driver) and then calls this.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use xtask::checkout::Checkout;
use xtask::process::elapsed;

mod checks;

/// The arguments of `cargo xtask ci`.
#[derive(clap::Args)]
pub struct Args {
    /// Execute every notebook in full, not only the stale ones, and flip every formula's sign
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

const CHECKS: [Check; 10] = [
    Check {
        name: "format",
        what: "formatting",
        run: checks::format,
    },
    Check {
        name: "clippy",
        what: "lints, as errors",
        run: checks::clippy,
    },
    Check {
        name: "test",
        what: "the README's test command: every listing, every unit test",
        run: checks::test,
    },
    Check {
        name: "flips",
        what: "a wrong sign in each formula is noticed by its listing",
        run: checks::flips,
    },
    Check {
        name: "fuzz",
        what: "the fuzz targets, briefly",
        run: checks::fuzz,
    },
    Check {
        name: "start",
        what: "what `cargo xtask start` sets up",
        run: checks::start,
    },
    Check {
        name: "sharing",
        what: "a model, its data and its training step in three cells",
        run: checks::sharing,
    },
    Check {
        name: "notebooks",
        what: "the notebooks, executed",
        run: checks::notebooks,
    },
    Check {
        name: "book",
        what: "the book, where a missing or stale output is an error",
        run: checks::book,
    },
    Check {
        name: "browser",
        what: "the book and a notebook in a browser",
        run: checks::browser,
    },
];

/// Runs the checks and reports.
///
/// # Errors
/// If a check fails, or a named check does not exist.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_check_fails_the_whole() {
        let second = Duration::from_secs(1);
        assert!(report(&[("a", second, true), ("b", second, true)], second).is_ok());
        let error = report(&[("a", second, true), ("b", second, false)], second).unwrap_err();
        assert_eq!(error.to_string(), "failed: b");
    }
}
