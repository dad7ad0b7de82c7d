//! `cargo xtask experiments`: what takes many seeds or many minutes, run for real, its results a committed file.
//!
//! `cnn_deep` trains the same network in Keras (`bench/keras/cnn_deep.py`) and here (the example `cnn_deep` of
//! `digits`), each as a process of its own, in turn, from the same seeds; `experiments/cnn_deep.json` gets every run,
//! the machine, the date, the command, and what the runs show. `digits::experiment` reads it.
//!
//! The others are *surveys*: the example of that name runs one program at many settings, from each seed in turn.

mod survey;
#[cfg(test)]
mod tests;
mod welch;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::checkout::{self, Checkout};
use crate::process::elapsed;
use welch::Summary;

/// Run an experiment and write its results to experiments/.
///
/// Takes many minutes and both cores: run it when the machine has nothing else to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    experiment: Experiment,
    /// From how many seeds each: 1, 2, …
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..))]
    seeds: u64,
    /// Keep the runs that an interrupted experiment has finished
    #[arg(long)]
    resume: bool,
}

/// The experiments there are.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Experiment {
    /// The source's convolutional network, in Keras and here: test accuracy after five epochs
    #[value(name = "cnn_deep")]
    CnnDeep,
    /// What each step of preprocessing is worth: test accuracy without it
    #[value(name = "preprocessing")]
    Preprocessing,
    /// The network by hand, 784-100-10, and a linear one: test accuracy after ten epochs at many settings
    #[value(name = "scratch100")]
    Scratch100,
}

impl Experiment {
    fn name(self) -> &'static str {
        match self {
            Self::CnnDeep => "cnn_deep",
            Self::Preprocessing => "preprocessing",
            Self::Scratch100 => "scratch100",
        }
    }
}

/// Runs `cargo xtask experiments`.
///
/// # Errors
/// If a program is missing, fails, or prints something other than one line of JSON: says which, and what to do.
pub fn run(args: &Args) -> Result<()> {
    let checkout = Checkout::find()?;
    let name = args.experiment.name();
    let scratch = checkout.root().join("target/experiments").join(name);
    if !args.resume && scratch.exists() {
        fs::remove_dir_all(&scratch)
            .with_context(|| format!("cannot empty {}", scratch.display()))?;
    }
    let mut results = json!({
        "experiment": name,
        "machine": machine(),
        "date": date(SystemTime::now())?,
        "command": format!("cargo xtask experiments {name} --seeds {}", args.seeds),
    });
    let text = match args.experiment {
        Experiment::CnnDeep => {
            compare(&checkout, args, &scratch, &mut results)?;
            format!("{}\n", serde_json::to_string_pretty(&results)?)
        }
        Experiment::Preprocessing | Experiment::Scratch100 => {
            let example = build(&checkout, name)?;
            let runs = (1..=args.seeds)
                .map(|seed| one("digits", &mut Command::new(&example), seed, &scratch));
            results["settings"] = survey::side_by_side(runs.collect::<Result<_>>()?)?;
            survey::text(&results)?
        }
    };
    let file = checkout
        .root()
        .join("experiments")
        .join(name)
        .with_extension("json");
    checkout::write(&file, text)?;
    println!("Written: {}", file.display());
    Ok(())
}

/// Trains the same network in Keras and here, and adds the runs and their difference to `results`.
fn compare(checkout: &Checkout, args: &Args, scratch: &Path, results: &mut Value) -> Result<()> {
    let name = args.experiment.name();
    let python = peers(checkout)?;
    let example = build(checkout, name)?;
    let script = checkout
        .root()
        .join("bench/keras")
        .join(name)
        .with_extension("py");
    let (mut keras, mut digits) = (Vec::new(), Vec::new());
    for seed in 1..=args.seeds {
        let command = &mut Command::new(&python);
        keras.push(one("Keras", command.arg(&script), seed, scratch)?);
        let command = &mut Command::new(&example);
        digits.push(one("digits", command, seed, scratch)?);
    }
    let (keras, digits) = (Runs::new(keras)?, Runs::new(digits)?);
    let difference = digits.summary.difference(&keras.summary);
    results["keras"] = keras.json();
    results["digits"] = digits.json();
    results["difference"] = json!({
        "mean": difference.mean,
        "degrees_of_freedom": difference.degrees_of_freedom,
        "interval_95": [difference.interval.0, difference.interval.1],
    });
    Ok(())
}

/// The Python that has Keras.
fn peers(checkout: &Checkout) -> Result<PathBuf> {
    let python = checkout.tools().join("peers/bin/python");
    ensure!(
        python.exists(),
        "{} is missing. Keras and PyTorch, which this experiment compares with, are installed by\n  \
         python3 -m venv .tools/peers\n  .tools/peers/bin/pip install -r bench/requirements.txt",
        python.display()
    );
    Ok(python)
}

/// Builds the example of `digits` and says where it is.
fn build(checkout: &Checkout, name: &str) -> Result<PathBuf> {
    println!("Building the example {name}");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(checkout.root())
        .args([
            "build",
            "--quiet",
            "--release",
            "-p",
            "digits",
            "--example",
            name,
        ])
        .status()
        .context("cannot start cargo")?;
    ensure!(
        status.success(),
        "the example {name} of digits does not build"
    );
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    Ok(checkout.root().join("target/release/examples").join(file))
}

/// One run, or what `scratch` kept of it: the last line that the program prints, which is JSON.
fn one(who: &str, command: &mut Command, seed: u64, scratch: &Path) -> Result<Value> {
    let kept = scratch.join(format!("{}-{seed}.json", who.to_lowercase()));
    if let Ok(text) = fs::read_to_string(&kept) {
        println!("{who}, seed {seed}: kept");
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: delete it", kept.display()));
    }
    let (begun, load) = (Instant::now(), load());
    let output = command
        .arg("--seed")
        .arg(seed.to_string())
        .env_remove("DIGITS_SCALE") // an experiment is at full scale
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!(
            "{who}, seed {seed}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let line = printed.lines().last().unwrap_or_default();
    let mut run: Value = serde_json::from_str(line).with_context(|| {
        format!("{who}, seed {seed}: expected a last line of JSON, found {line:?}")
    })?;
    let reached = match run.as_array() {
        Some(settings) => format!("{} settings", settings.len()),
        None => {
            run["load"] = json!(load);
            format!("test accuracy {:.2} %", 100.0 * test_accuracy(&run)?)
        }
    };
    checkout::write(&kept, run.to_string())?;
    println!(
        "{who}, seed {seed}: {reached}, {}",
        elapsed(begun.elapsed())
    );
    thread::sleep(Duration::from_secs(1)); // let the processor calm down
    Ok(run)
}

fn test_accuracy(run: &Value) -> Result<f64> {
    run["test_accuracy"]
        .as_f64()
        .context("a run without test_accuracy")
}

/// All runs of one implementation.
struct Runs {
    runs: Vec<Value>,
    summary: Summary,
}

impl Runs {
    fn new(runs: Vec<Value>) -> Result<Self> {
        let accuracies: Vec<f64> = runs.iter().map(test_accuracy).collect::<Result<_>>()?;
        let summary = Summary::new(&accuracies);
        Ok(Self { runs, summary })
    }

    fn json(&self) -> Value {
        json!({ "mean": self.summary.mean, "std": self.summary.std(), "runs": self.runs })
    }
}

/// How many processes wanted to run in the last minute, where the system says so.
fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// The processor and how many of its cores may be used.
fn machine() -> Value {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = info.lines().find(|line| line.starts_with("model name"));
    let cpu = match named.and_then(|line| line.split_once(':')) {
        Some((_, cpu)) => cpu.trim(),
        None => env::consts::ARCH,
    };
    json!({ "cpu": cpu, "cores": cores })
}

/// The day in UTC, `2026-11-21`.
fn date(now: SystemTime) -> Result<String> {
    let days = now
        .duration_since(UNIX_EPOCH)
        .context("the clock is before 1970")?
        .as_secs()
        / 86_400;
    let (mut year, mut left) = (1970, days);
    loop {
        let length = 365 + u64::from(leap(year));
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    Ok(format!("{year}-{:02}-{:02}", month + 1, left + 1))
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}
