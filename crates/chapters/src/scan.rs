//! Finds the headings, fences, formulas and pictures of a chapter in one pass over its Markdown.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A heading: its text as readers see it, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// The level: 1 for the chapter's title.
    pub level: u8,
    /// The text without Markdown's marks.
    pub text: String,
    /// The anchor written after it as `{#anchor}`, if there is one.
    pub anchor: Option<String>,
    /// Its range of bytes in the Markdown.
    pub range: Range<usize>,
}

/// A fenced block of code in any language.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    pub info: String,
    pub nested: bool,
    pub range: Range<usize>,
}

/// A formula, `$…$` or `$$…$$`.
#[derive(Clone, Debug)]
pub(crate) struct Math {
    pub displayed: bool,
    pub latex: String,
    pub range: Range<usize>,
}

/// A picture, `![alt](…)`.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub alt: String,
    pub range: Range<usize>,
}

#[derive(Default)]
pub(crate) struct Scan {
    pub headings: Vec<Heading>,
    pub fences: Vec<Fence>,
    pub maths: Vec<Math>,
    pub images: Vec<Image>,
    /// The ranges of code and raw HTML, in which nothing is a formula or a quotation.
    pub verbatim: Vec<Range<usize>>,
    depth: usize,
    in_heading: bool,
    in_image: bool,
}

/// The extensions that mdBook enables, and mathematics.
fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH
}

impl Scan {
    pub fn of(markdown: &str) -> Self {
        let mut scan = Scan::default();
        for (event, range) in Parser::new_ext(markdown, options()).into_offset_iter() {
            scan.take(event, range);
        }
        scan
    }

    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.words(&text),
            Event::Code(code) => {
                self.words(&code);
                self.verbatim.push(range);
            }
            Event::InlineHtml(_) => self.verbatim.push(range),
            Event::SoftBreak | Event::HardBreak => self.words(" "),
            Event::InlineMath(latex) => {
                self.words(&latex);
                self.maths.push(Math {
                    displayed: false,
                    latex: latex.into_string(),
                    range,
                });
            }
            Event::DisplayMath(latex) => {
                self.maths.push(Math {
                    displayed: true,
                    latex: latex.into_string(),
                    range,
                });
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { level, id, .. } => {
                self.in_heading = true;
                let anchor = id.map(|id| id.into_string());
                let (level, text) = (level as u8, String::new());
                self.headings.push(Heading {
                    level,
                    text,
                    anchor,
                    range,
                });
            }
            Tag::CodeBlock(kind) => {
                self.verbatim.push(range.clone());
                if let CodeBlockKind::Fenced(info) = kind {
                    let nested = self.depth > 0;
                    self.fences.push(Fence {
                        info: info.into_string(),
                        nested,
                        range,
                    });
                }
            }
            Tag::Image { .. } => {
                self.in_image = true;
                self.images.push(Image {
                    alt: String::new(),
                    range,
                });
            }
            Tag::HtmlBlock => self.verbatim.push(range),
            Tag::List(_)
            | Tag::BlockQuote(_)
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList => {
                self.depth += 1;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.in_heading = false,
            TagEnd::Image => self.in_image = false,
            TagEnd::List(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList => self.depth -= 1,
            _ => {}
        }
    }

    /// Adds text to the picture or else the heading that contains it, if there is one.
    fn words(&mut self, text: &str) {
        if self.in_image
            && let Some(image) = self.images.last_mut()
        {
            image.alt.push_str(text);
        } else if self.in_heading
            && let Some(heading) = self.headings.last_mut()
        {
            heading.text.push_str(text);
        }
    }
}
