//! The protocol of mdBook's preprocessors: reads a book as JSON and returns it as JSON.

use std::path::Path;

use anyhow::{Context, Result, bail};
use mdbook_preprocessor::book::Book as Pages;
use serde_json::Value;

use super::PageRenderer;
use crate::book::Book;

/// Turns every chapter of the book in `input` into its page.
///
/// With `strict`, as in CI, a missing or stale output is an error. Without it, there is a note on
/// the page and a line on stderr.
///
/// # Errors
/// mdBook is older than 0.5, a chapter cannot be parsed, or, with `strict`, a page has a fault.
pub fn run(input: &str, strict: bool) -> Result<String> {
    refuse_old(input)?;
    let (context, mut pages) = mdbook_preprocessor::parse_input(input.as_bytes())?;
    let root = context
        .root
        .parent()
        .unwrap_or(Path::new("."))
        .to_path_buf();
    let renderer = PageRenderer::new(Book::open(root)?)?;
    let mut faults = Vec::new();
    let mut failures = Vec::new();
    pages.for_each_chapter_mut(|chapter| {
        let Some(name) = chapter
            .source_path
            .as_deref()
            .and_then(Path::file_stem)
            .and_then(|s| s.to_str())
        else {
            return;
        };
        match renderer.page(name, &chapter.content) {
            Ok(page) => {
                chapter.content = page.markdown;
                faults.extend(page.faults);
            }
            Err(error) => failures.push(format!("{error:#}")),
        }
    });
    report(faults, failures, strict)?;
    Ok(serde_json::to_string::<Pages>(&pages)?)
}

fn report(faults: Vec<String>, mut failures: Vec<String>, strict: bool) -> Result<()> {
    if strict {
        failures.extend(faults);
    } else {
        for fault in &faults {
            eprintln!("{fault}");
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n`cargo xtask notebooks` runs the chapters and records their outputs",
        failures.join("\n")
    )
}

/// Refuses mdBook 0.4 with a clear message. It sends JSON of another form.
fn refuse_old(input: &str) -> Result<()> {
    let sent: Value = serde_json::from_str(input)
        .context("mdBook sent no JSON; this program is started by `mdbook build book`")?;
    let version = sent[0]["mdbook_version"]
        .as_str()
        .unwrap_or("an unknown version");
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (major, minor) < (0, 5) || sent[1].get("sections").is_some() {
        bail!(
            "this book needs mdBook 0.5, and this is {version}: install it with \
             `cargo install mdbook --version 0.5.4 --locked`, or run `cargo xtask start`, which \
             installs it into the checkout"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_mdbook_is_told_what_to_do() {
        let error = run("[{\"mdbook_version\":\"0.4.40\"},{\"sections\":[]}]", false)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("0.4.40") && error.contains("cargo install mdbook --version 0.5.4"),
            "{error}"
        );
    }

    #[test]
    fn faults_are_errors_only_when_strict() {
        let fault = vec!["book/src/a.md:3: stale".to_owned()];
        assert!(report(fault.clone(), Vec::new(), false).is_ok());
        assert!(
            report(fault, Vec::new(), true)
                .unwrap_err()
                .to_string()
                .contains("a.md:3")
        );
    }
}
