//! Normalises a message of rustc: leaves out what depends on the machine, such as paths, and on the
//! rest of the chapter, such as line numbers and lines outside the listing.

use std::path::Path;

use serde_json::Value;

use crate::chapter::{Chapter, Listing};
use crate::sources::LINKED_CRATES;

/// The line of the Markdown that an error points at; `None` if it points elsewhere.
pub(super) fn primary_line(error: &Value) -> Option<usize> {
    let spans = error["spans"].as_array()?;
    let primary = spans.iter().find(|span| span["is_primary"] == true)?;
    // Inside a macro, the place that called it.
    let mut span = primary;
    while !in_program(span["file_name"].as_str()?) {
        span = span.get("expansion")?.get("span")?;
    }
    usize::try_from(span["line_start"].as_u64()?).ok()
}

fn in_program(file: &str) -> bool {
    file.replace('\\', "/").contains("src/bin/")
}

/// What the current part of a message points at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    Program,
    Elsewhere,
    /// A quoted line that readers do not see, and the marks below it.
    Hidden,
    /// The entries of a list that is left out.
    List,
}

/// The normalised message. Lines are counted among the shown lines of the listing.
pub(super) fn text(error: &Value, root: &Path, chapter: &Chapter, listing: &Listing) -> String {
    let rendered = error["rendered"].as_str().unwrap_or("");
    let width = rendered
        .lines()
        .find_map(|line| line.find("--> ").filter(|at| line[..*at].trim().is_empty()))
        .unwrap_or(1);
    let normalizer = Normalizer {
        root,
        chapter,
        listing,
        width,
    };
    let mut place = Place::Nowhere;
    let mut lines: Vec<Line> = Vec::new();
    for line in rendered.trim_end().lines() {
        lines.extend(normalizer.line(line, &mut place));
    }
    let longest = lines
        .iter()
        .filter_map(|l| l.number)
        .max()
        .unwrap_or(1)
        .to_string()
        .len();
    let texts: Vec<String> = lines.iter().map(|line| line.print(longest)).collect();
    texts.join("\n") + "\n"
}

/// A line of the message. It may have a margin, and the margin may hold a line number.
struct Line {
    margin: bool,
    number: Option<usize>,
    text: String,
}

impl Line {
    fn print(&self, width: usize) -> String {
        let text = match (self.margin, self.number) {
            (false, _) => self.text.clone(),
            (true, Some(number)) => format!("{number:<width$}{}", self.text),
            (true, None) => format!("{:width$}{}", "", self.text),
        };
        text.trim_end().to_owned()
    }
}

struct Normalizer<'a> {
    root: &'a Path,
    chapter: &'a Chapter,
    listing: &'a Listing,
    /// The width of the margin in rustc's message.
    width: usize,
}

impl Normalizer<'_> {
    fn line(&self, line: &str, place: &mut Place) -> Option<Line> {
        let margin = line
            .get(..self.width)
            .filter(|m| m.chars().all(|c| c == ' ' || c.is_ascii_digit()));
        let Some(margin) = margin.filter(|_| line.len() > self.width) else {
            // A heading such as `error[E0308]: …`, or `...` for lines left out.
            if line.starts_with("...") {
                return matches!(place, Place::Nowhere | Place::Program | Place::Hidden)
                    .then(|| plain(line));
            }
            // A list of types in another crate's sources: its lines are not the listing's.
            let list = line.starts_with("help: the following other types implement");
            *place = if list { Place::List } else { Place::Nowhere };
            return (!list).then(|| plain(line));
        };
        let rest = &line[self.width..];
        if let Some(target) = rest
            .strip_prefix("--> ")
            .or_else(|| rest.strip_prefix("::: "))
        {
            let listed = *place == Place::List;
            let shown = self.place(target, place);
            if listed && *place == Place::Elsewhere {
                *place = Place::List;
                return None;
            }
            return Some(Line {
                margin: true,
                number: None,
                text: format!("{}{shown}", &rest[..4]),
            });
        }
        if rest.starts_with(" = ") {
            *place = Place::Nowhere;
            if rest.contains("the full name for the type has been written to")
                || rest.contains("consider using `--verbose`")
            {
                return None;
            }
        }
        if matches!(place, Place::Elsewhere | Place::List) {
            return None;
        }
        if let Ok(line) = margin.trim().parse() {
            // A hidden line is not quoted, and neither are the marks below it.
            *place = if self.is_hidden(line) {
                Place::Hidden
            } else {
                Place::Program
            };
        }
        if *place == Place::Hidden {
            return None;
        }
        let number = margin
            .trim()
            .parse()
            .ok()
            .and_then(|line| self.within(line))
            .map(|(_, line)| line);
        // A line with a number is the reader's code and stays as it is.
        let text = if number.is_some() {
            rest.to_owned()
        } else {
            short(rest)
        };
        Some(Line {
            margin: true,
            number,
            text,
        })
    }

    /// The place `path:line:column` as readers see it; sets `place` to what it points at.
    fn place(&self, target: &str, place: &mut Place) -> String {
        let mut parts = target.rsplitn(3, ':');
        let (column, line, file) = (
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(target),
        );
        let file = file.replace('\\', "/");
        let own = LINKED_CRATES
            .iter()
            .find_map(|name| Some((name, file.split_once(&format!("crates/{name}/"))?.1)));
        if in_program(&file) && own.is_none() {
            *place = Place::Program;
            return match line.parse().ok().and_then(|line| self.within(line)) {
                Some((true, line)) => format!("listing:{line}:{column}"),
                Some((false, line)) => format!("an earlier listing:{line}:{column}"),
                None => "listing".to_owned(),
            };
        }
        *place = Place::Elsewhere;
        let root = self.root.to_string_lossy().replace('\\', "/");
        if let Some((name, path)) = own {
            return format!("crates/{name}/{path}");
        }
        if let Some((_, library)) = file.split_once("/library/") {
            return format!("library/{library}");
        }
        match file
            .split_once("/registry/src/")
            .and_then(|(_, rest)| rest.split_once('/'))
        {
            Some((_, package)) => package.to_owned(),
            None => file.replace(&format!("{root}/"), ""),
        }
    }

    /// For a line of the program: whether it is in this listing, and its number, from 1, among the
    /// shown lines of its listing.
    fn within(&self, line: usize) -> Option<(bool, usize)> {
        let found = self
            .chapter
            .listings()
            .find(|l| (l.first..=l.end).contains(&line))?;
        let hidden = found.hidden.iter().filter(|h| **h < line).count();
        Some((found.id == self.listing.id, line - found.first + 1 - hidden))
    }

    /// Whether a line of the program is hidden from readers.
    fn is_hidden(&self, line: usize) -> bool {
        self.chapter.listings().any(|l| l.hidden.contains(&line))
    }
}

/// Removes the modules in front of the names of types, as rustc does where a name is in scope:
/// `digits::dfdx::shapes::Const<2>` gives `Const<2>`.
fn short(text: &str) -> String {
    let mut shortened = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["digits::", "dfdx::"]
        .iter()
        .filter_map(|root| rest.find(root))
        .min()
    {
        let path = &rest[at..];
        let name = modules(path);
        shortened.push_str(&rest[..at]);
        let kept = path[name..].chars().next().is_some_and(char::is_uppercase);
        if !kept {
            shortened.push_str(&path[..name]);
        }
        rest = &path[name..];
    }
    shortened + rest
}

/// The number of bytes at the start of a text that are modules: 6 for `a::b::C`.
fn modules(text: &str) -> usize {
    let mut end = 0;
    while let Some(length) = text[end..].find("::") {
        let name = &text[end..end + length];
        let module = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if name.is_empty() || !module {
            break;
        }
        end += length + 2;
    }
    end
}

fn plain(line: &str) -> Line {
    Line {
        margin: false,
        number: None,
        text: short(line),
    }
}

#[cfg(test)]
mod tests;
