//! Listings that must not compile, and snapshots of the compiler's messages about them.
//!
//! `cargo check` compiles each of them, after the listings before it, in a small package in
//! `target`. The message is kept in `book/errors/<chapter>/<listing>.txt`. Its line numbers are
//! those of the shown lines in the listing, so edits of the prose leave it as it is. `cargo xtask
//! notebooks` writes the snapshots, and a test compares them with new messages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::book::Book;
use crate::chapter::{Chapter, Listing};
use crate::notebook::{Cell, Notebook};
use crate::program;

mod normal;

/// A listing that did not compile, and the compiler's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileFailure {
    /// The chapter's name.
    pub chapter: String,
    /// The listing's name.
    pub listing: String,
    /// The normalised message.
    pub message: String,
}

/// The path of the snapshot of a listing.
pub fn path(book: &Book, chapter: &str, listing: &str) -> PathBuf {
    book.root
        .join("book/errors")
        .join(chapter)
        .join(format!("{listing}.txt"))
}

/// Compiles every listing of `chapters` that must not compile.
///
/// # Errors
/// Cargo does not run, a listing compiles, or a listing before it does not compile.
pub fn of(book: &Book, chapters: &[&Chapter]) -> Result<Vec<CompileFailure>> {
    let asked: Vec<(&Chapter, &Listing)> = chapters
        .iter()
        .flat_map(|chapter| {
            chapter
                .listings()
                .filter(|l| l.marks.compile_fail)
                .map(move |l| (*chapter, l))
        })
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let _lock = lock_package(&book.root)?;
    let package = package(book, &asked)?;
    let errors = check(&book.root, &package)?;
    let failure = |(chapter, listing): &(&Chapter, &Listing)| {
        let found = errors
            .get(&target(chapter, listing))
            .map_or(&[][..], Vec::as_slice);
        let message = message(&book.root, chapter, listing, found)?;
        Ok(CompileFailure {
            chapter: chapter.name.clone(),
            listing: listing.id.clone(),
            message,
        })
    };
    asked.iter().map(failure).collect()
}

/// Makes the snapshots the outputs of those cells of a notebook that must not compile, if they were
/// run. They hold the message that Jupyter shows, without what changes from run to run.
///
/// # Errors
/// A snapshot is missing.
pub fn show(book: &Book, chapter: &Chapter, notebook: &mut Notebook) -> Result<()> {
    for cell in &mut notebook.cells {
        let Cell::Code {
            id,
            outputs,
            execution_count: Some(_),
            ..
        } = cell
        else {
            continue;
        };
        if chapter
            .listings()
            .any(|l| l.id == *id && l.marks.compile_fail)
        {
            let path = path(book, &chapter.name, id);
            let message = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let traceback: Vec<&str> = message.lines().collect();
            *outputs = vec![json!({
                "ename": "Error", "evalue": traceback.first(), "output_type": "error",
                "traceback": traceback,
            })];
        }
    }
    Ok(())
}

/// The normalised message of one listing.
fn message(root: &Path, chapter: &Chapter, listing: &Listing, errors: &[Value]) -> Result<String> {
    let place = format!(
        "book/src/{}.md:{}: listing `{}`",
        chapter.name, listing.first, listing.id
    );
    if errors.is_empty() {
        bail!(
            "{place} must not compile, but does (an assertion on sizes may fire only when code is \
             generated, which `cargo check` does not do)"
        );
    }
    let mut texts: Vec<String> = Vec::new();
    for error in errors {
        let line = normal::primary_line(error);
        if !line.is_some_and(|line| (listing.first..=listing.end).contains(&line)) {
            let rendered = error["rendered"].as_str().unwrap_or("");
            bail!(
                "{place} is not reached: something before it does not compile, line {} of the \
                 chapter:\n{rendered}",
                line.unwrap_or(0)
            );
        }
        texts.push(normal::text(error, root, chapter, listing));
    }
    Ok(texts.join("\n"))
}

fn target(chapter: &Chapter, listing: &Listing) -> String {
    format!("{}--{}", chapter.name, listing.id)
}

/// The folder of the package.
fn folder(root: &Path) -> PathBuf {
    root.join("target/refusals")
}

/// Waits until no other process uses the package, such as a recording beside `cargo test`. The
/// package is free again when the returned file is dropped.
fn lock_package(root: &Path) -> Result<fs::File> {
    let folder = folder(root);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("lock");
    let file =
        fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Writes the package with one program for each listing, and returns the path of its manifest.
fn package(book: &Book, asked: &[(&Chapter, &Listing)]) -> Result<PathBuf> {
    let folder = folder(&book.root);
    let programs = folder.join("src/bin");
    if programs.exists() {
        fs::remove_dir_all(&programs)
            .with_context(|| format!("cannot empty {}", programs.display()))?;
    }
    fs::create_dir_all(&programs).with_context(|| format!("cannot make {}", programs.display()))?;
    for (chapter, listing) in asked {
        let path = programs.join(format!("{}.rs", target(chapter, listing)));
        fs::write(&path, program::failing(chapter, listing))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let manifest = folder.join("Cargo.toml");
    fs::write(&manifest, manifest_text(&book.root)?)
        .with_context(|| format!("cannot write {}", manifest.display()))?;
    let lock = folder.join("Cargo.lock");
    fs::copy(book.root.join("Cargo.lock"), &lock)
        .with_context(|| format!("cannot write {}", lock.display()))?;
    Ok(manifest)
}

/// The manifest of the package. It is a workspace of its own, with the profiles of this
/// workspace, so that it shares the libraries that `cargo check` and `cargo clippy` have compiled
/// already.
fn manifest_text(root: &Path) -> Result<String> {
    let text = fs::read_to_string(root.join("Cargo.toml"))
        .context("cannot read the workspace's Cargo.toml")?;
    let workspace: toml::Table =
        toml::from_str(&text).context("the workspace's Cargo.toml is malformed")?;
    let mut profiles = workspace
        .get("profile")
        .and_then(|p| p.get("dev"))
        .cloned()
        .unwrap_or(toml::Value::Table(toml::Table::new()));
    // Profiles may name only packages that are there.
    if let Some(packages) = profiles
        .get_mut("package")
        .and_then(toml::Value::as_table_mut)
    {
        packages.remove("listings");
    }
    let mut manifest = toml::Table::new();
    let parsed: toml::Table = toml::from_str(
        "[package]\nname = \"refusals\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\ndigits = { path = \"../../crates/digits\" }\n\n[workspace]\n",
    )?;
    manifest.extend(parsed);
    manifest.insert(
        "profile".into(),
        toml::Value::Table([("dev".to_owned(), profiles)].into_iter().collect()),
    );
    Ok(toml::to_string(&manifest)?)
}

/// Runs `cargo check` and returns the errors of each program, by its name.
fn check(root: &Path, manifest: &Path) -> Result<BTreeMap<String, Vec<Value>>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "check",
            "--offline",
            "--quiet",
            "--keep-going",
            "--bins",
            "--message-format=json",
            "--manifest-path",
        ])
        .arg(manifest)
        .arg("--target-dir")
        .arg(root.join("target"))
        .current_dir(root)
        .output()
        .context("cannot start cargo")?;
    let mut errors: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut reached = false;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(mut told) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let name = told["target"]["name"].as_str().unwrap_or("").to_owned();
        reached |= name == "digits" && told["reason"] == "compiler-artifact";
        let error = told["message"].take();
        let placed = error["spans"]
            .as_array()
            .is_some_and(|spans| !spans.is_empty());
        if told["reason"] == "compiler-message" && error["level"] == "error" && placed {
            errors.entry(name).or_default().push(error);
        }
    }
    if !reached {
        bail!(
            "cargo check did not get as far as the listings:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_has_one_user_at_a_time() {
        let root = std::env::temp_dir().join(format!("refusals-{}", std::process::id()));
        let held = lock_package(&root).unwrap();
        let other = fs::File::open(folder(&root).join("lock")).unwrap();
        assert!(other.try_lock().is_err());
        drop(held);
        assert!(other.try_lock().is_ok());
        fs::remove_dir_all(&root).unwrap();
    }
}
