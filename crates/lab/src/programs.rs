//! The programs that train, examples of this crate: built, found, and read by their last line,
//! which is JSON.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use xtask::checkout::Checkout;
use xtask::tools::cargo::cargo;

/// Variables of a reader's environment that would change what a program trains or how fast: run
/// mode and threads.
const UNSET: [&str; 6] = [
    "DIGITS_RUN_MODE",
    "DIGITS_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
];

/// Builds the example `name`, optimised, and returns its path.
///
/// # Errors
/// If it does not build; the compiler's messages stand above.
pub fn build(checkout: &Checkout, name: &str) -> Result<PathBuf> {
    println!("Building the example {name}");
    let status = Command::new(cargo())
        .current_dir(checkout.root())
        .args(["build", "--quiet", "--release", "--package", "lab"])
        .args(["--example", name])
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the example {name} of lab does not build");
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    Ok(checkout.root().join("target/release/examples").join(file))
}

/// Runs a program in full mode with all cores, and reads the last line that it prints, a `T` in
/// JSON.
///
/// # Errors
/// If it does not start, fails, or prints something else: the message names `who`, and holds what
/// it printed.
pub fn last_line<T: DeserializeOwned>(who: &str, command: &mut Command) -> Result<T> {
    for name in UNSET {
        if !command.get_envs().any(|(set, _)| set == name) {
            command.env_remove(name);
        }
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{who}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8_lossy(&output.stdout);
    let line = printed.lines().last().unwrap_or_default();
    serde_json::from_str(line)
        .with_context(|| format!("{who}: expected a last line of JSON, found {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn the_last_line_is_read_whatever_stands_before_it() {
        let mut noisy = shell("echo noise; echo noise >&2; echo '{\"test_accuracy\": 0.5}'");
        let run: Value = last_line("Shell", &mut noisy).unwrap();
        assert_eq!(run, json!({ "test_accuracy": 0.5 }));
    }

    #[test]
    fn a_program_that_fails_or_is_silent_says_who_and_why() {
        let fails = last_line::<Value>("Shell, seed 2", &mut shell("echo no data >&2; exit 3"));
        let error = fails.unwrap_err().to_string();
        assert!(
            error.contains("Shell, seed 2") && error.contains("no data"),
            "{error}"
        );
        let silent = last_line::<Value>("Shell", &mut shell("true")).unwrap_err();
        let error = silent.to_string();
        assert!(error.contains("expected a last line of JSON"), "{error}");
    }

    #[test]
    fn threads_are_the_programs_own_unless_the_command_sets_them() {
        let ask = "echo \"\\\"${OMP_NUM_THREADS-none} ${DIGITS_THREADS-none}\\\"\"";
        let run: Value = last_line("Shell", shell(ask).env("DIGITS_THREADS", "1")).unwrap();
        assert_eq!(run, json!("none 1"));
    }
}
