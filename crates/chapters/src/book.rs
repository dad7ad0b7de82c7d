//! The book's table of contents: the chapters in their order, and the paths of their files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::chapter::Chapter;
use crate::parse;

/// A book: the folder of its checkout and its chapters.
#[derive(Clone, Debug)]
pub struct Book {
    /// The folder that holds `book/`, `notebooks/` and `crates/`.
    pub root: PathBuf,
    /// The chapters that are written, in the order of `book/src/SUMMARY.md`.
    pub entries: Vec<Entry>,
}

/// A line of the table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The chapter's file in `book/src` without `.md`.
    pub name: String,
    /// Its title in the table of contents.
    pub title: String,
    /// Whether it is in the numbered list. Prefaces and appendices are not.
    pub numbered: bool,
}

impl Book {
    /// Reads the table of contents of the checkout at `root`.
    ///
    /// # Errors
    /// `SUMMARY.md` is missing, or names a chapter in a subfolder.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let path = root.join("book/src/SUMMARY.md");
        let summary = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Book {
            root,
            entries: entries(&summary)?,
        })
    }

    /// Reads the table of contents of the checkout that this crate was built in.
    pub fn here() -> Result<Self> {
        Self::open(checkout())
    }

    /// The path of a chapter's Markdown.
    pub fn markdown_path(&self, name: &str) -> PathBuf {
        self.root.join("book/src").join(format!("{name}.md"))
    }

    /// The path of a chapter's notebook.
    pub fn notebook_path(&self, name: &str) -> PathBuf {
        self.root.join("notebooks").join(format!("{name}.ipynb"))
    }

    /// The path of the stub of a chapter's test program.
    pub fn test_path(&self, name: &str) -> PathBuf {
        self.root
            .join("crates/listings/tests")
            .join(format!("{name}.rs"))
    }

    /// Reads one chapter.
    ///
    /// # Errors
    /// The file is missing, or a [`ParseError`](crate::chapter::ParseError).
    pub fn chapter(&self, name: &str) -> Result<Chapter> {
        let path = self.markdown_path(name);
        let markdown = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(parse::chapter(name, &markdown)?)
    }

    /// Reads every chapter, in order.
    ///
    /// # Errors
    /// The first error of [`Book::chapter`], in the order of the chapters.
    pub fn chapters(&self) -> Result<Vec<Chapter>> {
        self.entries
            .iter()
            .map(|entry| self.chapter(&entry.name))
            .collect()
    }
}

/// The folder of the workspace that this crate was compiled in.
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap_or_else(|_| PathBuf::from("."))
}

fn entries(summary: &str) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut depth, mut open) = (0usize, false);
    for event in Parser::new(summary) {
        match event {
            Event::Start(Tag::List(_)) => depth += 1,
            Event::End(TagEnd::List(_)) => depth -= 1,
            Event::Start(Tag::Link { dest_url, .. }) if !dest_url.is_empty() => {
                let file = dest_url.trim_start_matches("./");
                let Some(name) = file.strip_suffix(".md").filter(|n| !n.contains('/')) else {
                    bail!(
                        "book/src/SUMMARY.md: `{file}` is not a Markdown file in the same folder, \
                         as every chapter must be"
                    );
                };
                entries.push(Entry {
                    name: name.to_owned(),
                    title: String::new(),
                    numbered: depth > 0,
                });
                open = true;
            }
            Event::End(TagEnd::Link) => open = false,
            Event::Text(text) | Event::Code(text) if open => {
                if let Some(entry) = entries.last_mut() {
                    entry.title.push_str(&text);
                }
            }
            _ => {}
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_written_chapters_in_order() {
        let summary = "# Summary\n\n[Preface](preface.md)\n\n- [Bytes](bytes.md)\n- [Later]()\n\
                       \x20 - [The `idx` format](idx.md)\n";
        let entries = entries(summary).unwrap();
        let names: Vec<_> = entries
            .iter()
            .map(|e| (e.name.as_str(), e.title.as_str(), e.numbered))
            .collect();
        assert_eq!(
            names,
            [
                ("preface", "Preface", false),
                ("bytes", "Bytes", true),
                ("idx", "The idx format", true)
            ]
        );
    }

    #[test]
    fn a_chapter_in_a_subfolder_is_refused() {
        assert!(
            entries("- [A](part/a.md)\n")
                .unwrap_err()
                .to_string()
                .contains("part/a.md")
        );
    }
}
