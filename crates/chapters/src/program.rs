//! Puts the listings of a chapter into one Rust program. Each line of code has the same number in
//! the program as in the Markdown, so a message of the compiler or of a panic names the chapter's
//! line.
//!
//! Lines of prose become blank lines. What the program needs besides the listings is on line 1
//! and on the lines of the fences.

use crate::chapter::{Chapter, Listing};

/// The lints that listings may break: a listing may define what no other uses, and a value that a
/// notebook shows is dropped here. Clippy's advice is left out of the lesson.
const ALLOWED: &str = "#[allow(unused, clippy::all)]";

const FRAME: &str = "-> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {";

/// The test program of a chapter: one test that runs all listings in order. It calls
/// `listings::run`, and `listings::begin` before each listing.
pub fn test(chapter: &Chapter) -> String {
    let listings: Vec<&Listing> = running(chapter).collect();
    let spans: String = listings
        .iter()
        .map(|l| format!("({:?}, {}, {}), ", l.id, l.first, l.end))
        .collect();
    let mut lines = blank(chapter);
    lines[0] = format!(
        "#[test] fn every_listing_runs() {{ ::listings::run({:?}, &[{spans}], program); }} \
         {ALLOWED} fn program() {FRAME}",
        chapter.name
    );
    for (number, listing) in listings.iter().enumerate() {
        lines[listing.fence - 1].push_str(&format!(" ::listings::begin({number});"));
        place(listing, &mut lines);
    }
    lines.join("\n") + "\nOk(()) }\n"
}

/// The program that must not compile: the listings before `failing`, then `failing`.
pub fn failing(chapter: &Chapter, failing: &Listing) -> String {
    let mut lines = blank(chapter);
    lines[0] = format!("{ALLOWED} fn main() {FRAME}");
    for listing in running(chapter).take_while(|l| l.fence < failing.fence) {
        place(listing, &mut lines);
    }
    // As the reader wrote it: rustc quotes these lines.
    for (offset, line) in failing.code.lines().enumerate() {
        lines[failing.first - 1 + offset].push_str(line);
    }
    lines.truncate(failing.end);
    if closing(&failing.code) != Closing::Statement {
        lines[failing.end - 1].push(';');
    }
    lines.join("\n") + "\nOk(()) }\n"
}

/// The listings that compile.
fn running(chapter: &Chapter) -> impl Iterator<Item = &Listing> {
    chapter.listings().filter(|l| !l.marks.compile_fail)
}

fn blank(chapter: &Chapter) -> Vec<String> {
    vec![String::new(); chapter.markdown.lines().count().max(1)]
}

/// Writes the code of a listing onto its lines. An expression at its end becomes a statement that
/// borrows the value, as a notebook does to show it.
fn place(listing: &Listing, lines: &mut [String]) {
    for (offset, line) in listing.code.lines().enumerate() {
        lines[listing.first - 1 + offset].push_str(line);
    }
    let end = listing.end - 1;
    match closing(&listing.code) {
        Closing::Statement => {}
        Closing::Expression { line: Some(line) } => {
            lines[listing.first - 1 + line].insert_str(0, "_ = &(");
            lines[end].push_str(");");
        }
        Closing::Expression { line: None } => lines[end].push(';'),
    }
}

/// How a listing ends.
#[derive(Debug, PartialEq, Eq)]
pub enum Closing {
    /// With a statement or an item: it has no value.
    Statement,
    /// With an expression. `line` is the line of the code, from 0, that begins with it.
    Expression {
        /// `None` if a statement comes before it on the same line.
        line: Option<usize>,
    },
}

/// How some code ends. Code that does not parse counts as a statement; rustc says what is wrong.
pub fn closing(code: &str) -> Closing {
    let Some(all) = statements(code) else {
        return Closing::Statement;
    };
    match all.last() {
        Some(syn::Stmt::Expr(_, None)) => {}
        Some(syn::Stmt::Macro(last)) if last.semi_token.is_none() => {}
        _ => return Closing::Statement,
    }
    let lines: Vec<&str> = code.lines().collect();
    let line = (0..lines.len()).rev().find(|at| {
        let (before, after) = (lines[..*at].join("\n"), lines[*at..].join("\n"));
        statements(&after).is_some_and(|s| s.len() == 1)
            && statements(&before).is_some_and(|s| s.len() + 1 == all.len())
    });
    Closing::Expression { line }
}

/// Whether the code ends in an expression whose value a notebook shows. Loops have none.
pub(crate) fn has_value(code: &str) -> bool {
    let last = statements(code).and_then(|mut statements| statements.pop());
    let is_loop = matches!(
        last,
        Some(syn::Stmt::Expr(
            syn::Expr::ForLoop(_) | syn::Expr::While(_),
            None
        ))
    );
    closing(code) != Closing::Statement && !is_loop
}

/// The statements of some code; `None` if it does not parse.
pub(crate) fn statements(code: &str) -> Option<Vec<syn::Stmt>> {
    use syn::parse::Parser;
    syn::Block::parse_within.parse_str(code).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::chapter;

    const MARKDOWN: &str = "\
# T

```rust
let a = vec![1];
a
```

Words.

```rust,compile_fail
let b: u8 = a;
```

```rust
a.iter()
    .sum::<i32>()
```
";

    #[test]
    fn a_listing_stands_on_the_markdowns_lines() {
        let program = test(&chapter("try", MARKDOWN).unwrap());
        let lines: Vec<&str> = program.lines().collect();
        assert_eq!(lines[3], "let a = vec![1];");
        assert_eq!((lines[4], lines[5]), ("_ = &(a", ");"));
        assert_eq!(lines[7], "");
        assert_eq!(
            (lines[14], lines[15], lines[16]),
            ("_ = &(a.iter()", "    .sum::<i32>()", ");")
        );
        assert_eq!(lines.last(), Some(&"Ok(()) }"));
        syn::parse_file(&program).unwrap();
    }

    #[test]
    fn hidden_lines_stand_on_the_markdowns_lines() {
        let markdown = "# T\n\n```rust\nlet a = 1;\n# assert_eq!(a, 1);\na\n```\n";
        let program = test(&chapter("try", markdown).unwrap());
        let lines: Vec<&str> = program.lines().collect();
        assert_eq!(lines[4], "  assert_eq!(a, 1);");
        assert_eq!((lines[5], lines[6]), ("_ = &(a", ");"));
    }

    #[test]
    fn a_listing_that_must_not_compile_stands_only_in_its_own_program() {
        let chapter = chapter("try", MARKDOWN).unwrap();
        assert!(!test(&chapter).contains("u8"));
        let refused = chapter.listings().find(|l| l.marks.compile_fail).unwrap();
        let program = failing(&chapter, refused);
        assert_eq!(program.lines().nth(10), Some("let b: u8 = a;"));
        assert!(program.contains("let a = vec![1];") && !program.contains("sum"));
    }

    #[test]
    fn tells_an_expression_from_a_statement() {
        let value = |line| Closing::Expression { line: Some(line) };
        assert_eq!(closing("let a = 1;\n"), Closing::Statement);
        assert_eq!(closing("fn f() {}\n"), Closing::Statement);
        assert_eq!(closing("let a = 1;\na\n// a comment\n"), value(1));
        assert_eq!(closing("let a = 1;\nf(\n    a,\n)\n"), value(1));
        assert_eq!(closing("a\n    - b\n"), value(0));
        assert_eq!(closing("for i in 0..2 {\n    f(i);\n}\n-b\n"), value(3));
        assert_eq!(
            closing("let a = 1; a\n"),
            Closing::Expression { line: None }
        );
        assert_eq!(closing("f()?\n"), value(0));
        assert_eq!(closing("println!(\"a\")\n"), value(0));
        assert_eq!(closing("let a = ;\n"), Closing::Statement);
    }
}
