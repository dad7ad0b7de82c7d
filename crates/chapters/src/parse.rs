//! Parses the Markdown of a chapter into a [`Chapter`]: prose, listings and formulas.
//!
//! A listing is named by the slug of its section and its number in it, as in `the-idx-format-2`.

use std::collections::{HashMap, HashSet};

use crate::chapter::{Block, Chapter, Formula, Listing, ParseError, Prose, line_of};
use crate::hidden::Lines;
use crate::marks::Marks;
use crate::scan::{Fence, Heading, Scan};

/// Parses the Markdown of the chapter called `name`.
///
/// # Errors
/// The first [`ParseError`]: an unknown mark, a hidden line that is not allowed, a listing in a
/// list, an unclosed fence, a formula without a name or with a name already taken, or a stray
/// `$$`.
pub fn chapter(name: &str, markdown: &str) -> Result<Chapter, ParseError> {
    let scan = Scan::of(markdown);
    let parser = ChapterParser {
        name,
        markdown,
        scan: &scan,
    };
    let formulas = parser.formulas()?;
    let listings = parser.listings()?;
    let chapter = Chapter {
        name: name.to_owned(),
        title: scan
            .headings
            .first()
            .map_or(name, |h| h.text.trim())
            .to_owned(),
        markdown: markdown.to_owned(),
        blocks: parser.blocks(listings)?,
        formulas,
        pictures: scan
            .images
            .iter()
            .map(|i| (i.alt.clone(), line_of(markdown, i.range.start)))
            .collect(),
        headings: scan.headings,
        verbatim: scan.verbatim,
    };
    Ok(chapter)
}

struct ChapterParser<'a> {
    name: &'a str,
    markdown: &'a str,
    scan: &'a Scan,
}

impl ChapterParser<'_> {
    fn error<T>(&self, byte: usize, message: impl Into<String>) -> Result<T, ParseError> {
        self.error_at(line_of(self.markdown, byte), message)
    }

    fn error_at<T>(&self, line: usize, message: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError {
            chapter: self.name.to_owned(),
            line,
            message: message.into(),
        })
    }

    fn formulas(&self) -> Result<Vec<Formula>, ParseError> {
        let mut names = HashSet::new();
        let mut formulas = Vec::new();
        for math in &self.scan.maths {
            let mut range = math.range.clone();
            let line = line_of(self.markdown, range.start);
            let mut name = None;
            if math.displayed {
                let Some((found, length)) = name_behind(&self.markdown[range.end..]) else {
                    return self.error(
                        range.start,
                        "a displayed formula has no name: write `{#name}` behind its closing `$$`",
                    );
                };
                if !names.insert(found.clone()) {
                    return self.error(
                        range.start,
                        format!("the formula name `{found}` is already taken in this chapter"),
                    );
                }
                range.end += length;
                name = Some(found);
            }
            formulas.push(Formula {
                name,
                latex: math.latex.clone(),
                line,
                range,
            });
        }
        self.no_stray_dollars()?;
        Ok(formulas)
    }

    /// Refuses a `$$` outside code that belongs to no formula: a formula was opened and never
    /// closed.
    fn no_stray_dollars(&self) -> Result<(), ParseError> {
        let known = |byte: usize| {
            self.scan.maths.iter().any(|m| m.range.contains(&byte))
                || self.scan.verbatim.iter().any(|v| v.contains(&byte))
        };
        match self
            .markdown
            .match_indices("$$")
            .find(|(byte, _)| !known(*byte))
        {
            Some((byte, _)) => self.error(
                byte,
                "`$$` begins or ends no formula (a formula has no blank line, and none of its \
                 lines begins like a list, a heading or a rule: `-`, `+`, `=`, `#`)",
            ),
            None => Ok(()),
        }
    }

    fn listings(&self) -> Result<Vec<Listing>, ParseError> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut listings = Vec::new();
        for fence in &self.scan.fences {
            self.is_closed(fence)?;
            let (language, marks) = fence.info.split_once(',').unwrap_or((&fence.info, ""));
            if matches!(language, "Rust" | "rs" | "rust,") || language.starts_with("rust ") {
                return self.error(
                    fence.range.start,
                    format!("write `rust` for `{language}`, and marks behind a comma"),
                );
            }
            if language == "rust" {
                listings.push(self.listing(fence, marks, &mut counts)?);
            }
        }
        Ok(listings)
    }

    fn listing(
        &self,
        fence: &Fence,
        marks: &str,
        counts: &mut HashMap<String, usize>,
    ) -> Result<Listing, ParseError> {
        let start = fence.range.start;
        if fence.nested {
            return self.error(
                start,
                "a listing stands in a list or a quotation; put it on its own",
            );
        }
        let marks = Marks::parse(marks).or_else(|message| self.error(start, message))?;
        let text = &self.markdown[fence.range.clone()];
        let code_start = text.find('\n').map_or(text.len(), |at| at + 1);
        let code_end = text.trim_end().rfind('\n').map_or(code_start, |at| at + 1);
        let section = self.section(start);
        let slug = section.map_or_else(|| slug(self.name), |h| slug(&h.text));
        let count = counts.entry(slug.clone()).or_default();
        *count += 1;
        let first = line_of(self.markdown, start) + 1;
        let lines = Lines::of(&text[code_start..code_end.max(code_start)]);
        lines
            .check(&marks)
            .or_else(|(line, message)| self.error_at(first + line, message))?;
        Ok(Listing {
            id: format!("{slug}-{count}"),
            marks,
            end: first + lines.code.matches('\n').count(),
            hidden: lines.hidden.iter().map(|line| first + line).collect(),
            code: lines.code,
            shown: lines.shown,
            fence: first - 1,
            first,
            section: section.map_or_else(String::new, |h| h.text.trim().to_owned()),
            range: fence.range.start..fence.range.start + text.trim_end().len(),
        })
    }

    fn is_closed(&self, fence: &Fence) -> Result<(), ParseError> {
        let text = &self.markdown[fence.range.clone()];
        let ticks: String = text
            .chars()
            .take_while(|c| *c == '`' || *c == '~')
            .collect();
        let last = text.trim_end().lines().skip(1).last().unwrap_or("");
        if last.trim() == ticks
            || (last.trim().starts_with(&ticks)
                && last.trim().chars().all(|c| ticks.starts_with(c)))
        {
            return Ok(());
        }
        self.error(
            fence.range.start,
            format!("this block is never closed: write `{ticks}` on a line of its own"),
        )
    }

    /// The last heading before a byte.
    fn section(&self, byte: usize) -> Option<&Heading> {
        self.scan.headings.iter().rfind(|h| h.range.start <= byte)
    }

    /// The blocks of the chapter: its listings, and the prose between them, which is split at
    /// headings.
    fn blocks(&self, listings: Vec<Listing>) -> Result<Vec<Block>, ParseError> {
        let mut cuts: Vec<usize> = self
            .scan
            .headings
            .iter()
            .skip(1)
            .map(|h| h.range.start)
            .collect();
        cuts.retain(|cut| !listings.iter().any(|l| l.range.contains(cut)));
        cuts.push(self.markdown.len());
        let mut blocks = Vec::new();
        let mut counts = HashMap::new();
        let mut at = 0;
        for listing in listings {
            self.prose(at, listing.range.start, &cuts, &mut counts, &mut blocks);
            at = listing.range.end;
            blocks.push(Block::Listing(listing));
        }
        self.prose(at, self.markdown.len(), &cuts, &mut counts, &mut blocks);
        self.distinct(&blocks)?;
        Ok(blocks)
    }

    fn prose(
        &self,
        from: usize,
        to: usize,
        cuts: &[usize],
        counts: &mut HashMap<String, usize>,
        blocks: &mut Vec<Block>,
    ) {
        let mut at = from;
        for cut in cuts
            .iter()
            .copied()
            .filter(|cut| *cut > from && *cut < to)
            .chain([to])
        {
            let text = &self.markdown[at..cut];
            if !text.trim().is_empty() {
                let start = at + (text.len() - text.trim_start().len());
                let slug = self
                    .section(start)
                    .map_or_else(|| slug(self.name), |h| slug(&h.text));
                let count = counts.entry(slug.clone()).or_default();
                *count += 1;
                let id = format!("{slug}-text-{count}");
                blocks.push(Block::Prose(Prose {
                    id,
                    range: start..at + text.trim_end().len(),
                }));
            }
            at = cut;
        }
    }

    fn distinct(&self, blocks: &[Block]) -> Result<(), ParseError> {
        let mut seen = HashSet::new();
        for block in blocks {
            let (id, start) = match block {
                Block::Prose(prose) => (&prose.id, prose.range.start),
                Block::Listing(listing) => (&listing.id, listing.range.start),
            };
            if !seen.insert(id) {
                return self.error(
                    start,
                    format!(
                        "two blocks of this chapter are called `{id}`: change one of the headings"
                    ),
                );
            }
        }
        Ok(())
    }
}

/// Reads ` {#name}` at the start of a text: the name, and the number of bytes read.
fn name_behind(text: &str) -> Option<(String, usize)> {
    let blank = text.len() - text.trim_start_matches([' ', '\n']).len();
    let name = text[blank..].strip_prefix("{#")?;
    let name = &name[..name.find('}')?];
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    plain.then(|| (name.to_owned(), blank + name.len() + 3))
}

/// A heading as part of a name, at most 48 letters long: `The IDX format` gives `the-idx-format`.
pub fn slug(heading: &str) -> String {
    let mut slug = String::new();
    for c in heading.to_lowercase().chars() {
        let separates = c.is_whitespace() || matches!(c, '-' | '_' | '/');
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if separates && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(48);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "section".to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests;
