//! `cargo xtask flips`: a check that cannot fail checks nothing, so each formula and each file of
//! `kernels` is made wrong in turn.
//!
//! In a copy of the checkout, each change of `book/flips.toml` is made, the chapter's program is
//! run, and the listing that checks the formula must fail; for `kernels`, one of its tests must.
//! The first run compiles everything once more, into `target/flips`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use chapters::book::Book;
use chapters::flips::{self, Flip, Instructions, KERNELS};

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
    /// The formulas or chapters to try, as `training.softmax` or `training`; `kernels` for those
    /// that the tests of that crate notice [default: all]
    names: Vec<String>,
}

/// Makes every change in turn, and lists those that no listing or test noticed.
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
    let (mut missed, mut skipped) = (Vec::new(), 0);
    println!("compiling a copy of the checkout; the first time, that takes minutes");
    for begin in beginnings(&flips) {
        let unchanged = scratch.run(begin)?;
        ensure!(
            unchanged.contains("test result: ok"),
            "{begin} fails as it stands, without a flip:\n{unchanged}"
        );
    }
    let begun = Instant::now();
    for (number, flip) in flips.iter().enumerate() {
        let at = Instant::now();
        let name = format!("{}.{}", flip.chapter, flip.formula);
        let place = format!("{}/{}", number + 1, flips.len());
        if let Some(lacking) = flip.needs.filter(|needed| !is_available(*needed)) {
            println!(
                "{place} {name}: SKIPPED: this CPU has no {}",
                name_of(lacking)
            );
            skipped += 1;
            continue;
        }
        match scratch.notice(flip) {
            Ok(by) => println!("{place} {name}: noticed by {by}, {}", elapsed(at.elapsed())),
            Err(error) => {
                println!("{place} {name}: NOT NOTICED: {error:#}");
                missed.push(name);
            }
        }
    }
    ensure!(
        missed.is_empty(),
        "{} flipped signs were not noticed: {}",
        missed.len(),
        missed.join(", ")
    );
    println!(
        "{} flipped signs, each noticed by its check, in {}; {skipped} skipped",
        flips.len() - skipped,
        elapsed(begun.elapsed())
    );
    Ok(())
}

/// What is run before any change is made: the first chapter, and the tests of `kernels` if they
/// are wanted.
fn beginnings(flips: &[Flip]) -> Vec<&str> {
    let mut chapters: Vec<&str> = flips.iter().map(|f| f.chapter.as_str()).collect();
    chapters.dedup();
    let first = chapters.first().copied();
    chapters.retain(|name| Some(*name) == first || *name == KERNELS);
    chapters
}

/// Whether this CPU has the instructions, all of them that `kernels` asks for.
fn is_available(instructions: Instructions) -> bool {
    match instructions {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 => {
            is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
        }
        #[cfg(not(target_arch = "x86_64"))]
        Instructions::Avx512 => false,
    }
}

fn name_of(instructions: Instructions) -> &'static str {
    match instructions {
        Instructions::Avx512 => "AVX-512",
    }
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

    /// The listing or test that fails once the change is made; the copy is as before afterwards.
    fn notice(&self, flip: &Flip) -> Result<String> {
        let path = self.copy.join(&flip.file);
        let before = fs::read_to_string(&path)?;
        fs::write(&path, flip.apply(&before)?)?;
        let said = self.run(&flip.chapter);
        fs::write(&path, before)?;
        if flip.is_of_kernels() {
            return failed_test(&said?);
        }
        let chapter = self.book.chapter(&flip.chapter)?;
        let checking = chapter
            .listings()
            .filter(|l| l.marks.checks.contains(&flip.formula));
        let checking: Vec<&str> = checking.map(|l| l.id.as_str()).collect();
        match failed_listing(&said?) {
            Ok(listing) if checking.contains(&listing) => Ok(format!("listing `{listing}`")),
            Ok(listing) => bail!(
                "listing `{listing}` failed before `{}`",
                checking.join("`, `")
            ),
            Err(error) => Err(error),
        }
    }

    /// What the chapter's program says in the copy, or the tests of `kernels`.
    fn run(&self, chapter: &str) -> Result<String> {
        let tests = if chapter == KERNELS {
            vec!["--package", KERNELS, "--lib"]
        } else {
            vec!["--package", "listings", "--test", chapter]
        };
        let output = Command::new(cargo::cargo())
            .current_dir(&self.copy)
            .env("CARGO_TARGET_DIR", &self.target)
            .args(["test", "--quiet"])
            .args(tests)
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

/// The first test that fails, and how many more do.
fn failed_test(said: &str) -> Result<String> {
    ensure!(!said.contains("test result: ok"), "every test passed");
    let failed = said.rsplit_once("\nfailures:\n").map(|(_, list)| list);
    let failed: Vec<&str> = failed
        .filter(|_| said.contains("test result: FAILED"))
        .with_context(|| format!("the tests did not compile or run:\n{said}"))?
        .lines()
        .map_while(|line| line.strip_prefix("    "))
        .collect();
    let first = failed.first().context("a test that fails has a name")?;
    Ok(match failed.len() {
        1 => format!("test `{first}`"),
        all => format!("test `{first}` and {} more", all - 1),
    })
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

    #[test]
    fn failing_tests_of_kernels_are_named_and_counted() {
        let said = |list: &str| {
            format!(
                "FF\nfailures:\n\n---- a::one stdout ----\n    panicked\n\nfailures:\n{list}\n\
                 test result: FAILED. 0 passed\n"
            )
        };
        let alone = failed_test(&said("    a::one\n")).unwrap();
        assert_eq!(alone, "test `a::one`");
        let first = failed_test(&said("    a::one\n    b::two\n    b::three\n")).unwrap();
        assert_eq!(first, "test `a::one` and 2 more");
    }

    #[test]
    fn kernels_that_pass_their_tests_or_do_not_compile_have_noticed_nothing() {
        let passed = failed_test("test result: ok. 38 passed").unwrap_err();
        assert_eq!(passed.to_string(), "every test passed");
        let broken = failed_test("error[E0308]: mismatched types").unwrap_err();
        assert!(broken.to_string().contains("did not compile"), "{broken}");
    }

    #[test]
    fn the_first_chapter_and_kernels_are_run_before_any_change() {
        let flip = |chapter: &str| Flip {
            chapter: chapter.into(),
            formula: "sum".into(),
            file: PathBuf::from("sum.rs"),
            from: "+".into(),
            to: "-".into(),
            needs: None,
        };
        let all = ["convolution", "convolution", "data-set", KERNELS, "race"].map(flip);
        assert_eq!(beginnings(&all), ["convolution", KERNELS]);
        assert_eq!(beginnings(&all[2..3]), ["data-set"]);
        assert_eq!(beginnings(&all[3..4]), [KERNELS]);
    }
}
