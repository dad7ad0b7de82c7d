//! Converts prose for a notebook: removes the names of formulas and the anchors of headings, makes
//! links and pictures work inside Jupyter, and inserts recorded values.

use crate::chapter::{Chapter, Prose};
use crate::values::Values;

/// A range of bytes of the chapter, and the text to put in its place.
type Edit = (std::ops::Range<usize>, String);

/// The Markdown of a prose cell.
pub(super) fn for_notebook(chapter: &Chapter, prose: &Prose, values: &Values) -> String {
    let mut edits = Vec::new();
    formulas(chapter, &mut edits);
    anchors(chapter, &mut edits);
    links(chapter, prose, &mut edits);
    values.edits(chapter, &mut edits);
    edits.retain(|(range, _)| prose.range.start <= range.start && range.end <= prose.range.end);
    edits.sort_by_key(|(range, _)| range.start);
    let mut text = String::new();
    let mut at = prose.range.start;
    for (range, new) in edits {
        text.push_str(&chapter.markdown[at..range.start]);
        text.push_str(&new);
        at = range.end;
    }
    text.push_str(&chapter.markdown[at..prose.range.end]);
    text
}

fn formulas(chapter: &Chapter, edits: &mut Vec<Edit>) {
    for (_, formula) in chapter.displayed() {
        let text = &chapter.markdown[formula.range.clone()];
        if let Some(end) = text.rfind("$$") {
            edits.push((
                formula.range.start + end + 2..formula.range.end,
                String::new(),
            ));
        }
    }
}

fn anchors(chapter: &Chapter, edits: &mut Vec<Edit>) {
    for heading in chapter.headings.iter().filter(|h| h.anchor.is_some()) {
        let text = chapter.markdown[heading.range.clone()].trim_end();
        if let Some(at) = text.rfind(" {#") {
            edits.push((
                heading.range.start + at..heading.range.start + text.len(),
                String::new(),
            ));
        }
    }
}

/// Changes the targets of links: `other.md#section` becomes `other.ipynb`, because Jupyter names
/// sections differently, and the paths of pictures become relative to the folder of notebooks.
fn links(chapter: &Chapter, prose: &Prose, edits: &mut Vec<Edit>) {
    let text = &chapter.markdown[prose.range.clone()];
    for (found, _) in text.match_indices("](") {
        let start = prose.range.start + found + 2;
        if chapter.is_verbatim(start) {
            continue;
        }
        let target = chapter.markdown[start..]
            .split([')', ' '])
            .next()
            .unwrap_or("");
        if let Some(new) = link(chapter, target) {
            edits.push((start..start + target.len(), new));
        }
    }
}

fn link(chapter: &Chapter, target: &str) -> Option<String> {
    if target.contains(':') || target.starts_with('/') {
        return None;
    }
    if let Some(anchor) = target.strip_prefix('#') {
        let heading = chapter
            .headings
            .iter()
            .find(|h| h.anchor.as_deref().unwrap_or(&slug(&h.text)) == anchor)?;
        return Some(format!("#{}", heading.text.trim().replace(' ', "-")));
    }
    let file = target.split('#').next().unwrap_or(target);
    match file.strip_suffix(".md") {
        Some(other) if !other.contains('/') => Some(format!("{other}.ipynb")),
        _ => Some(format!("../book/src/{target}")),
    }
}

/// The anchor that mdBook makes of a heading.
fn slug(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter_map(|c| match c {
            _ if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
            _ if c.is_whitespace() => Some('-'),
            _ => None,
        })
        .collect()
}
