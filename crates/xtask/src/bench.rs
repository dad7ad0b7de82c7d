//! `cargo xtask bench`: what the sources' models cost here and elsewhere, measured alternately, in one run.
//!
//! Every measurement is a process of its own that says what it took as its last line, in JSON: the example `bench` of `digits`,
//! `bench/keras/run.py`, `bench/torch/run.py`, and `bench/rust` for candle and burn. `digits::experiment` reads the results.

mod check;
mod implementation;
mod models;
mod results;
mod sweeps;
mod table;

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use crate::checkout::{self, Checkout};
use crate::origin;
use crate::process::elapsed;
use crate::tools::examples;
use implementation::{Peer, Programs};
use models::Model;
use results::{Runs, mean, number};
use sweeps::Point;

/// Time this crate and others at the sources' models, alternately, and write bench/results.json.
///
/// In each round, each model is trained by each implementation in turn, as a process of its own, and by this crate before the
/// others and after them, of which the mean counts: data in memory, one epoch of 60,000 images to warm up, one that is timed. An
/// epoch is the order of the images, batches, both passes, optimiser, loss and accuracy, for all alike; batch size and optimiser
/// are the source's. Then: test accuracy, one image's latency, images a second, and the most memory the process held.
///
/// The file gets the medians over the rounds and all values beside them; for this crate also how an epoch grows with batch size,
/// width and threads. It is written when all rounds are over: Ctrl-C leaves the old one. A whole run takes about ten minutes a
/// round on two cores; keep the machine free of anything else.
///
/// With --check nothing is written. What the committed file holds is measured again, and its ratios (a peer's seconds over ours)
/// are compared: one may fall by 30 %, because single rounds on a machine that others use differ by as much; an accuracy may
/// differ by 1 point, because seeds do. Beyond that the exit code is 1. Seconds are not compared: they are the machine's.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Which models, separated by commas [default: all; with --check, those of the committed results]
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(models::NAMES))]
    models: Vec<String>,
    /// Which others, separated by commas [default: keras,torch; with --check, those of the committed results]
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
/// If a program does not build, fails, or prints something else than what it measured; with `--check`, if a ratio or an accuracy
/// is out of tolerance.
pub fn run(args: &Args) -> Result<()> {
    let checkout = Checkout::find()?;
    let file = checkout.root().join("bench/results.json");
    let committed = args.check.then(|| read(&file)).transpose()?;
    let (models, peers) = chosen(args, committed.as_ref())?;
    let results = measure(&checkout, args, &models, &peers)?;
    println!("\n{}", table::table(&results)?);
    if let Some(committed) = committed {
        return check(&committed, &results);
    }
    let file = args.output.as_ref().unwrap_or(&file);
    checkout::write(file, origin::text(&results))?;
    println!("Written: {}", file.display());
    Ok(())
}

fn read(file: &std::path::Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| {
        format!(
            "cannot read {}; `cargo xtask bench` makes it",
            file.display()
        )
    })?;
    serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))
}

/// What the command line names; else what the committed results hold; else all models against Keras and PyTorch.
fn chosen(args: &Args, committed: Option<&Value>) -> Result<(Vec<Model>, Vec<Peer>)> {
    let of_file = committed
        .map(results::Times::of)
        .transpose()?
        .unwrap_or_default();
    let mut names: Vec<&str> = args.models.iter().map(String::as_str).collect();
    if names.is_empty() && committed.is_some() {
        names = of_file.iter().map(|times| times.model.as_str()).collect();
    } else if names.is_empty() {
        names = models::NAMES.to_vec();
    }
    let mut peers = args.against.clone();
    if peers.is_empty() {
        let ran = |peer: &Peer| {
            of_file
                .iter()
                .any(|times| times.ratio(peer.name()).is_some())
        };
        let all = <Peer as clap::ValueEnum>::value_variants();
        peers = match committed {
            Some(_) => all.iter().copied().filter(ran).collect(),
            None => vec![Peer::Keras, Peer::Torch],
        };
    }
    let models = names
        .iter()
        .map(|name| Model::named(name).with_context(|| format!("no model is called {name}")));
    Ok((models.collect::<Result<_>>()?, peers))
}

/// All rounds, and what they gave.
fn measure(checkout: &Checkout, args: &Args, models: &[Model], peers: &[Peer]) -> Result<Value> {
    let programs = Programs::new(checkout, peers)?;
    let who: Vec<Option<Peer>> = std::iter::once(None)
        .chain(peers.iter().copied().map(Some))
        .collect();
    let mut runs = vec![vec![Runs::default(); who.len()]; models.len()];
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let swept: &[Model] = if args.check || args.no_sweeps {
        &[]
    } else {
        models
    };
    let mut points = sweeps::points(swept, cores);
    let mut peak = Runs::default();
    for round in 1..=args.repeat {
        let title = format!("round {round}/{}", args.repeat);
        peak.add_peak(examples::last_line(
            "the peak",
            programs.digits().arg("peak"),
        )?);
        for (model, runs) in models.iter().zip(&mut runs) {
            let run = |peer| one(&programs, peer, model, round, &title);
            let before = run(None)?;
            for (peer, runs) in who.iter().zip(&mut *runs) {
                if peer.is_some_and(|peer| peer.has(model.name)) {
                    runs.add(run(*peer)?)?;
                }
            }
            runs[0].add(mean(before, &run(None)?)?)?; // ours
        }
        for point in &mut points {
            sweep(&programs, point, round, &title)?;
        }
    }
    let mut by_model = json!({});
    for (model, runs) in models.iter().zip(&runs) {
        for (peer, runs) in who.iter().zip(runs).filter(|(_, runs)| !runs.is_empty()) {
            by_model[model.name][name(*peer)] = runs.json(model)?;
        }
    }
    let mut results = json!({
        "machine": origin::machine(),
        "date": origin::date(SystemTime::now())?,
        "command": command(args),
        "peak": peak.peak()?,
        "models": by_model,
    });
    if !points.is_empty() {
        results["sweeps"] = sweeps::json(&points)?;
    }
    Ok(results)
}

fn name(peer: Option<Peer>) -> &'static str {
    peer.map_or("digits", Peer::name)
}

/// One measurement of one implementation at one model; the round is its seed.
fn one(
    programs: &Programs,
    peer: Option<Peer>,
    model: &Model,
    round: u64,
    title: &str,
) -> Result<Value> {
    let begun = Instant::now();
    let mut program = match peer {
        Some(peer) => programs.peer(peer, model.name),
        None => programs.digits(),
    };
    if peer.is_none() {
        program.arg(model.name);
    }
    program.args(["--seed", &round.to_string()]);
    let title = format!("{title}, {}, {}", model.name, name(peer));
    let run = examples::last_line(&title, &mut program)?;
    println!(
        "{title}: {:.3} s an epoch, {:.2} %; {} in all",
        number(&run, "epoch_s")?,
        100.0 * number(&run, "test_accuracy")?,
        elapsed(begun.elapsed())
    );
    Ok(run)
}

fn sweep(programs: &Programs, point: &mut Point, round: u64, title: &str) -> Result<()> {
    let mut program = programs.digits();
    point.ask(&mut program);
    program.args(["--seed", &round.to_string()]);
    let title = format!("{title}, {}", point.title());
    let run = examples::last_line(&title, &mut program)?;
    println!("{title}: {:.3} s an epoch", number(&run, "epoch_s")?);
    point.runs.add(run)
}

/// The command line that asks for this again.
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

fn check(committed: &Value, now: &Value) -> Result<()> {
    let verdict = check::compare(committed, now)?;
    println!("{}", verdict.table);
    if committed["machine"] != now["machine"] {
        println!(
            "The committed results are from another machine: {}",
            committed["machine"]
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
        "{} of the committed results do not hold any more: a ratio fell by more than {:.0} %, or an accuracy moved by more \
         than {:.0} point",
        verdict.failures,
        100.0 * check::RATIO_TOLERANCE,
        100.0 * check::ACCURACY_TOLERANCE
    );
    println!("The committed results hold.");
    Ok(())
}

#[cfg(test)]
mod tests;
