//! One run of a program from one seed, kept for an experiment that is interrupted and resumed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use records::{Run, Setting};
use serde::Serialize;
use serde::de::DeserializeOwned;
use xtask::checkout;
use xtask::process::elapsed;

use crate::{origin, programs};

/// What a program prints as its last line.
pub trait Outcome: Serialize + DeserializeOwned {
    /// A few words on it, for a line of progress.
    fn summary(&self) -> String;

    /// Takes note of the load average before the run.
    fn set_load(&mut self, _: Option<f64>) {}
}

/// One training: a program of a comparison.
impl Outcome for Run {
    fn summary(&self) -> String {
        format!("test accuracy {:.2} %", 100.0 * self.test_accuracy)
    }

    fn set_load(&mut self, load: Option<f64>) {
        self.load = load;
    }
}

/// Settings with one trial each: a program of a survey.
impl Outcome for Vec<Setting> {
    fn summary(&self) -> String {
        format!("{} settings", self.len())
    }
}

/// Runs the program of `who` from `seed` and keeps its outcome in `scratch`; or reads the outcome
/// that is kept there.
///
/// # Errors
/// If the program fails or prints something else, or the kept outcome is damaged.
pub fn one<T: Outcome>(who: &str, command: &mut Command, seed: u64, scratch: &Path) -> Result<T> {
    let kept = scratch.join(format!("{}-{seed}.json", who.to_lowercase()));
    if let Ok(text) = fs::read_to_string(&kept) {
        println!("{who}, seed {seed}: kept");
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: delete it", kept.display()));
    }
    let (begun, load) = (Instant::now(), origin::load());
    command.arg("--seed").arg(seed.to_string());
    let mut outcome: T = programs::last_line(&format!("{who}, seed {seed}"), command)?;
    outcome.set_load(load);
    checkout::write(&kept, serde_json::to_string(&outcome)?)?;
    println!(
        "{who}, seed {seed}: {}, {}",
        outcome.summary(),
        elapsed(begun.elapsed())
    );
    thread::sleep(Duration::from_secs(1)); // let the processor calm down
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program prints that trains for no epoch.
    const LINE: &str = r#"{"version":"x 1","parameters":10,"seed":1,"epochs":[],
        "test_loss":0.1,"test_accuracy":0.5}"#;

    /// A program that prints `line`, whatever its arguments.
    fn echo(line: &str) -> Command {
        let mut echo = Command::new("sh");
        echo.arg("-c")
            .arg(format!("echo '{}'", line.replace('\n', "")));
        echo
    }

    #[test]
    fn a_run_is_kept_with_the_load_before_it_and_not_run_again() {
        let scratch = std::env::temp_dir().join(format!("lab-runs-{}", std::process::id()));
        let run: Run = one("Shell", &mut echo(LINE), 1, &scratch).unwrap();
        assert_eq!(run.test_accuracy, 0.5);
        assert_eq!(run.load.is_some(), origin::load().is_some());
        let again: Run = one("Shell", &mut Command::new("false"), 1, &scratch).unwrap();
        fs::remove_dir_all(&scratch).unwrap();
        assert_eq!(again, run);
    }

    #[test]
    fn a_run_without_accuracy_is_refused() {
        let scratch = std::env::temp_dir().join("lab-runs-none");
        let mut program = echo(&LINE.replace("test_accuracy", "accuracy"));
        let error = one::<Run>("Shell", &mut program, 1, &scratch).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.starts_with("Shell, seed 1: "), "{error}");
        assert!(error.contains("missing field `test_accuracy`"), "{error}");
        assert!(!scratch.exists()); // and not kept
    }
}
