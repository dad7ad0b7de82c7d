//! `cargo xtask bench`: the cost of the sources' models here and elsewhere, measured alternately,
//! in one run.
//!
//! Every measurement is a process of its own that prints it as its last line, in JSON: the example
//! `bench`, `bench/keras/run.py`, `bench/torch/run.py`, and `bench/rust` for candle and burn.
//! Programs and results are written and read as the types of `records`.

mod check;
#[cfg(test)]
mod fixture;
mod implementation;
mod measure;
mod models;
mod rounds;
mod sweeps;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::builder::PossibleValuesParser;
use records::Bench;
use xtask::checkout::{self, Checkout};

use implementation::Peer;
use models::Model;

/// Time this crate and others at the sources' models, alternately, and write bench/results.json.
///
/// In each round, each model is trained by each implementation in turn, as a process of its own,
/// and by this crate before the others and after them, of which the mean counts: data in memory,
/// one epoch of 60,000 images to warm up, one that is timed. An epoch is the order of the images,
/// batches, both passes, optimiser, loss and accuracy, for all alike; batch size and optimiser are
/// the source's. Then: test accuracy, one image's latency, images a second, and the most memory the
/// process held.
///
/// The file gets the medians over the rounds and all values beside them; for this crate also how an
/// epoch grows with batch size, width and threads. It is written when all rounds are over: Ctrl-C
/// leaves the old one. A whole run takes about ten minutes a round on two cores; keep the machine
/// free of anything else.
///
/// With --check nothing is written. What the committed file holds is measured again, and its ratios
/// (a peer's seconds over ours) are compared: one may fall by 30 %, because single rounds on a
/// machine that others use differ by as much; an accuracy may differ by 1 point, because seeds do.
/// Beyond that the exit code is 1. Seconds are not compared: they are the machine's.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Which models, separated by commas [default: all; with --check, those of the committed
    /// results]
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(models::NAMES))]
    models: Vec<String>,
    /// Which others, separated by commas [default: keras,torch; with --check, those of the
    /// committed results]
    #[arg(long, value_delimiter = ',')]
    against: Vec<Peer>,
    /// How many rounds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,
    /// Compare the ratios with the committed results instead of writing them
    #[arg(long)]
    check: bool,
    /// Leave out how an epoch grows with batch size, width and threads
    #[arg(long)]
    no_sweeps: bool,
    /// Where to write the results instead of bench/results.json
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    output: Option<PathBuf>,
}

/// Runs `cargo xtask bench`.
///
/// # Errors
/// If a program does not build, fails, or prints something other than what it measured; with
/// `--check`, if a ratio or an accuracy is out of tolerance.
pub fn run(args: &Args) -> Result<()> {
    let checkout = Checkout::find()?;
    let file = checkout.root().join("bench/results.json");
    let committed = args.check.then(|| Bench::load_from(&file)).transpose()?;
    let (models, peers) = chosen(args, committed.as_ref())?;
    let results = measure::measure(&checkout, args, &models, &peers)?;
    println!("\n{}", table::table(&results));
    if let Some(committed) = committed {
        return check(&committed, &results);
    }
    let file = args.output.as_ref().unwrap_or(&file);
    checkout::write(file, results.to_text()?)?;
    println!("Written: {}", file.display());
    Ok(())
}

/// The models and peers that the command line names; else those of the committed results; else all
/// models against Keras and PyTorch.
fn chosen(args: &Args, committed: Option<&Bench>) -> Result<(Vec<Model>, Vec<Peer>)> {
    let mut names: Vec<&str> = args.models.iter().map(String::as_str).collect();
    if names.is_empty() {
        names = committed.map_or(models::NAMES.to_vec(), Bench::models);
    }
    let mut peers = args.against.clone();
    if peers.is_empty() {
        let all = <Peer as clap::ValueEnum>::value_variants().iter().copied();
        peers = match committed.map(Bench::peers) {
            Some(ran) => all.filter(|peer| ran.contains(&peer.name())).collect(),
            None => vec![Peer::Keras, Peer::Torch],
        };
    }
    let models = names
        .iter()
        .map(|name| Model::named(name).with_context(|| format!("no model is called {name}")));
    Ok((models.collect::<Result<_>>()?, peers))
}

/// The command that asks for the same results again.
fn command(args: &Args) -> String {
    let mut command = String::from("cargo xtask bench");
    if !args.models.is_empty() {
        command += &format!(" --models {}", args.models.join(","));
    }
    if !args.against.is_empty() {
        let names: Vec<&str> = args.against.iter().map(|peer| peer.name()).collect();
        command += &format!(" --against {}", names.join(","));
    }
    command += &format!(" --repeat {}", args.repeat);
    if args.no_sweeps {
        command += " --no-sweeps";
    }
    command
}

/// Prints what the check found.
///
/// # Errors
/// If a ratio or an accuracy is out of tolerance.
fn check(committed: &Bench, now: &Bench) -> Result<()> {
    let verdict = check::compare(committed, now)?;
    println!("{}", verdict.table);
    if committed.machine != now.machine {
        println!(
            "The committed results are from another machine: {}",
            committed.machine
        );
    }
    if verdict.gains > 0 {
        println!(
            "{} of the ratios grew: `cargo xtask bench` records them anew",
            verdict.gains
        );
    }
    ensure!(
        verdict.failures == 0,
        "{} of the committed results do not hold any more: a ratio fell by more than {:.0} %, \
         or an accuracy moved by more than {:.0} point",
        verdict.failures,
        100.0 * check::RATIO_TOLERANCE,
        100.0 * check::ACCURACY_TOLERANCE
    );
    println!("The committed results hold.");
    Ok(())
}

#[cfg(test)]
mod tests;
