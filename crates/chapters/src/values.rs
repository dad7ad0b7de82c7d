//! Values that prose quotes from recorded outputs: `{{value label}}` stands for the value in the
//! line `label: value` that the chapter printed, `{{value other-chapter/label}}` for another
//! chapter's.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::Result;

use crate::book::Book;
use crate::chapter::Chapter;
use crate::includes::Includes;
use crate::notebook::Notebook;

/// The text in place of a value that no run has printed yet.
pub const UNRECORDED: &str = "(not recorded yet)";

/// The labelled lines that each chapter printed, and the files that chapters show.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The values printed after a label, by chapter and label.
    printed: HashMap<String, HashMap<String, Vec<String>>>,
    /// The files that chapters show, for the notebooks.
    includes: Includes,
}

/// A quotation of a value in prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotation {
    /// The label, with `chapter/` before it if another chapter printed it.
    pub label: String,
    /// Its range of bytes in the Markdown, including braces.
    pub range: Range<usize>,
}

impl Values {
    /// Reads the notebooks of a book.
    ///
    /// # Errors
    /// A notebook, or a file that a chapter shows, cannot be read.
    pub fn of_book(book: &Book) -> Result<Self> {
        let mut values = Values {
            includes: Includes::of_book(book)?,
            ..Values::default()
        };
        for entry in &book.entries {
            if let Some(notebook) = Notebook::read(&book.notebook_path(&entry.name))? {
                values.add(&entry.name, &notebook);
            }
        }
        Ok(values)
    }

    /// Replaces the labelled lines of a chapter by those in its notebook.
    pub fn add(&mut self, chapter: &str, notebook: &Notebook) {
        let mut lines: HashMap<String, Vec<String>> = HashMap::new();
        for line in notebook.printed() {
            if let Some((label, value)) = line.split_once(": ") {
                let values = lines.entry(label.trim().to_owned()).or_default();
                if !values.contains(&value.trim().to_owned()) {
                    values.push(value.trim().to_owned());
                }
            }
        }
        self.printed.insert(chapter.to_owned(), lines);
    }

    /// The value of a label that is quoted in a chapter.
    ///
    /// # Errors
    /// A sentence that says that no line has the label, or several lines with different values.
    pub fn find(&self, chapter: &str, label: &str) -> Result<&str, String> {
        let (chapter, label) = match label.split_once('/') {
            Some((other, rest)) if self.printed.contains_key(other) => (other, rest),
            _ => (chapter, label),
        };
        match self
            .printed
            .get(chapter)
            .and_then(|lines| lines.get(label))
            .map(Vec::as_slice)
        {
            Some([value]) => Ok(value),
            Some(several) => Err(format!(
                "`{label}: …` was printed with {} different values in `{chapter}`",
                several.len()
            )),
            None => Err(format!(
                "no recorded line `{label}: …` in the outputs of `{chapter}`"
            )),
        }
    }

    /// Adds to `edits` the replacement of each quotation and inclusion in a chapter.
    pub(crate) fn edits(&self, chapter: &Chapter, edits: &mut Vec<(Range<usize>, String)>) {
        for quotation in quotations(chapter) {
            let value = self
                .find(&chapter.name, &quotation.label)
                .unwrap_or(UNRECORDED);
            edits.push((quotation.range, value.to_owned()));
        }
        self.includes.edits(chapter, edits);
    }
}

/// The quotations in the running text of a chapter.
pub fn quotations(chapter: &Chapter) -> Vec<Quotation> {
    let text = &chapter.markdown;
    let starts = text
        .match_indices("{{value ")
        .filter(|(start, _)| !chapter.is_verbatim(*start));
    starts
        .filter_map(|(start, opening)| {
            let inside = start + opening.len();
            let length = text[inside..].find("}}")?;
            let label = text[inside..inside + length].trim().to_owned();
            Some(Quotation {
                label,
                range: start..inside + length + 2,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::write;
    use crate::parse;

    fn values(lines: &str) -> Values {
        let chapter = parse::chapter("t", "# T\n\n```rust\n1\n```\n").unwrap();
        let mut notebook = write::notebook(&chapter, None, &Values::default());
        for cell in &mut notebook.cells {
            if let crate::notebook::Cell::Code { id, outputs, .. } = cell
                && id == "t-1"
            {
                *outputs = vec![
                    serde_json::json!({ "output_type": "stream", "name": "stdout", "text": lines }),
                ];
            }
        }
        let mut values = Values::default();
        values.add("t", &notebook);
        values
    }

    #[test]
    fn a_quotation_finds_its_line() {
        let values = values("epoch 1: loss 0.3\ntest accuracy: 98.2 %\n");
        assert_eq!(values.find("t", "test accuracy"), Ok("98.2 %"));
        assert_eq!(values.find("other", "t/test accuracy"), Ok("98.2 %"));
    }

    #[test]
    fn a_missing_or_ambiguous_line_is_named() {
        let values = values("loss: 1\nloss: 2\n");
        assert!(
            values
                .find("t", "accuracy")
                .unwrap_err()
                .contains("no recorded line `accuracy: …`")
        );
        assert!(
            values
                .find("t", "loss")
                .unwrap_err()
                .contains("2 different values")
        );
    }

    #[test]
    fn code_is_not_a_quotation() {
        let chapter = parse::chapter("t", "# T\n\nA `{{value a}}` and {{value b}}.\n").unwrap();
        let labels: Vec<_> = quotations(&chapter).into_iter().map(|q| q.label).collect();
        assert_eq!(labels, ["b"]);
    }
}
