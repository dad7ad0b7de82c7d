//! Readers' copies of the notebooks: theirs to edit, updated only as long as they are not edited.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

use xtask::checkout;

/// Which text each copy had when it was made: file name → digest of its cells.
type Made = BTreeMap<String, String>;

/// Copies every notebook that has no copy, updates the copies that are not edited, and leaves
/// edited ones alone.
///
/// Returns a line for the reader about each copy that differs from its notebook.
///
/// # Errors
/// If a folder cannot be read or written to, or a notebook in `from` is not JSON.
pub fn update(from: &Path, to: &Path) -> Result<Vec<String>> {
    let record = to.join(".copies.json");
    let mut made = read_record(&record);
    let mut lines = Vec::new();
    for source in notebooks(from)? {
        let name = file_name(&source);
        let text =
            fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
        let now =
            cells(&text).with_context(|| format!("{} is not a notebook", source.display()))?;
        let copy = to.join(&name);
        match decide(&copy, &now, made.get(&name)) {
            Decision::Keep => {}
            Decision::Write => checkout::write(&copy, &text)?,
            Decision::Edited => {
                lines.push(format!(
                    "my-notebooks/{name} has your edits and stays as it is; the book's has changed: \
                     rename yours to get the new one at the next start."
                ));
                continue;
            }
        }
        made.insert(name, now);
    }
    checkout::write(&record, serde_json::to_string_pretty(&made)? + "\n")?;
    Ok(lines)
}

/// The copies that are the book's notebooks to the byte, outputs included: nothing in them is from
/// elsewhere.
///
/// # Errors
/// If a folder cannot be read.
pub fn untouched(from: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    let pairs = notebooks(from)?
        .into_iter()
        .map(|source| (to.join(file_name(&source)), source));
    let same = |copy: &Path, source: &Path| {
        fs::read(copy)
            .ok()
            .is_some_and(|text| fs::read(source).ok() == Some(text))
    };
    Ok(pairs
        .filter(|(copy, source)| same(copy, source))
        .map(|(copy, _)| copy)
        .collect())
}

enum Decision {
    /// The copy is as the notebook, or the reader's and the notebook has not changed.
    Keep,
    /// There is no copy, or an old one that is not edited.
    Write,
    /// The reader has edited the copy and the notebook has changed since.
    Edited,
}

fn decide(copy: &Path, now: &str, made: Option<&String>) -> Decision {
    let Ok(text) = fs::read(copy) else {
        return Decision::Write;
    };
    // A copy that cannot be read as a notebook is the reader's all the same.
    let theirs = cells(&text).unwrap_or_default();
    if theirs == now {
        Decision::Keep
    } else if Some(&theirs) == made {
        Decision::Write
    } else if made.is_some_and(|made| made == now) {
        Decision::Keep
    } else {
        Decision::Edited
    }
}

/// A digest of what a reader would edit: the cells' kinds and texts, not their outputs.
fn cells(notebook: &[u8]) -> Result<String> {
    let notebook: Value = serde_json::from_slice(notebook)?;
    let cells = notebook["cells"].as_array().context("it has no cells")?;
    let mut digest = Sha256::new();
    for cell in cells {
        digest.update(cell["cell_type"].as_str().unwrap_or_default());
        digest.update([0]);
        digest.update(source(cell));
        digest.update([0]);
    }
    Ok(digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// A cell's text, which may be stored as one string or as its lines.
fn source(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

fn notebooks(folder: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "ipynb")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn read_record(path: &Path) -> Made {
    fs::read(path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of notebooks and one of copies, removed at the end.
    struct Folders(PathBuf);

    impl Folders {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("copies-{name}-{}", std::process::id()));
            fs::create_dir_all(root.join("from")).unwrap();
            Self(root)
        }
        fn write(&self, folder: &str, text: &str, output: &str) {
            let cell =
                serde_json::json!({"cell_type": "code", "source": [text], "outputs": [output]});
            let notebook = serde_json::json!({ "cells": [cell] }).to_string();
            checkout::write(&self.0.join(folder).join("a.ipynb"), notebook).unwrap();
        }
        fn update(&self) -> Vec<String> {
            update(&self.0.join("from"), &self.0.join("to")).unwrap()
        }
        fn copy(&self) -> String {
            fs::read_to_string(self.0.join("to/a.ipynb")).unwrap()
        }
    }

    impl Drop for Folders {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn an_edited_copy_is_never_overwritten() {
        let folders = Folders::new("edited");
        folders.write("from", "one", "");
        assert!(folders.update().is_empty());
        folders.write("to", "mine", "");
        assert!(
            folders.update().is_empty(),
            "the notebook has not changed: nothing to say"
        );
        folders.write("from", "two", "");
        for _ in 0..2 {
            let lines = folders.update();
            assert_eq!(lines.len(), 1);
            assert!(lines[0].contains("has your edits"), "{}", lines[0]);
            assert!(folders.copy().contains("mine"));
        }
    }

    #[test]
    fn a_copy_that_was_only_run_follows_its_notebook() {
        let folders = Folders::new("run");
        folders.write("from", "one", "");
        folders.update();
        folders.write("to", "one", "an output of the reader's own");
        folders.update();
        assert!(folders.copy().contains("an output of the reader's own"));
        folders.write("from", "two", "");
        assert!(folders.update().is_empty());
        assert!(folders.copy().contains("two"));
    }

    #[test]
    fn a_copy_made_before_there_was_a_record_is_kept() {
        let folders = Folders::new("unknown");
        folders.write("from", "one", "");
        folders.write("to", "mine", "");
        assert_eq!(folders.update().len(), 1);
        assert!(folders.copy().contains("mine"));
    }

    #[test]
    fn a_copy_is_untouched_until_it_is_run() {
        let folders = Folders::new("untouched");
        let untouched = || {
            untouched(&folders.0.join("from"), &folders.0.join("to"))
                .unwrap()
                .len()
        };
        folders.write("from", "one", "");
        assert_eq!(untouched(), 0);
        folders.update();
        assert_eq!(untouched(), 1);
        folders.write("to", "one", "an output of the reader's own");
        assert_eq!(untouched(), 0);
    }

    #[test]
    fn a_broken_copy_is_kept() {
        let folders = Folders::new("broken");
        folders.write("from", "one", "");
        folders.update();
        checkout::write(&folders.0.join("to/a.ipynb"), "not JSON").unwrap();
        folders.write("from", "two", "");
        assert_eq!(folders.update().len(), 1);
        assert_eq!(folders.copy(), "not JSON");
    }
}
