//! The coverage list `book/coverage.toml`: what the sources teach, and which listings show it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::book::Book;
use crate::chapter::Listing;

/// The name of a row, such as `A15`: a part of the list and a number. `A2` sorts before `A15`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(char, u32);

/// What a row of the list requires.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The requirement in our words.
    pub says: String,
    /// The chapter that covers it, or `None` if it is only planned.
    pub chapter: Option<String>,
}

/// The parts of the list: letter and title.
const PARTS: [(char, &str); 4] = [
    ('A', "What the sources teach"),
    ('B', "The sources' networks"),
    ('C', "Claims put to the test"),
    ('D', "Applications and outlook"),
];

impl Row {
    /// Parses a name such as `A15`; `None` if it is not the name of a row.
    pub fn parse(name: &str) -> Option<Self> {
        let part = name
            .chars()
            .next()
            .filter(|c| PARTS.iter().any(|(p, _)| p == c))?;
        Some(Row(part, name[1..].parse().ok()?))
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.0, self.1)
    }
}

/// Reads the list of a book.
///
/// # Errors
/// The file is missing or malformed, or a row has no name like `A15`.
pub fn rows(book: &Book) -> Result<BTreeMap<Row, Requirement>> {
    let path = book.root.join("book/coverage.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let named: BTreeMap<String, Requirement> =
        toml::from_str(&text).with_context(|| format!("{} is malformed", path.display()))?;
    let row = |(name, asked): (String, Requirement)| {
        let row = Row::parse(&name).with_context(|| {
            format!(
                "{}: `{name}` is no row; rows are A1, B1, C1, D1 …",
                path.display()
            )
        })?;
        Ok((row, asked))
    };
    named.into_iter().map(row).collect()
}

/// The tables of the coverage page: each row with links to its listings, or the word `planned`.
///
/// # Errors
/// Those of [`rows`] and of [`Book::chapters`].
pub fn page(book: &Book) -> Result<String> {
    let rows = rows(book)?;
    let chapters = book.chapters()?;
    let mut covered: BTreeMap<Row, Vec<String>> = BTreeMap::new();
    for chapter in &chapters {
        for listing in chapter.listings() {
            for row in listing
                .marks
                .covers
                .iter()
                .filter_map(|name| Row::parse(name))
            {
                covered
                    .entry(row)
                    .or_default()
                    .push(link(&chapter.name, &chapter.title, listing));
            }
        }
    }
    let mut page = format!("{} of {} rows are covered.\n", covered.len(), rows.len());
    for (part, title) in PARTS {
        page.push_str(&format!(
            "\n## {part}. {title}\n\n| row | what | where |\n|---|---|---|\n"
        ));
        for (row, asked) in rows.iter().filter(|(row, _)| row.0 == part) {
            let place = covered
                .get(row)
                .map_or_else(|| "planned".to_owned(), |links| links.join("; "));
            page.push_str(&format!(
                "| {row} | {} | {place} |\n",
                asked.says.replace('|', "\\|")
            ));
        }
    }
    Ok(page)
}

fn link(chapter: &str, title: &str, listing: &Listing) -> String {
    let section = if listing.section == title {
        title.to_owned()
    } else {
        format!("{title}: {}", listing.section)
    };
    format!(
        "[{}]({chapter}.md#{})",
        section.replace('|', "\\|"),
        listing.anchor()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_as_a_reader_counts() {
        let row = |name| Row::parse(name).unwrap();
        assert!(row("A2") < row("A15") && row("A27") < row("B1"));
        assert_eq!(row("C29").to_string(), "C29");
        assert_eq!(Row::parse("E1"), None);
        assert_eq!(Row::parse("A"), None);
    }
}
