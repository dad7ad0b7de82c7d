//! Converts LaTeX to MathML when the book is built. The page then needs neither script nor network,
//! and screen readers can read its formulas.

use anyhow::{Context, Result, anyhow};
use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

use crate::chapter::Formula;

/// Converts formulas to MathML.
pub struct FormulaRenderer(LatexToMathML);

impl FormulaRenderer {
    /// A renderer with the default settings.
    ///
    /// # Errors
    /// Never with these settings.
    pub fn new() -> Result<Self> {
        let formulas = LatexToMathML::new(MathCoreConfig::default());
        Ok(FormulaRenderer(
            formulas
                .map_err(|e| anyhow!("{e:?}"))
                .context("the mathematics settings")?,
        ))
    }

    /// The `<math>` element of a formula.
    ///
    /// # Errors
    /// A sentence that says which part of the LaTeX is not understood.
    pub fn render(&self, formula: &Formula) -> Result<String, String> {
        let display = if formula.name.is_some() {
            MathDisplay::Block
        } else {
            MathDisplay::Inline
        };
        let rendered = self
            .0
            .convert_with_local_state(formula.latex.trim(), display);
        rendered
            .map(|rendered| rendered.mathml)
            .map_err(|error| format!("this formula cannot be converted to MathML: {error}"))
    }
}

/// Makes HTML safe inside a line of Markdown: punctuation between the tags, which Markdown could
/// take for its own marks, becomes entities.
pub fn escape_for_markdown(html: &str) -> String {
    let mut escaped = String::with_capacity(html.len());
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            // `&`, `#` and `;` belong to entities that are there already.
            _ if !in_tag && c.is_ascii_punctuation() && !matches!(c, '&' | '#' | ';') => {
                escaped.push_str(&format!("&#{};", u32::from(c)));
                continue;
            }
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::chapter;

    fn render(latex: &str) -> Result<String, String> {
        let chapter = chapter("t", &format!("# T\n\n$$\n{latex}\n$$ {{#x}}\n")).unwrap();
        FormulaRenderer::new().unwrap().render(&chapter.formulas[0])
    }

    #[test]
    fn formulas_become_mathml() {
        let mathml = render("s = \\sum_{i=1}^{N} x_i").unwrap();
        assert!(
            mathml.starts_with("<math display=\"block\"") && mathml.contains("munderover"),
            "{mathml}"
        );
    }

    #[test]
    fn unknown_commands_are_named() {
        assert!(render("\\nonsense x").unwrap_err().contains("nonsense"));
    }

    #[test]
    fn markdown_marks_between_tags_become_entities() {
        assert_eq!(
            escape_for_markdown("<mo a=\"*\">*</mo><mi>x_1</mi>&lt;"),
            "<mo a=\"*\">&#42;</mo><mi>x&#95;1</mi>&lt;"
        );
    }
}
