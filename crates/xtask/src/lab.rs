//! `cargo xtask bench` and `cargo xtask experiments` are programs of the crate `lab`.
//!
//! It is built only when one of them is run, so that the other tasks do not wait for its libraries.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use xtask::tools::cargo::cargo;

/// The arguments after the task's name, `--help` among them; `lab` reads them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Options of this task: `--help` lists them
    #[arg(
        value_name = "OPTIONS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    given: Vec<OsString>,
}

/// Builds `lab`, runs its `task`, and returns its exit code.
pub fn run(task: &str, args: &Args) -> ExitCode {
    match command(task, args).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            // A program that a signal ended has no code: that of a failure stands for it.
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            eprintln!("\ncannot start cargo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The command that builds and runs `lab`, in the folder where the task was started, so that paths
/// among the arguments mean the same. It is not optimised, like this program, with which it shares
/// most libraries; the programs that it builds, starts and measures are.
fn command(task: &str, args: &Args) -> Command {
    const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lab/Cargo.toml");
    let mut command = Command::new(cargo());
    command
        .args(["run", "--manifest-path", MANIFEST])
        .args(["--", task])
        .args(&args.given);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    #[command(disable_help_flag = true)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn lab_is_given_every_argument_as_it_stands() {
        let words = ["--help", "--models", "mlp128", "-x", "--", "--repeat"];
        let line = ["bench"].into_iter().chain(words);
        let args = Line::try_parse_from(line).unwrap().args;
        let command = command("bench", &args);
        let given: Vec<_> = command.get_args().collect();
        let from = given.iter().position(|word| *word == "--").unwrap();
        assert_eq!(given[from + 1], "bench");
        assert_eq!(given[from + 2..], words);
    }
}
