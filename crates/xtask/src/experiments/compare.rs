//! The same program in Keras and here, from the same seeds in turn: every run, and what their difference amounts to.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::welch::Summary;
use crate::checkout::{self, Checkout};
use crate::origin;
use crate::process::elapsed;
use crate::tools::{examples, peers};

/// How many models of the sources are compared with Keras: all of the table, but not the same program at another learning
/// rate.
const COMPARISONS: usize = 7;

/// Trains `name` in Keras and here, and adds the runs and their difference to `results`.
pub fn compare(
    checkout: &Checkout,
    name: &str,
    seeds: u64,
    scratch: &Path,
    results: &mut Value,
) -> Result<()> {
    let python = peers::install(checkout)?;
    let example = examples::build(checkout, "model")?;
    let script = checkout.root().join("bench/keras/run.py");
    let (mut keras, mut digits) = (Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let command = &mut Command::new(&python);
        keras.push(one("Keras", command.arg(&script).arg(name), seed, scratch)?);
        let command = &mut Command::new(&example);
        digits.push(one("digits", command.arg(name), seed, scratch)?);
    }
    add(results, keras, digits)
}

/// Adds the runs and their difference to `results`.
fn add(results: &mut Value, keras: Vec<Value>, digits: Vec<Value>) -> Result<()> {
    let (keras, digits) = (Runs::new(keras)?, Runs::new(digits)?);
    let difference = digits.summary.difference(&keras.summary);
    results["keras"] = keras.json();
    results["digits"] = digits.json();
    results["difference"] = json!({
        "mean": difference.mean,
        "degrees_of_freedom": difference.degrees_of_freedom,
        "interval_95": difference.interval(0.95),
        "comparisons": COMPARISONS,
        "interval_95_corrected": difference.corrected_interval(COMPARISONS),
    });
    Ok(())
}

/// One run, or what `scratch` kept of it: what the program prints as its last line.
pub fn one(who: &str, command: &mut Command, seed: u64, scratch: &Path) -> Result<Value> {
    let kept = scratch.join(format!("{}-{seed}.json", who.to_lowercase()));
    if let Ok(text) = fs::read_to_string(&kept) {
        println!("{who}, seed {seed}: kept");
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: delete it", kept.display()));
    }
    let (begun, load) = (Instant::now(), origin::load());
    command.arg("--seed").arg(seed.to_string());
    let mut run = examples::last_line(&format!("{who}, seed {seed}"), command)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_kept_and_not_run_again() {
        let scratch = std::env::temp_dir().join(format!("xtask-runs-{}", std::process::id()));
        let mut echo = Command::new("sh");
        echo.args(["-c", "echo '{\"test_accuracy\": 0.5}'"]);
        let run = one("Shell", &mut echo, 1, &scratch).unwrap();
        assert_eq!(test_accuracy(&run).unwrap(), 0.5);
        let again = one("Shell", &mut Command::new("false"), 1, &scratch).unwrap();
        fs::remove_dir_all(&scratch).unwrap();
        assert_eq!(again, run);
    }

    #[test]
    fn a_run_without_accuracy_is_refused() {
        let scratch = std::env::temp_dir().join("xtask-runs-none");
        let mut echo = Command::new("sh");
        echo.args(["-c", "echo '{}'"]);
        let error = one("Shell", &mut echo, 1, &scratch)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "a run without test_accuracy");
        assert!(!scratch.exists()); // and not kept
    }

    #[test]
    fn a_difference_comes_with_both_intervals_the_corrected_one_the_wider() {
        let runs = |accuracies: [f64; 3]| accuracies.map(|a| json!({ "test_accuracy": a }));
        let (keras, digits) = (runs([0.97, 0.98, 0.96]), runs([0.99, 0.98, 0.97]));
        let mut results = json!({});
        add(&mut results, keras.into(), digits.into()).unwrap();
        let difference = &results["difference"];
        let bound = |interval: &str, i: usize| difference[interval][i].as_f64().unwrap();
        assert!((difference["mean"].as_f64().unwrap() - 0.01).abs() < 1e-12);
        assert_eq!(difference["comparisons"], 7);
        assert!(bound("interval_95_corrected", 0) < bound("interval_95", 0));
        assert!(bound("interval_95_corrected", 1) > bound("interval_95", 1));
        assert_eq!(results["keras"]["runs"].as_array().unwrap().len(), 3);
    }
}
