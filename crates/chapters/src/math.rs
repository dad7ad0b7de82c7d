//! LaTeX → MathML at build time: no script, no network, readable by a screen reader.

use anyhow::{Context, Result, anyhow};
use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

use crate::chapter::Formula;

/// Sets formulas.
pub struct FormulaRenderer(LatexToMathML);

impl FormulaRenderer {
    /// # Errors
    /// Never with the settings used here.
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
    /// A sentence: what in the LaTeX is not understood.
    pub fn set(&self, formula: &Formula) -> Result<String, String> {
        let display = if formula.name.is_some() {
            MathDisplay::Block
        } else {
            MathDisplay::Inline
        };
        let set = self
            .0
            .convert_with_local_state(formula.latex.trim(), display);
        set.map(|set| set.mathml)
            .map_err(|error| format!("this formula cannot be set: {error}"))
    }
}

/// HTML that stands in a line of Markdown: what Markdown would read as its own marks between the tags becomes entities.
pub fn shield(html: &str) -> String {
    let mut shielded = String::with_capacity(html.len());
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            // `&`, `#` and `;` belong to entities that are there already.
            _ if !in_tag && c.is_ascii_punctuation() && !matches!(c, '&' | '#' | ';') => {
                shielded.push_str(&format!("&#{};", u32::from(c)));
                continue;
            }
            _ => {}
        }
        shielded.push(c);
    }
    shielded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::chapter;

    fn set(latex: &str) -> Result<String, String> {
        let chapter = chapter("t", &format!("# T\n\n$$\n{latex}\n$$ {{#x}}\n")).unwrap();
        FormulaRenderer::new().unwrap().set(&chapter.formulas[0])
    }

    #[test]
    fn formulas_become_mathml() {
        let set = set("s = \\sum_{i=1}^{N} x_i").unwrap();
        assert!(
            set.starts_with("<math display=\"block\"") && set.contains("munderover"),
            "{set}"
        );
    }

    #[test]
    fn unknown_commands_are_named() {
        assert!(set("\\nonsense x").unwrap_err().contains("nonsense"));
    }

    #[test]
    fn markdown_marks_between_tags_become_entities() {
        assert_eq!(
            shield("<mo a=\"*\">*</mo><mi>x_1</mi>&lt;"),
            "<mo a=\"*\">&#42;</mo><mi>x&#95;1</mi>&lt;"
        );
    }
}
