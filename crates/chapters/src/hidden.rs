//! Hidden lines of a listing, as in rustdoc: run by the test and the recorder, not shown to
//! readers.
//!
//! A line whose first characters are `# `, or that is `#` alone, is hidden. A shown line that
//! begins so is written with one `#` more: `## ` is shown as `# `. `#[derive(…)]` and `#![…]` are
//! ordinary lines.
//!
//! Hidden lines only assert. So a reader who runs the shown lines alone gets the same variables and
//! the same outputs. [`Lines::check`] holds them to that: each group of hidden lines is one or more
//! complete statements that define nothing outside their own braces.
//!
//! ```
//! use chapters::hidden::Lines;
//!
//! let lines = Lines::of("let a = 1 + 1;\n# assert_eq!(a, 2);\na\n");
//! assert_eq!(lines.code, "let a = 1 + 1;\n  assert_eq!(a, 2);\na\n");
//! assert_eq!(lines.shown, "let a = 1 + 1;\na\n");
//! assert_eq!(lines.hidden, [1]);
//! ```

use syn::visit::{self, Visit};

use crate::marks::Marks;
use crate::program;

/// The lines between a listing's fences, sorted into those that readers see and those they do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// All lines, ready to compile: a hidden line's `# ` is replaced by two blanks.
    pub code: String,
    /// The shown lines.
    pub shown: String,
    /// The numbers of the hidden lines in `code`, from 0.
    pub hidden: Vec<usize>,
}

/// Why hidden lines are refused: the number of the line, from 0, and a sentence.
pub type Refused = (usize, String);

impl Lines {
    /// Sorts the lines of `text`, each of which ends in a newline.
    pub fn of(text: &str) -> Self {
        let mut lines = Lines::default();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let start = line.trim_start();
            if start.starts_with("# ") || start.trim_end() == "#" {
                lines.hidden.push(number);
                // A blank in its place keeps the columns in the compiler's messages.
                lines.code += &line.replacen('#', " ", 1);
            } else {
                let line = if start.starts_with("##") {
                    line.replacen("##", "#", 1)
                } else {
                    line.to_owned()
                };
                lines.code += &line;
                lines.shown += &line;
            }
        }
        lines
    }

    /// Whether the hidden lines keep their rules.
    ///
    /// # Errors
    /// The first line that breaks one: it stands in a listing that must not compile, behind the
    /// expression whose value the listing shows, or in a listing that shows nothing; or its group
    /// of lines is no complete statement, or defines something that a shown line could use.
    pub fn check(&self, marks: &Marks) -> Result<(), Refused> {
        let (Some(&first), Some(&last)) = (self.hidden.first(), self.hidden.last()) else {
            return Ok(());
        };
        let refuse = |line: usize, sentence: &str| Err((line, sentence.to_owned()));
        if marks.compile_fail {
            return refuse(
                first,
                "a hidden line never runs in a listing that must not compile: remove it",
            );
        }
        if self.shown.trim().is_empty() {
            return refuse(
                first,
                "this listing shows nothing: move its hidden lines to a listing with shown lines",
            );
        }
        let mut end = String::new();
        for group in self.groups() {
            end = self.text_of(&group);
            check_statements(&end).map_err(|sentence| (group[0], sentence))?;
        }
        if program::statements(&self.code).is_some() && program::statements(&self.shown).is_none() {
            return refuse(
                first,
                "the shown lines are no complete statements without the hidden ones",
            );
        }
        let is_last = self.code.lines().skip(last + 1).all(is_blank);
        if is_last && program::has_value(&self.shown) {
            return refuse(
                last,
                "a hidden line stands behind the expression whose value the listing shows: put it \
                 before that expression, or end the expression with `;`",
            );
        }
        if is_last && program::has_value(&end) {
            return refuse(
                last,
                "the listing would show the value of this hidden line: end it with `;`",
            );
        }
        Ok(())
    }

    /// The numbers of the hidden lines, in groups that follow one another directly.
    fn groups(&self) -> Vec<Vec<usize>> {
        let groups = self.hidden.chunk_by(|a, b| a + 1 == *b);
        groups.map(<[usize]>::to_vec).collect()
    }

    /// The code on the lines with these numbers.
    fn text_of(&self, numbers: &[usize]) -> String {
        let lines: Vec<&str> = self.code.split_inclusive('\n').collect();
        numbers.iter().map(|number| lines[*number]).collect()
    }
}

/// Whether a line holds no code.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with("//")
}

/// Checks that `code` is complete statements which leave nothing behind for the lines after them.
fn check_statements(code: &str) -> Result<(), String> {
    let statements = program::statements(code).ok_or(
        "these hidden lines are no complete statements by themselves; a hidden line cannot be \
         part of a shown statement",
    )?;
    for statement in &statements {
        let defines = match statement {
            syn::Stmt::Local(_) => Some("`let`"),
            syn::Stmt::Item(syn::Item::Use(_)) => Some("`use`"),
            syn::Stmt::Item(_) => Some("an item"),
            syn::Stmt::Expr(..) | syn::Stmt::Macro(_) => None,
        };
        if let Some(what) = defines {
            return Err(format!(
                "{what} on a hidden line could be used by a shown one: put the hidden lines \
                 between `# {{` and `# }}`, or write the full path"
            ));
        }
    }
    let mut effects = Effects::default();
    statements.iter().for_each(|s| effects.visit_stmt(s));
    match effects.found {
        None => Ok(()),
        Some(what) => Err(format!("hidden lines only assert, and this one has {what}")),
    }
}

/// Finds what a hidden line could change for the shown lines, even from inside braces.
#[derive(Default)]
struct Effects {
    found: Option<&'static str>,
}

impl<'a> Visit<'a> for Effects {
    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        use syn::BinOp::*;
        let what = match expression {
            syn::Expr::Assign(_) => Some("an assignment"),
            syn::Expr::Binary(binary) => match binary.op {
                AddAssign(_) | SubAssign(_) | MulAssign(_) | DivAssign(_) | RemAssign(_)
                | BitXorAssign(_) | BitAndAssign(_) | BitOrAssign(_) | ShlAssign(_)
                | ShrAssign(_) => Some("an assignment"),
                _ => None,
            },
            syn::Expr::Reference(reference) if reference.mutability.is_some() => Some("a `&mut`"),
            syn::Expr::Return(_) => Some("a `return`"),
            syn::Expr::Break(_) => Some("a `break`"),
            syn::Expr::Continue(_) => Some("a `continue`"),
            _ => None,
        };
        self.found = self.found.or(what);
        visit::visit_expr(self, expression);
    }

    fn visit_item_impl(&mut self, _: &'a syn::ItemImpl) {
        self.found = self
            .found
            .or(Some("an `impl`, which holds outside its braces too"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, String) {
        Lines::of(text)
            .check(&Marks::default())
            .expect_err("a sentence")
    }

    fn allowed(text: &str) -> bool {
        Lines::of(text).check(&Marks::default()) == Ok(())
    }

    #[test]
    fn only_a_hash_and_a_blank_hide_a_line() {
        let text = "#[derive(Clone)]\nstruct S;\n#![allow(unused)]\n    # f();\n#\n## g\n###\n";
        let lines = Lines::of(text);
        assert_eq!(lines.hidden, [3, 4]);
        assert_eq!(
            lines.shown,
            "#[derive(Clone)]\nstruct S;\n#![allow(unused)]\n# g\n##\n"
        );
        assert_eq!(lines.code.lines().nth(3), Some("      f();"));
        assert_eq!(lines.code.lines().count(), text.lines().count());
    }

    #[test]
    fn assertions_and_blocks_are_allowed() {
        assert!(allowed(
            "let a = 1;\n# assert_eq!(a, 1);\n# check(a)?;\na\n"
        ));
        assert!(allowed(
            "let a = 1;\n# {\n#     use b::Band;\n#     Band::check(a)?;\n# }\na\n"
        ));
        assert!(allowed(
            "for a in 0..2 {\n    f(a);\n    # assert!(a < 2);\n}\n"
        ));
        assert!(allowed("for a in 0..2 {\n    f(a);\n}\n# assert!(true);\n"));
    }

    #[test]
    fn what_a_shown_line_could_use_is_refused() {
        for (line, what) in [
            ("# let a = 1;", "`let`"),
            ("# use digits::run_mode::Band;", "`use`"),
            ("# fn f() {}", "an item"),
            ("# a = 2;", "an assignment"),
            ("# a += 2;", "an assignment"),
            ("# f(&mut a);", "a `&mut`"),
            ("# { if a { return Ok(()) } }", "a `return`"),
            ("# { impl F for S {} }", "an `impl`"),
        ] {
            let (number, sentence) = refused(&format!("g();\n{line}\nh()\n"));
            assert_eq!(number, 1);
            assert!(sentence.contains(what), "{line}: {sentence}");
        }
    }

    #[test]
    fn a_part_of_a_shown_statement_cannot_be_hidden() {
        let (number, sentence) = refused("f(\n# 1,\n    2,\n);\n");
        assert_eq!(number, 1);
        assert!(sentence.contains("no complete statements"), "{sentence}");
        assert!(
            refused("# {\na\n# }\n")
                .1
                .contains("no complete statements")
        );
    }

    #[test]
    fn the_value_of_a_listing_is_a_shown_one() {
        let (number, sentence) = refused("let a = 1;\na\n# assert!(true);\n");
        assert_eq!(number, 2);
        assert!(sentence.contains("behind the expression"), "{sentence}");
        assert!(
            refused("let a = 1;\n# check(a)?\n")
                .1
                .contains("end it with `;`")
        );
        assert!(refused("# assert!(true);\n").1.contains("shows nothing"));
    }

    #[test]
    fn a_listing_that_must_not_compile_has_no_hidden_lines() {
        let marks = Marks::parse("compile_fail").unwrap();
        let (_, sentence) = Lines::of("# f();\na\n").check(&marks).unwrap_err();
        assert!(sentence.contains("must not compile"), "{sentence}");
    }
}
