//! The list `book/flips.toml`: for each displayed formula, a change of one sign in the code which
//! the formula's listing must notice.
//!
//! It shows that the checks can fail. This module reads the list and compares it with the formulas
//! of the chapters; `cargo xtask flips` makes each change in a copy of the checkout and runs the
//! chapter.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::book::Book;

/// A change in a file, and the formula whose listing must then fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The chapter that displays the formula.
    pub chapter: String,
    /// The formula's name.
    pub formula: String,
    /// The path of the changed file in the checkout.
    pub file: PathBuf,
    /// The text to change. It occurs once in the file.
    pub from: String,
    /// The text to put in its place.
    pub to: String,
}

/// An entry of the list, below its heading `[[chapter.formula]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// A path in `crates/digits/src`. Without it, the chapter's Markdown is changed.
    file: Option<String>,
    from: String,
    to: String,
}

impl Flip {
    /// The text of the file after the change, given its text before.
    ///
    /// # Errors
    /// The text to change does not occur exactly once in `text`.
    pub fn apply(&self, text: &str) -> Result<String> {
        let found = text.matches(&self.from).count();
        ensure!(
            found == 1,
            "book/flips.toml, {}.{}: `{}` stands {found} times in {}, and should once",
            self.chapter,
            self.formula,
            self.from,
            self.file.display()
        );
        Ok(text.replacen(&self.from, &self.to, 1))
    }
}

/// Reads the list.
///
/// # Errors
/// The file is missing or malformed.
pub fn read(book: &Book) -> Result<Vec<Flip>> {
    let path = book.root.join("book/flips.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} is malformed", path.display()))
}

fn parse(text: &str) -> Result<Vec<Flip>> {
    let chapters: BTreeMap<String, BTreeMap<String, Vec<Entry>>> = toml::from_str(text)?;
    let mut flips = Vec::new();
    for (chapter, formulas) in chapters {
        for (formula, entries) in formulas {
            flips.extend(entries.into_iter().map(|entry| Flip {
                chapter: chapter.clone(),
                formula: formula.clone(),
                file: match entry.file {
                    Some(file) => PathBuf::from("crates/digits/src").join(file),
                    None => PathBuf::from(format!("book/src/{chapter}.md")),
                },
                from: entry.from,
                to: entry.to,
            }));
        }
    }
    Ok(flips)
}

/// What is wrong with the list, each as a sentence: a formula without a flip, a flip without a
/// formula, or a text that does not occur exactly once.
///
/// # Errors
/// The list or a chapter cannot be read.
pub fn breaches(book: &Book) -> Result<Vec<String>> {
    let flips = read(book)?;
    let mut breaches = Vec::new();
    let mut displayed = Vec::new();
    for chapter in book.chapters()? {
        for (name, formula) in chapter.displayed() {
            let place = (chapter.name.clone(), name.to_owned());
            if !flips
                .iter()
                .any(|f| (&f.chapter, &f.formula) == (&place.0, &place.1))
            {
                breaches.push(format!(
                    "book/src/{}.md:{}: book/flips.toml has no `[[{}.{name}]]`: add a change of a \
                     sign that the formula's listing must notice",
                    chapter.name, formula.line, chapter.name
                ));
            }
            displayed.push(place);
        }
    }
    for flip in &flips {
        if !displayed.contains(&(flip.chapter.clone(), flip.formula.clone())) {
            breaches.push(format!(
                "book/flips.toml: no chapter displays `{}.{}`",
                flip.chapter, flip.formula
            ));
        }
        let path = book.root.join(&flip.file);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("book/flips.toml: cannot read {}", path.display()))?;
        breaches.extend(flip.apply(&text).err().map(|error| error.to_string()));
    }
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_changes_a_chapter_or_a_file_of_digits() {
        let flips = parse(
            "[[sums.total]]\nfrom = 'a + b'\nto = 'a - b'\n\
             [[sums.total]]\nfile = 'ops/sum.rs'\nfrom = '+='\nto = '-='\n",
        )
        .unwrap();
        assert_eq!(flips[0].file, PathBuf::from("book/src/sums.md"));
        assert_eq!(flips[1].file, PathBuf::from("crates/digits/src/ops/sum.rs"));
        assert_eq!(flips[0].apply("let c = a + b;").unwrap(), "let c = a - b;");
    }

    #[test]
    fn a_text_that_stands_twice_or_never_is_refused() {
        let flip = &parse("[[sums.total]]\nfrom = '+'\nto = '-'\n").unwrap()[0];
        for text in ["a + b + c", "a"] {
            let error = flip.apply(text).unwrap_err().to_string();
            assert!(
                error.contains("sums.total") && error.contains("should once"),
                "{error}"
            );
        }
    }
}
