//! `cargo xtask …`: everything about the book that is more than one command.
//!
//! This file only dispatches; each task has a module of its own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod ci;
pub mod data;
pub mod flips;
mod lab;
pub mod notebooks;
mod readme;
pub mod sharing;
pub mod start;

/// The tasks of this checkout.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set everything up inside the checkout, serve the book, start JupyterLab
    Start(start::Args),
    /// Run the chapters as notebooks and record what they print
    Notebooks(notebooks::Args),
    /// Flip a sign behind each formula in turn, and show that its listing fails
    Flips(flips::Args),
    /// Show that a notebook's cells share one dfdx, and would not without the `dylib`
    Sharing,
    /// Run every check of this project
    Ci(ci::Args),
    /// Verify MNIST's files in data/mnist, or make them anew from the raw ones
    Data(data::Args),
    /// Run what takes many seeds, and write its results to experiments/
    #[command(disable_help_flag = true)]
    Experiments(lab::Args),
    /// Time this crate and others at the sources' models, and write bench/results.json
    #[command(disable_help_flag = true)]
    Bench(lab::Args),
}

fn main() -> ExitCode {
    let done = match Xtask::parse().task {
        Task::Start(args) => start::run(&args),
        Task::Notebooks(args) => notebooks::run(&args),
        Task::Flips(args) => flips::run(&args),
        Task::Sharing => sharing::run(),
        Task::Ci(args) => ci::run(&args),
        Task::Data(args) => data::run(&args),
        Task::Experiments(args) => return lab::run("experiments", &args),
        Task::Bench(args) => return lab::run("bench", &args),
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
