//! Makes the page of a chapter: Markdown for mdBook that holds the recorded outputs and values, and
//! formulas as MathML.

use std::ops::Range;

use anyhow::Result;

use crate::book::Book;
use crate::chapter::{Chapter, Formula, Listing};
use crate::coverage;
use crate::math::{self, FormulaRenderer};
use crate::notebook::Notebook;
use crate::notebook::key::Fingerprint;
use crate::values::{self, Values};

pub mod outputs;
pub mod preprocessor;

/// The address at which `cargo xtask start` serves the notebooks.
const JUPYTER: &str = "http://localhost:8888/lab/tree/my-notebooks";

/// Makes the pages of a book.
pub struct PageRenderer {
    book: Book,
    values: Values,
    formulas: FormulaRenderer,
    /// `None` if the sources of the checkout cannot be read. Then no output counts as stale.
    fingerprint: Option<Fingerprint>,
}

/// A page, and the faults found while making it.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Markdown with HTML inside, for mdBook.
    pub markdown: String,
    /// Sentences that name chapter and line: about missing or stale outputs, and about formulas
    /// that cannot be converted.
    pub faults: Vec<String>,
}

impl PageRenderer {
    /// Reads what the pages of a book need from its checkout.
    ///
    /// # Errors
    /// A notebook or the table of contents cannot be read.
    pub fn new(book: Book) -> Result<Self> {
        let fingerprint = Fingerprint::of(&book.root).ok();
        Ok(PageRenderer {
            values: Values::of_book(&book)?,
            formulas: FormulaRenderer::new()?,
            fingerprint,
            book,
        })
    }

    /// Makes the page of the chapter called `name` from its Markdown.
    ///
    /// # Errors
    /// The chapter cannot be parsed, or its notebook cannot be read.
    pub fn page(&self, name: &str, markdown: &str) -> Result<Page> {
        let chapter = crate::parse::chapter(name, markdown)?;
        let notebook = Notebook::read(&self.book.notebook_path(name))?;
        let mut draft = PageDraft {
            chapter: &chapter,
            edits: Vec::new(),
            faults: Vec::new(),
        };
        for formula in &chapter.formulas {
            self.formula(&mut draft, formula);
        }
        for listing in chapter.listings() {
            self.listing(&mut draft, listing, notebook.as_ref())?;
        }
        self.quotations(&mut draft);
        self.title(&mut draft, notebook.as_ref());
        if let Some(at) = markdown
            .find("{{coverage}}")
            .filter(|at| !chapter.is_verbatim(*at))
        {
            draft
                .edits
                .push((at..at + "{{coverage}}".len(), coverage::page(&self.book)?));
        }
        Ok(draft.finish())
    }

    fn formula(&self, draft: &mut PageDraft<'_>, formula: &Formula) {
        let mathml = self.formulas.render(formula).unwrap_or_else(|fault| {
            draft.fault(formula.line, &fault);
            format!(
                "<code class=\"math-error\">{}</code>",
                outputs::escape(&formula.latex)
            )
        });
        let text = &draft.chapter.markdown;
        let html = match &formula.name {
            None => math::escape_for_markdown(&mathml),
            // At the start of a line it is a block; elsewhere, as in a list, it stays in its
            // paragraph.
            Some(name) if text[..formula.range.start].ends_with('\n') => {
                format!("\n\n<div class=\"formula\" id=\"formula-{name}\">{mathml}</div>\n\n")
            }
            Some(name) => format!(
                "<span class=\"formula\" id=\"formula-{name}\" style=\"display:block\">{}</span>",
                math::escape_for_markdown(&mathml)
            ),
        };
        draft.edits.push((formula.range.clone(), html));
    }

    fn listing(
        &self,
        draft: &mut PageDraft<'_>,
        listing: &Listing,
        notebook: Option<&Notebook>,
    ) -> Result<()> {
        let recorded = notebook.and_then(|n| {
            n.outputs(&listing.id)
                .filter(|_| n.code(&listing.id) == Some(listing.shown.trim_end()))
        });
        let shown = match recorded {
            Some(outputs) => outputs::html(outputs),
            None => {
                draft.fault(
                    listing.first,
                    &format!("listing `{}` has no recorded output", listing.id),
                );
                note("No output is recorded for this listing yet.")
            }
        };
        let code = format!(
            "```rust,noplayground\n{}```\n\n{shown}",
            keep_hashes(&listing.shown)
        );
        let code = if listing.marks.solution {
            format!(
                "<details class=\"solution\">\n<summary>Solution</summary>\n\n{code}\n\n</details>"
            )
        } else {
            code
        };
        draft.edits.push((
            listing.range.clone(),
            format!(
                "<div class=\"listing\" id=\"{}\">\n\n{code}\n\n</div>\n",
                listing.anchor()
            ),
        ));
        Ok(())
    }

    fn quotations(&self, draft: &mut PageDraft<'_>) {
        for quotation in values::quotations(draft.chapter) {
            let value = match self.values.find(&draft.chapter.name, &quotation.label) {
                Ok(value) => value.to_owned(),
                Err(fault) => {
                    draft.fault(draft.chapter.line_of(quotation.range.start), &fault);
                    values::UNRECORDED.to_owned()
                }
            };
            draft.edits.push((quotation.range, value));
        }
    }

    /// Adds a link to the notebook below the title, and a note if the recorded outputs are stale.
    fn title(&self, draft: &mut PageDraft<'_>, notebook: Option<&Notebook>) {
        let chapter = draft.chapter;
        let Some(title) = chapter
            .headings
            .first()
            .filter(|_| chapter.listings().next().is_some())
        else {
            return;
        };
        let at = title.range.start
            + chapter.markdown[title.range.start..]
                .find('\n')
                .unwrap_or(0);
        let name = &chapter.name;
        let mut text = format!(
            "\n\n<p class=\"notebook\">Run this chapter: <a href=\"{JUPYTER}/{name}.ipynb\">\
             <code>{name}.ipynb</code></a> in Jupyter, once <code>cargo xtask start</code> has \
             started it."
        );
        if let Some(recorded) = notebook.and_then(Notebook::recorded) {
            text.push_str(&format!(
                " The outputs below were recorded on {}.",
                outputs::escape(&recorded)
            ));
        }
        text.push_str("</p>\n\n");
        let key = self
            .fingerprint
            .as_ref()
            .map(|fingerprint| fingerprint.key(chapter));
        if let (Some(key), Some(recorded)) = (key, notebook.and_then(Notebook::key))
            && key != recorded
        {
            draft.fault(1, "the recorded outputs are stale");
            text.push_str(&note(
                "The outputs on this page are stale: listings, `digits` or data have changed since \
                 they were recorded.",
            ));
            text.push_str("\n\n");
        }
        draft.edits.push((at..at, text));
    }
}

/// Code as mdBook must get it to show all its lines: mdBook too hides lines that begin with `# `,
/// unless they have one `#` more.
fn keep_hashes(code: &str) -> String {
    let line = |line: &str| {
        let start = line.trim_start();
        let hides = start.starts_with("# ") || start.starts_with("##") || start.trim_end() == "#";
        line.replacen('#', "##", usize::from(hides))
    };
    code.split_inclusive('\n').map(line).collect()
}

/// A note for the author of the chapter.
fn note(sentence: &str) -> String {
    format!(
        "<p class=\"note missing\">{} <code>cargo xtask notebooks</code> runs the chapter and \
         records its outputs.</p>",
        outputs::escape(sentence)
    )
}

/// The edits that turn a chapter into its page, and the faults found so far.
struct PageDraft<'a> {
    chapter: &'a Chapter,
    edits: Vec<(Range<usize>, String)>,
    faults: Vec<String>,
}

impl PageDraft<'_> {
    fn fault(&mut self, line: usize, sentence: &str) {
        self.faults.push(format!(
            "book/src/{}.md:{line}: {sentence}",
            self.chapter.name
        ));
    }

    fn finish(mut self) -> Page {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut markdown = String::new();
        let mut at = 0;
        for (range, new) in self.edits {
            markdown.push_str(&self.chapter.markdown[at..range.start]);
            markdown.push_str(&new);
            at = range.end;
        }
        markdown.push_str(&self.chapter.markdown[at..]);
        Page {
            markdown,
            faults: self.faults,
        }
    }
}

#[cfg(test)]
mod tests;
