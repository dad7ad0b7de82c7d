//! The rule that every picture has alternative text.

use crate::chapter::Chapter;
use crate::notebook::{Cell, Notebook, joined};

/// Pictures in the Markdown without alternative text.
pub fn in_prose(chapter: &Chapter) -> Vec<String> {
    let silent = chapter
        .pictures
        .iter()
        .filter(|(alt, _)| alt.trim().is_empty());
    silent
        .map(|(_, line)| super::at(chapter, *line, "this picture has no alternative text"))
        .collect()
}

/// Recorded pictures without alternative text, and pictures of which evcxr printed a description
/// only.
pub fn recorded(chapter: &Chapter, notebook: &Notebook) -> Vec<String> {
    let mut breaches = Vec::new();
    for cell in &notebook.cells {
        let Cell::Code { id, outputs, .. } = cell else {
            continue;
        };
        for output in outputs {
            if joined(&output["data"]["text/plain"]).starts_with("Picture(") {
                let line = chapter
                    .listings()
                    .find(|l| l.id == *id)
                    .map_or(1, |l| l.first);
                let why = "printed a picture's description and not the picture: evcxr does so when \
                           the cell is also the first to use `?`, or moves a variable in its last \
                           expression";
                breaches.push(super::at(chapter, line, &format!("listing `{id}` {why}")));
            }
            for mime in ["text/html", "image/svg+xml"] {
                let Some(content) = output["data"].get(mime) else {
                    continue;
                };
                let content = joined(content);
                let silent = svgs(&content)
                    .into_iter()
                    .filter(|svg| !labelled(svg))
                    .count();
                if silent > 0 {
                    let line = chapter
                        .listings()
                        .find(|l| l.id == *id)
                        .map_or(1, |l| l.first);
                    breaches.push(super::at(
                        chapter,
                        line,
                        &format!("listing `{id}` drew {silent} pictures without alternative text"),
                    ));
                }
            }
        }
    }
    breaches
}

/// The rest of a text from each `<svg` on.
fn svgs(text: &str) -> Vec<&str> {
    text.match_indices("<svg")
        .map(|(start, _)| &text[start..])
        .collect()
}

fn labelled(svg: &str) -> bool {
    let tag = svg.split('>').next().unwrap_or("");
    let named = tag
        .split_once("aria-label=\"")
        .is_some_and(|(_, label)| !label.starts_with('"'));
    tag.contains("role=\"img\"") && (named || tag.contains("aria-labelledby="))
        || tag.contains("aria-hidden=\"true\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_labelled_picture_is_recognised() {
        assert!(labelled(
            "<svg role=\"img\" aria-label=\"ten digits\" width=\"1\">"
        ));
        assert!(!labelled("<svg role=\"img\" aria-label=\"\">"));
        assert!(!labelled("<svg width=\"1\"><g aria-label=\"x\">"));
    }

    #[test]
    fn a_picture_without_words_is_found() {
        let chapter = crate::parse::chapter("t", "# T\n\n![](a.svg) ![a wave](b.svg)\n").unwrap();
        assert_eq!(
            in_prose(&chapter),
            ["book/src/t.md:3: this picture has no alternative text"]
        );
    }
}
