//! The rounds: every model by every implementation in turn.

use std::thread;
use std::time::Instant;

use anyhow::Result;
use jiff::Timestamp;
use records::{Bench, BenchRun, Peak};
use xtask::checkout::Checkout;
use xtask::process::elapsed;

use super::implementation::{Peer, Programs};
use super::models::Model;
use super::rounds::{self, Rounds};
use super::sweeps::{self, SweepPoint};
use super::{Args, command};
use crate::{origin, programs};

/// The implementations, `None` for this crate, each with its runs.
type Row = Vec<(Option<Peer>, Rounds)>;

/// Measures `models` in this crate and in `peers`, in as many rounds as `args` say.
///
/// # Errors
/// If a program does not build, fails, or prints something other than what it measured.
pub fn measure(
    checkout: &Checkout,
    args: &Args,
    models: &[Model],
    peers: &[Peer],
) -> Result<Bench> {
    let programs = Programs::new(checkout, peers)?;
    let ours = (None, Rounds::default());
    let theirs = peers.iter().map(|peer| (Some(*peer), Rounds::default()));
    let row: Row = std::iter::once(ours).chain(theirs).collect();
    let mut rows = vec![row; models.len()];
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let swept: &[Model] = if args.check || args.no_sweeps {
        &[]
    } else {
        models
    };
    let mut points = sweeps::points(swept, cores);
    let mut peaks: Vec<Peak> = Vec::new();
    for round in 1..=args.repeat {
        let title = format!("round {round}/{}", args.repeat);
        let program = &mut programs.digits();
        peaks.push(programs::last_line("the peak", program.arg("peak"))?);
        for (model, row) in models.iter().zip(&mut rows) {
            in_turn(&programs, model, row, round, &title)?;
        }
        for point in &mut points {
            sweep(&programs, point, round, &title)?;
        }
    }
    let date = origin::date(Timestamp::now());
    let peak = rounds::peak(&peaks)?;
    let mut bench = Bench::new(origin::machine(), date, command(args), peak);
    for (model, row) in models.iter().zip(&rows) {
        for (peer, rounds) in row.iter().filter(|(_, rounds)| !rounds.is_empty()) {
            bench.push(model.name, name(*peer), rounds.measurement(model)?);
        }
    }
    sweeps::add(&points, &mut bench)?;
    Ok(bench)
}

fn name(peer: Option<Peer>) -> &'static str {
    peer.map_or("digits", Peer::name)
}

/// One round of a model: this crate, every peer that has the model, and this crate again.
fn in_turn(
    programs: &Programs,
    model: &Model,
    row: &mut Row,
    round: u64,
    title: &str,
) -> Result<()> {
    let run = |peer| one(programs, peer, model, round, title);
    let before = run(None)?;
    for (peer, rounds) in &mut *row {
        if peer.is_some_and(|peer| peer.has(model.name)) {
            rounds.add(run(*peer)?)?;
        }
    }
    let after = run(None)?;
    row[0].1.add(rounds::mean(before, &after)) // ours
}

/// One measurement of one model in one implementation; the number of the round is the seed.
fn one(
    programs: &Programs,
    peer: Option<Peer>,
    model: &Model,
    round: u64,
    title: &str,
) -> Result<BenchRun> {
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
    let run: BenchRun = programs::last_line(&title, &mut program)?;
    println!(
        "{title}: {:.3} s an epoch, {:.2} %; {} in all",
        run.epoch_s,
        100.0 * run.test_accuracy,
        elapsed(begun.elapsed())
    );
    Ok(run)
}

/// One measurement of a point of a sweep.
fn sweep(programs: &Programs, point: &mut SweepPoint, round: u64, title: &str) -> Result<()> {
    let mut program = programs.digits();
    point.ask(&mut program);
    program.args(["--seed", &round.to_string()]);
    let title = format!("{title}, {}", point.title());
    let run: BenchRun = programs::last_line(&title, &mut program)?;
    println!("{title}: {:.3} s an epoch", run.epoch_s);
    point.rounds.add(run)
}
