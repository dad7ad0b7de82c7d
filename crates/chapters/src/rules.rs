//! The rules for chapters. Each is a function that returns the places where a chapter breaks it.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::book::Book;
use crate::chapter::{Chapter, Listing};
use crate::coverage::{self, Row};

pub mod import_order;
pub mod pictures;

/// The largest number of shown lines of code in a listing.
pub const LONGEST_LISTING: usize = 25;

/// A sentence that names the chapter and the line.
type Breach = String;

fn at(chapter: &Chapter, line: usize, sentence: &str) -> Breach {
    format!("book/src/{}.md:{line}: {sentence}", chapter.name)
}

/// Listings with more than [`LONGEST_LISTING`] shown lines. Blank and hidden lines do not count.
pub fn long_listings(chapter: &Chapter) -> Vec<Breach> {
    let lines = |listing: &Listing| {
        listing
            .shown
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count()
    };
    let long = chapter.listings().filter(|l| lines(l) > LONGEST_LISTING);
    long.map(|l| {
        at(
            chapter,
            l.first,
            &format!(
                "listing `{}` has {} lines, more than {LONGEST_LISTING}",
                l.id,
                lines(l)
            ),
        )
    })
    .collect()
}

/// Displayed formulas that no listing of the chapter checks, listings that check an unknown
/// formula, and listings that check one without a shown assertion.
pub fn unchecked_formulas(chapter: &Chapter) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (name, formula) in chapter.displayed() {
        if !chapter
            .listings()
            .any(|l| l.marks.checks.iter().any(|c| c == name))
        {
            breaches.push(at(
                chapter,
                formula.line,
                &format!("no listing checks the formula `{name}` (`checks={name}`)"),
            ));
        }
    }
    for listing in chapter.listings() {
        for name in &listing.marks.checks {
            if !chapter.displayed().any(|(known, _)| known == name) {
                breaches.push(at(
                    chapter,
                    listing.fence,
                    &format!("`checks={name}` names no displayed formula of this chapter"),
                ));
            }
        }
        if !listing.marks.checks.is_empty() && !asserts(&listing.shown) {
            breaches.push(at(
                chapter,
                listing.fence,
                &format!(
                    "listing `{}` checks a formula and asserts nothing",
                    listing.id
                ),
            ));
        }
    }
    breaches
}

/// Whether code holds an assertion: a macro of the language, `assert_close` or a method `check`.
fn asserts(code: &str) -> bool {
    let code: String = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect();
    [
        "assert!(",
        "assert_eq!(",
        "assert_ne!(",
        "assert_close",
        ".check(",
    ]
    .iter()
    .any(|word| code.contains(word))
}

/// Numbers with `%` in prose that are not quoted from a recorded output, and whose paragraph says
/// neither when they were recorded nor where they are from.
pub fn unsourced_percentages(chapter: &Chapter) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (byte, _) in chapter.markdown.match_indices('%') {
        let before = chapter.markdown[..byte].trim_end_matches([' ', '\u{a0}', '\u{202f}']);
        let typed = before.ends_with(|c: char| c.is_ascii_digit());
        let formula = chapter.formulas.iter().any(|f| f.range.contains(&byte));
        if !typed || formula || chapter.is_verbatim(byte) {
            continue;
        }
        let paragraph = paragraph(&chapter.markdown, byte);
        if !["recorded ", "cited", "](http"]
            .iter()
            .any(|word| paragraph.contains(word))
        {
            let sentence = "a percentage is typed: quote it (`{{value …}}`), or say `recorded …` \
                            or `cited from …` in its paragraph";
            breaches.push(at(chapter, chapter.line_of(byte), sentence));
        }
    }
    breaches
}

fn paragraph(text: &str, byte: usize) -> &str {
    let start = text[..byte].rfind("\n\n").map_or(0, |at| at + 2);
    let end = text[byte..].find("\n\n").map_or(text.len(), |at| byte + at);
    &text[start..end]
}

/// A chapter has three to five exercises, and each has a listing as its solution.
pub fn exercises(chapter: &Chapter) -> Vec<Breach> {
    let Some(at_heading) = chapter
        .headings
        .iter()
        .position(|h| h.text.trim() == "Exercises")
    else {
        return vec![at(chapter, 1, "the chapter has no section `Exercises`")];
    };
    let heading = &chapter.headings[at_heading];
    let end = chapter.headings[at_heading + 1..]
        .iter()
        .find(|h| h.level <= heading.level)
        .map_or(chapter.markdown.len(), |h| h.range.start);
    let line = chapter.line_of(heading.range.start);
    let section = heading.range.end..end;
    // `**1.**`, or a heading of its own, begins an exercise.
    let starts: Vec<usize> = section
        .clone()
        .filter(|&byte| {
            chapter.markdown.as_bytes()[byte - 1] == b'\n'
                && begins_exercise(&chapter.markdown[byte..end])
        })
        .filter(|&byte| !chapter.is_verbatim(byte))
        .collect();
    let mut breaches = Vec::new();
    if !(3..=5).contains(&starts.len()) {
        breaches.push(at(
            chapter,
            line,
            &format!(
                "{} exercises; a chapter has 3 to 5, each beginning with `**1.**`",
                starts.len()
            ),
        ));
    }
    for (number, start) in starts.iter().enumerate() {
        let until = starts.get(number + 1).copied().unwrap_or(end);
        let solved = chapter
            .listings()
            .any(|l| l.marks.solution && (*start..until).contains(&l.range.start));
        if !solved {
            breaches.push(at(
                chapter,
                chapter.line_of(*start),
                "this exercise has no solution (a listing marked `solution`)",
            ));
        }
    }
    breaches
}

fn begins_exercise(text: &str) -> bool {
    let Some(rest) = text
        .strip_prefix("**")
        .or_else(|| text.strip_prefix("### "))
    else {
        return false;
    };
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    digits > 0 && rest[digits..].starts_with('.')
}

/// Differences between the coverage list and the `covers=` marks of the listings.
///
/// # Errors
/// The list or a chapter cannot be read.
pub fn coverage(book: &Book) -> Result<Vec<Breach>> {
    let rows = coverage::rows(book)?;
    let mut breaches = Vec::new();
    let mut kept: BTreeSet<(Row, String)> = BTreeSet::new();
    for chapter in book.chapters()? {
        for listing in chapter.listings() {
            for name in &listing.marks.covers {
                let row = Row::parse(name).filter(|row| rows.contains_key(row));
                match row.clone().and_then(|row| rows.get(&row)) {
                    None => breaches.push(at(
                        &chapter,
                        listing.fence,
                        &format!("`covers={name}` names no row of book/coverage.toml"),
                    )),
                    Some(asked) if asked.chapter.is_none() => {
                        let sentence = format!(
                            "row {name} is covered, but book/coverage.toml names no chapter for it"
                        );
                        breaches.push(at(&chapter, listing.fence, &sentence));
                    }
                    Some(_) => {}
                }
                kept.extend(row.map(|row| (row, chapter.name.clone())));
            }
        }
    }
    for (row, asked) in &rows {
        if let Some(chapter) = &asked.chapter
            && !kept.contains(&(row.clone(), chapter.clone()))
        {
            breaches.push(format!(
                "book/coverage.toml: row {row} is said to be covered by `{chapter}`, where no \
                 listing has `covers={row}`"
            ));
        }
    }
    Ok(breaches)
}

/// Formulas that cannot be converted to MathML.
///
/// # Errors
/// Never with the settings used here.
pub fn invalid_formulas(chapter: &Chapter) -> Result<Vec<Breach>> {
    let formulas = crate::math::FormulaRenderer::new()?;
    let faults = chapter.formulas.iter().filter_map(|f| {
        formulas
            .render(f)
            .err()
            .map(|fault| at(chapter, f.line, &fault))
    });
    Ok(faults.collect())
}

#[cfg(test)]
mod tests;
