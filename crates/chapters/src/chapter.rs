//! A chapter as it was read: prose, listings and formulas, each with its place in the Markdown.

use std::fmt;
use std::ops::Range;

use crate::marks::Marks;
pub use crate::scan::Heading;

/// What is wrong in a chapter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The chapter's name: its file in `book/src` without `.md`.
    pub chapter: String,
    /// The Markdown's line, from 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "book/src/{}.md:{}: {}",
            self.chapter, self.line, self.message
        )
    }
}

impl std::error::Error for ParseError {}

/// A chapter, read.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Its file in `book/src` without `.md`.
    pub name: String,
    /// The text of its first heading.
    pub title: String,
    /// The Markdown it was read from.
    pub markdown: String,
    /// Prose and listings in their order; together they are the whole Markdown.
    pub blocks: Vec<Block>,
    /// Displayed and inline formulas in their order.
    pub formulas: Vec<Formula>,
    /// Headings in their order.
    pub headings: Vec<Heading>,
    /// Pictures in the Markdown: alternative text and line.
    pub pictures: Vec<(String, usize)>,
    /// Bytes that are code or raw HTML in the prose.
    pub(crate) verbatim: Vec<Range<usize>>,
}

/// A piece of a chapter.
#[derive(Clone, Debug)]
pub enum Block {
    /// Text up to the next listing or section.
    Prose(Prose),
    /// Rust that runs.
    Listing(Listing),
}

/// Running text.
#[derive(Clone, Debug)]
pub struct Prose {
    /// Stable name: the section's slug and a number, `the-idx-format-text-1`.
    pub id: String,
    /// Its bytes in the Markdown.
    pub range: Range<usize>,
}

/// A fenced block of Rust.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Stable name: the section's slug and its number in the section.
    pub id: String,
    /// What the info string says.
    pub marks: Marks,
    /// What is compiled and run: the lines between the fences, hidden ones included. It has one
    /// line for each line of Markdown, and each ends in a newline.
    pub code: String,
    /// What readers see: the same without its hidden lines. See [`crate::hidden`].
    pub shown: String,
    /// The Markdown's lines, from 1, that are hidden.
    pub hidden: Vec<usize>,
    /// The Markdown's line of the opening fence, from 1.
    pub fence: usize,
    /// The first line of code.
    pub first: usize,
    /// The line of the closing fence.
    pub end: usize,
    /// The section's heading.
    pub section: String,
    /// Its bytes in the Markdown, both fences included.
    pub range: Range<usize>,
}

/// A formula in LaTeX.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The name behind a displayed formula, `$$ … $$ {#name}`; an inline one has none.
    pub name: Option<String>,
    /// What stands between the dollars.
    pub latex: String,
    /// The Markdown's line, from 1.
    pub line: usize,
    /// Its bytes in the Markdown, dollars and name included.
    pub range: Range<usize>,
}

impl Listing {
    /// Its anchor on the chapter's page.
    pub fn anchor(&self) -> String {
        format!("listing-{}", self.id)
    }
}

impl Chapter {
    /// The listings in their order.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Listing(listing) => Some(listing),
            Block::Prose(_) => None,
        })
    }

    /// The displayed formulas: name and formula.
    pub fn displayed(&self) -> impl Iterator<Item = (&str, &Formula)> {
        self.formulas
            .iter()
            .filter_map(|f| Some((f.name.as_deref()?, f)))
    }

    /// The Markdown's line, from 1, of a byte.
    pub fn line_of(&self, byte: usize) -> usize {
        line_of(&self.markdown, byte)
    }

    /// Whether a byte stands in code or raw HTML rather than in running text.
    pub fn is_verbatim(&self, byte: usize) -> bool {
        self.verbatim.iter().any(|range| range.contains(&byte))
    }
}

/// The line, from 1, of a byte.
pub(crate) fn line_of(markdown: &str, byte: usize) -> usize {
    1 + markdown.as_bytes()[..byte]
        .iter()
        .filter(|b| **b == b'\n')
        .count()
}
