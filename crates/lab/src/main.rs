//! What `cargo xtask bench` and `cargo xtask experiments` run: programs that train, each as a
//! process of its own, and the statistics of what they print.
//!
//! The programs are the examples of this crate, and those of other libraries in `bench/`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod experiments;
mod origin;
mod peers;
mod programs;
mod welch;

/// Measurements and experiments.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Lab {
    #[command(subcommand)]
    task: Task,
}

// What help says of a task stands with its arguments.
#[derive(Subcommand)]
enum Task {
    Experiments(experiments::Args),
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let done = match Lab::parse().task {
        Task::Experiments(args) => experiments::run(&args),
        Task::Bench(args) => bench::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Every cause in one message for a reader, without a backtrace.
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}
