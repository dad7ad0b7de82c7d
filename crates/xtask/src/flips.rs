//! `cargo xtask flips`: a check that cannot fail checks nothing, so each formula is made wrong in
//! turn.
//!
//! In a copy of the checkout, each change of `book/flips.toml` is made, the chapter's program is
//! run, and the listing that checks the formula must fail. The first run compiles everything once
//! more, into `target/flips`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use chapters::book::Book;
use chapters::flips::{self, Flip};

use xtask::checkout::{self, Checkout};
use xtask::process::elapsed;
use xtask::tools::cargo;

/// What of the checkout a chapter's program needs.
const NEEDED: [&str; 10] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "bench",
    "book",
    "crates",
    "data",
    "experiments",
    "notebooks",
    "rust-toolchain.toml",
];

/// Arguments of `cargo xtask flips`.
#[derive(Default, clap::Args)]
pub struct Args {
    /// The formulas or chapters to try, as `training.softmax` or `training` [default: all]
    names: Vec<String>,
}

/// Makes every change in turn, and lists those that no listing noticed.
///
/// # Errors
/// A change went unnoticed, was noticed by another formula's listing only, or did not compile.
pub fn run(args: &Args) -> Result<()> {
    let checkout = Checkout::find()?;
    let book = Book::open(checkout.root())?;
    let flips: Vec<Flip> = flips::read(&book)?
        .into_iter()
        .filter(|f| wanted(f, &args.names))
        .collect();
    ensure!(
        !flips.is_empty(),
        "book/flips.toml has no flip of that name"
    );
    let scratch = ScratchCheckout::make(&checkout, book)?;
    let mut missed = Vec::new();
    println!("compiling a copy of the checkout; the first time, that takes minutes");
    let unchanged = scratch.run(&flips[0].chapter)?;
    ensure!(
        unchanged.contains("test result: ok"),
        "{} fails as it stands, without a flip:\n{unchanged}",
        flips[0].chapter
    );
    let begun = Instant::now();
    for (number, flip) in flips.iter().enumerate() {
        let at = Instant::now();
        let name = format!("{}.{}", flip.chapter, flip.formula);
        let place = format!("{}/{}", number + 1, flips.len());
        match scratch.notice(flip) {
            Ok(listing) => println!(
                "{place} {name}: noticed by listing `{listing}`, {}",
                elapsed(at.elapsed())
            ),
            Err(error) => {
                println!("{place} {name}: NOT NOTICED: {error:#}");
                missed.push(name);
            }
        }
    }
    ensure!(
        missed.is_empty(),
        "the listings of {} did not notice a flipped sign",
        missed.join(", ")
    );
    println!(
        "{} flipped signs, each noticed by the listing that checks its formula, in {}",
        flips.len(),
        elapsed(begun.elapsed())
    );
    Ok(())
}

fn wanted(flip: &Flip, names: &[String]) -> bool {
    let full = format!("{}.{}", flip.chapter, flip.formula);
    names.is_empty()
        || names
            .iter()
            .any(|name| *name == full || *name == flip.chapter)
}

/// A copy of the checkout to make changes in.
struct ScratchCheckout {
    book: Book,
    copy: PathBuf,
    target: PathBuf,
}

impl ScratchCheckout {
    fn make(checkout: &Checkout, book: Book) -> Result<Self> {
        let folder = checkout.root().join("target/flips");
        // Not the checkout's own target: Cargo would take what it built here for the checkout's.
        let (copy, target) = (folder.join("copy"), folder.join("target"));
        match fs::remove_dir_all(&copy) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot empty {}", copy.display()));
            }
            _ => {}
        }
        for name in NEEDED {
            checkout::copy(&checkout.root().join(name), &copy.join(name), &["target"])?;
        }
        Ok(Self { book, copy, target })
    }

    /// The listing that fails once the change is made; the copy is as before afterwards.
    fn notice(&self, flip: &Flip) -> Result<String> {
        let path = self.copy.join(&flip.file);
        let before = fs::read_to_string(&path)?;
        fs::write(&path, flip.apply(&before)?)?;
        let said = self.run(&flip.chapter);
        fs::write(&path, before)?;
        let chapter = self.book.chapter(&flip.chapter)?;
        let checking = chapter
            .listings()
            .filter(|l| l.marks.checks.contains(&flip.formula));
        let checking: Vec<&str> = checking.map(|l| l.id.as_str()).collect();
        match failed_listing(&said?) {
            Ok(listing) if checking.contains(&listing) => Ok(listing.to_owned()),
            Ok(listing) => bail!(
                "listing `{listing}` failed before `{}`",
                checking.join("`, `")
            ),
            Err(error) => Err(error),
        }
    }

    /// What the chapter's program says in the copy.
    fn run(&self, chapter: &str) -> Result<String> {
        let output = Command::new(cargo::cargo())
            .current_dir(&self.copy)
            .env("CARGO_TARGET_DIR", &self.target)
            .args([
                "test",
                "--quiet",
                "--package",
                "listings",
                "--test",
                chapter,
            ])
            .output()
            .context("cannot start cargo")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr))
    }
}

/// The listing that a chapter's program names when it fails.
fn failed_listing(said: &str) -> Result<&str> {
    if let Some((_, after)) = said.split_once(": listing `") {
        return after.split('`').next().context("a listing's name ends");
    }
    ensure!(!said.contains("test result: ok"), "every listing passed");
    bail!("the chapter did not compile or run:\n{said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_names_its_listing() {
        let said = "thread panicked:\nbook/src/try.md:12: listing `two-1` panicked: no\ntest result: FAILED";
        assert_eq!(failed_listing(said).unwrap(), "two-1");
    }

    #[test]
    fn a_program_that_passes_or_does_not_compile_is_told_apart() {
        let passed = failed_listing("test result: ok. 1 passed")
            .unwrap_err()
            .to_string();
        assert_eq!(passed, "every listing passed");
        let broken = failed_listing("error[E0308]: mismatched types")
            .unwrap_err()
            .to_string();
        assert!(broken.contains("did not compile"), "{broken}");
    }
}
