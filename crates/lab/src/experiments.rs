//! `cargo xtask experiments`: what takes many seeds or many minutes, run for real, its results a
//! committed file.
//!
//! A *comparison* trains one of the sources' models in Keras (`bench/keras/run.py`) and here (the
//! example `model`), each as a process of its own, in turn, from the same seeds.
//! `experiments/<model>.json` gets every run, the machine, the date, the command and the
//! difference.
//!
//! The others are *surveys*: the example of that name runs one program at many settings, from each
//! seed in turn.

mod compare;
mod run;
mod survey;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use clap::builder::{PossibleValue, PossibleValuesParser};
use jiff::Timestamp;
use records::{Origin, Survey};
use xtask::checkout::{self, Checkout};

use crate::{origin, programs};

/// Run experiments and write their results to experiments/.
///
/// Takes many minutes and both cores: run it when the machine has nothing else to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(required = true, value_parser = names())]
    experiments: Vec<String>,
    /// From how many seeds each: 1, 2, …
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..))]
    seeds: u64,
    /// Keep the runs that an interrupted experiment has finished
    #[arg(long)]
    resume: bool,
}

/// The two kinds of experiments.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Comparison,
    Survey,
}

/// All experiments: name, kind, what it shows.
const EXPERIMENTS: [(&str, Kind, &str); 12] = [
    (
        "mlp128",
        Kind::Comparison,
        "784-128-10, in Keras and here: test accuracy after five epochs",
    ),
    ("mlp128_dropout", Kind::Comparison, "the same with dropout"),
    ("mlp512_256", Kind::Comparison, "784-512-256-10, ten epochs"),
    (
        "mlp100_100",
        Kind::Comparison,
        "784-100-100-10, five epochs",
    ),
    (
        "cnn_small",
        Kind::Comparison,
        "one convolution, five epochs",
    ),
    (
        "cnn_deep",
        Kind::Comparison,
        "three convolutions, five epochs",
    ),
    (
        "cnn_adadelta",
        Kind::Comparison,
        "two convolutions, Adadelta at 1.0, ten epochs: hours",
    ),
    (
        "cnn_adadelta_0.001",
        Kind::Comparison,
        "the same at today's default learning rate",
    ),
    (
        "preprocessing",
        Kind::Survey,
        "what each step of preprocessing is worth: test accuracy without it",
    ),
    (
        "scratch100",
        Kind::Survey,
        "the network by hand, 784-100-10, and a linear one: test accuracy after ten epochs \
         at many settings",
    ),
    (
        "race_choice",
        Kind::Survey,
        "the race's candidates, judged by training images that are held out: \
         ten seeds judge each image once",
    ),
    (
        "race",
        Kind::Survey,
        "seconds from random weights to a network that reads 99 of a hundred test digits, \
         stage by stage",
    ),
];

fn names() -> PossibleValuesParser {
    let values = EXPERIMENTS.map(|(name, _, about)| PossibleValue::new(name).help(about));
    values.into()
}

fn kind(name: &str) -> Result<Kind> {
    let found = EXPERIMENTS.iter().find(|(known, ..)| *known == name);
    found
        .map(|(_, kind, _)| *kind)
        .with_context(|| format!("no experiment is called {name}"))
}

/// Runs `cargo xtask experiments`.
///
/// # Errors
/// If a program is missing, fails, or prints something other than one line of JSON: says which, and
/// what to do.
pub fn run(args: &Args) -> Result<()> {
    let checkout = Checkout::find()?;
    for name in &args.experiments {
        experiment(&checkout, name, args)?;
    }
    Ok(())
}

fn experiment(checkout: &Checkout, name: &str, args: &Args) -> Result<()> {
    let scratch = checkout.root().join("target/experiments").join(name);
    if !args.resume && scratch.exists() {
        fs::remove_dir_all(&scratch)
            .with_context(|| format!("cannot empty {}", scratch.display()))?;
    }
    println!("Experiment {name}");
    let origin = Origin {
        experiment: name.to_owned(),
        machine: origin::machine(),
        date: origin::date(Timestamp::now()),
        command: format!("cargo xtask experiments {name} --seeds {}", args.seeds),
    };
    let text = match kind(name)? {
        Kind::Comparison => {
            let comparison = compare::compare(checkout, origin, args.seeds, &scratch)?;
            comparison.to_text()?
        }
        Kind::Survey => {
            let example = programs::build(checkout, name)?;
            let by_seed = (1..=args.seeds)
                .map(|seed| run::one("digits", &mut Command::new(&example), seed, &scratch))
                .collect::<Result<_>>()?;
            Survey::new(origin, survey::side_by_side(by_seed)?).to_text()?
        }
    };
    let file = checkout.root().join(format!("experiments/{name}.json"));
    checkout::write(&file, text)?;
    println!("Written: {}", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparison_has_its_program_in_keras() {
        let checkout = Checkout::find().unwrap();
        for (name, kind, _) in EXPERIMENTS {
            let program = checkout.root().join(format!("bench/keras/{name}.py"));
            assert_eq!(program.is_file(), kind == Kind::Comparison, "{name}");
        }
    }
}
