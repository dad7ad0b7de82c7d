//! Files of the checkout that a chapter shows: `{{#include ../../bench/keras/mlp128.py}}`.
//!
//! mdBook puts the text of the file on the page, and this module puts it into the notebook.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result};

use crate::book::Book;
use crate::chapter::Chapter;

/// The beginning of an inclusion in mdBook's syntax.
const OPENING: &str = "{{#include ";

/// The texts of the files that chapters show, by their path as written in the chapter. A text ends
/// without a newline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Includes(HashMap<String, String>);

impl Includes {
    /// Reads the files that the chapters of a book show.
    ///
    /// # Errors
    /// A file is missing or is not text. The error names the file and the chapter. Chapters that
    /// cannot be read are skipped.
    pub(crate) fn of_book(book: &Book) -> Result<Self> {
        let mut files = HashMap::new();
        for entry in &book.entries {
            let Ok(chapter) = book.chapter(&entry.name) else {
                continue;
            };
            for (path, range) in inclusions(&chapter) {
                let line = chapter.line_of(range.start);
                let text = std::fs::read_to_string(book.root.join("book/src").join(&path))
                    .with_context(|| {
                        format!("book/src/{}.md:{line}: cannot read {path}", entry.name)
                    })?;
                files.insert(path, text.trim_end().to_owned());
            }
        }
        Ok(Includes(files))
    }

    /// Adds to `edits` the replacement of each inclusion in a chapter.
    pub(crate) fn edits(&self, chapter: &Chapter, edits: &mut Vec<(Range<usize>, String)>) {
        let known = inclusions(chapter).into_iter();
        edits.extend(known.filter_map(|(path, range)| Some((range, self.0.get(&path)?.clone()))));
    }
}

/// The inclusions in a chapter: path and range of bytes.
fn inclusions(chapter: &Chapter) -> Vec<(String, Range<usize>)> {
    let text = &chapter.markdown;
    let starts = text.match_indices(OPENING);
    starts
        .filter_map(|(start, _)| {
            let inside = start + OPENING.len();
            let length = text[inside..].find("}}")?;
            let path = text[inside..inside + length].trim().to_owned();
            Some((path, start..inside + length + 2))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    const MARKDOWN: &str = "# T\n\n```python\n{{#include ../../bench/a.py}}\n```\n";

    fn book(name: &str) -> Book {
        let root = std::env::temp_dir().join(format!("includes-{name}-{}", std::process::id()));
        std::fs::create_dir_all(root.join("book/src")).unwrap();
        std::fs::create_dir_all(root.join("bench")).unwrap();
        std::fs::write(root.join("book/src/SUMMARY.md"), "- [T](t.md)\n").unwrap();
        std::fs::write(root.join("book/src/t.md"), MARKDOWN).unwrap();
        Book::open(root).unwrap()
    }

    #[test]
    fn a_files_text_takes_the_inclusions_place() {
        let book = book("there");
        std::fs::write(book.root.join("bench/a.py"), "print(1)\nprint(2)\n").unwrap();
        let chapter = parse::chapter("t", MARKDOWN).unwrap();
        let mut edits = Vec::new();
        let includes = Includes::of_book(&book);
        std::fs::remove_dir_all(&book.root).unwrap();
        includes.unwrap().edits(&chapter, &mut edits);
        assert_eq!(edits.len(), 1);
        assert_eq!(
            &MARKDOWN[edits[0].0.clone()],
            "{{#include ../../bench/a.py}}"
        );
        assert_eq!(edits[0].1, "print(1)\nprint(2)");
    }

    #[test]
    fn a_missing_file_is_named_with_its_chapter() {
        let book = book("missing");
        let error = Includes::of_book(&book).unwrap_err().to_string();
        std::fs::remove_dir_all(&book.root).unwrap();
        assert_eq!(error, "book/src/t.md:4: cannot read ../../bench/a.py");
    }
}
