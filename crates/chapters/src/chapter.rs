//! A chapter after reading: its prose, listings and formulas, each with its place in the Markdown.

use std::fmt;
use std::ops::Range;

use crate::marks::Marks;
pub use crate::scan::Heading;

/// A mistake in a chapter's Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The chapter's name: its file in `book/src` without `.md`.
    pub chapter: String,
    /// The line of the Markdown, from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
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

/// A chapter, parsed into blocks.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Its file in `book/src` without `.md`.
    pub name: String,
    /// The text of its first heading.
    pub title: String,
    /// The Markdown it was read from.
    pub markdown: String,
    /// Prose and listings in their order. Together they hold all text of the Markdown.
    pub blocks: Vec<Block>,
    /// Displayed and inline formulas in their order.
    pub formulas: Vec<Formula>,
    /// Headings in their order.
    pub headings: Vec<Heading>,
    /// The pictures in the Markdown: alternative text and line.
    pub pictures: Vec<(String, usize)>,
    /// The ranges of bytes that are code or raw HTML.
    pub(crate) verbatim: Vec<Range<usize>>,
}

/// A piece of a chapter.
#[derive(Clone, Debug)]
pub enum Block {
    /// Text up to the next listing or section.
    Prose(Prose),
    /// Rust code that is compiled and run.
    Listing(Listing),
}

/// Running text.
#[derive(Clone, Debug)]
pub struct Prose {
    /// A stable name made of the section's slug and a number: `the-idx-format-text-1`.
    pub id: String,
    /// Its range of bytes in the Markdown.
    pub range: Range<usize>,
}

/// A fenced block of Rust.
#[derive(Clone, Debug)]
pub struct Listing {
    /// A stable name made of the section's slug and a number: `the-idx-format-1`.
    pub id: String,
    /// The marks in its info string.
    pub marks: Marks,
    /// The code that is compiled and run: all lines between the fences, including hidden ones.
    /// Line `n` of it, from 0, is line `first + n` of the Markdown. Each line ends in a newline.
    pub code: String,
    /// The code that readers see: `code` without its hidden lines. See [`crate::hidden`].
    pub shown: String,
    /// The lines of the Markdown, from 1, that are hidden.
    pub hidden: Vec<usize>,
    /// The line of the opening fence in the Markdown, from 1.
    pub fence: usize,
    /// The first line of code.
    pub first: usize,
    /// The line of the closing fence.
    pub end: usize,
    /// The heading of its section.
    pub section: String,
    /// Its range of bytes in the Markdown, including both fences.
    pub range: Range<usize>,
}

/// A formula in LaTeX.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The name of a displayed formula, `$$ … $$ {#name}`. An inline formula has none.
    pub name: Option<String>,
    /// The LaTeX between the dollars.
    pub latex: String,
    /// The line of the Markdown, from 1.
    pub line: usize,
    /// Its range of bytes in the Markdown, including dollars and name.
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

    /// The displayed formulas, each with its name.
    pub fn displayed(&self) -> impl Iterator<Item = (&str, &Formula)> {
        self.formulas
            .iter()
            .filter_map(|f| Some((f.name.as_deref()?, f)))
    }

    /// The line, from 1, that holds a byte of the Markdown.
    pub fn line_of(&self, byte: usize) -> usize {
        line_of(&self.markdown, byte)
    }

    /// Whether a byte of the Markdown is part of code or raw HTML, and not of running text.
    pub fn is_verbatim(&self, byte: usize) -> bool {
        self.verbatim.iter().any(|range| range.contains(&byte))
    }
}

/// The line, from 1, that holds a byte of `markdown`.
pub(crate) fn line_of(markdown: &str, byte: usize) -> usize {
    1 + markdown.as_bytes()[..byte]
        .iter()
        .filter(|b| **b == b'\n')
        .count()
}
