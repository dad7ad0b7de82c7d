//! `cargo xtask start`: from a fresh clone to the book in the browser and its notebooks in
//! JupyterLab.
//!
//! In: a machine with Rust, and Python 3 for the notebooks. Out: everything in `.tools`, readers'
//! copies of the notebooks in `my-notebooks`, the book served as soon as it can be read, then
//! JupyterLab.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use xtask::checkout::Checkout;
use xtask::process::{self, Running, elapsed};
use xtask::tools::{cargo, kernel, python};

mod copies;
mod serve;
mod warm;

/// The arguments of `cargo xtask start`.
#[derive(clap::Args)]
pub struct Args {
    /// Set everything up, then stop
    #[arg(long)]
    no_serve: bool,
    /// Port of the book
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of JupyterLab
    #[arg(long, default_value_t = 8888)]
    jupyter_port: u16,
}

/// Sets up what is missing, serves the book, starts JupyterLab, and waits until a server ends.
///
/// # Errors
/// If a step fails: the message names it, says what works already, and what to do.
pub fn run(args: &Args) -> Result<()> {
    let begun = Instant::now();
    let checkout = Checkout::find()?;
    process::stop_children_on_ctrl_c()?;
    if !args.no_serve {
        serve::check_ports(args.port, args.jupyter_port)?;
    }
    tell_plan(&checkout);
    set_up_book(&checkout).context("The book cannot be served yet")?;
    let book = match args.no_serve {
        true => None,
        false => Some(serve::book(&checkout, args.port)?),
    };
    if let Err(error) = set_up_notebooks(&checkout) {
        return stay_with_book(book.as_ref(), error);
    }
    println!("Everything is set up ({}).", elapsed(begun.elapsed()));
    let Some(book) = book else {
        println!("`cargo xtask start` serves the book and starts JupyterLab.");
        return Ok(());
    };
    match serve::jupyter(&checkout, args.jupyter_port) {
        Ok(jupyter) => {
            println!("Both run until you press Ctrl-C here.");
            watch(&[("The book's server", &book), ("JupyterLab", &jupyter)])
        }
        Err(error) => stay_with_book(Some(&book), error),
    }
}

/// Writes the description of the kernel `rust` into the checkout's environment; `notebooks` needs
/// it too.
///
/// # Errors
/// If the folder cannot be written to.
pub fn ensure_kernel() -> Result<()> {
    kernel::ensure(&Checkout::find()?)
}

/// Installs what executing notebooks needs: JupyterLab with nbclient, evcxr, the kernel.
///
/// # Errors
/// If Python is missing, or a download or a build fails.
pub fn ensure_notebooks_run(checkout: &Checkout) -> Result<()> {
    python::install(checkout)?;
    cargo::EVCXR.install(checkout)?;
    kernel::ensure(checkout)
}

fn set_up_book(checkout: &Checkout) -> Result<()> {
    cargo::MDBOOK.install(checkout)?;
    cargo::build_preprocessor(checkout)
}

fn set_up_notebooks(checkout: &Checkout) -> Result<()> {
    for line in copies::update(&checkout.notebooks(), &checkout.my_notebooks())? {
        println!("  {line}");
    }
    ensure_notebooks_run(checkout)?;
    trust_copies(checkout)?;
    warm::compile_once(checkout)?;
    kernel::ensure(checkout) // the first kernel may have added the standard library's sources
}

/// Lets JupyterLab show the pictures recorded in readers' copies: of a notebook that it does not
/// trust, it shows none.
fn trust_copies(checkout: &Checkout) -> Result<()> {
    let copies = copies::untouched(&checkout.notebooks(), &checkout.my_notebooks())?;
    let output = python::command(checkout, "python")
        .args(["-m", "nbformat.sign"])
        .args(copies)
        .output()
        .context("cannot start .tools/python")?;
    if !output.status.success() {
        println!(
            "  JupyterLab will show the recorded pictures once the cells are run: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// Says what there is to do, before doing it.
fn tell_plan(checkout: &Checkout) {
    let mut missing = Vec::new();
    for tool in [cargo::MDBOOK, cargo::EVCXR] {
        if !tool.is_installed(checkout) {
            missing.push(format!(
                "{} {} (about {})",
                tool.package, tool.version, tool.minutes
            ));
        }
    }
    if !python::is_installed(checkout) {
        missing.push("JupyterLab (about 1 min)".to_owned());
        if let Err(problem) = python::find() {
            println!("{problem}\n  Until then: the book without its notebooks.\n");
        }
    }
    if !warm::is_compiled(checkout) {
        missing.push("the notebooks' libraries (about 2 min)".to_owned());
    }
    if !missing.is_empty() {
        println!(
            "To set up inside this checkout, on two cores: {}.",
            missing.join(", ")
        );
        println!("You can interrupt with Ctrl-C at any time; the next run goes on.");
    }
}

/// After a failure of the notebooks' set-up: the book can still be read.
fn stay_with_book(book: Option<&Running>, error: anyhow::Error) -> Result<()> {
    let Some(book) = book else {
        return Err(error.context("The notebooks are not set up yet"));
    };
    eprintln!("\nThe notebooks are not set up yet: {error:#}\n");
    eprintln!(
        "The book can be read all the same, until you press Ctrl-C. The next `cargo xtask start` goes on from here."
    );
    watch(&[("The book's server", book)])?;
    Err(error)
}

/// Waits until one of the servers ends, which it should not.
fn watch(servers: &[(&str, &Running)]) -> Result<()> {
    loop {
        for (name, server) in servers {
            if let Some(status) = server.status()? {
                process::stop_all();
                bail!("{name} ended ({status}); its output is in .tools/log");
            }
        }
        thread::sleep(Duration::from_millis(300));
    }
}
