use super::*;
use crate::book::Entry;

const MARKDOWN: &str = "\
# Title

Inline $a_1 * b_1$ and a quotation {{value sum}}.

$$
s = a
$$ {#sum}

```rust,covers=A1
1
```

```rust,solution
2
```
";

fn page() -> Page {
    let book = Book {
        root: std::path::PathBuf::from("/nowhere"),
        entries: vec![Entry {
            name: "t".into(),
            title: "T".into(),
            numbered: true,
        }],
    };
    PageRenderer::new(book)
        .unwrap()
        .page("t", MARKDOWN)
        .unwrap()
}

#[test]
fn formulas_are_mathml_with_an_anchor() {
    let page = page().markdown;
    assert!(
        page.contains("<div class=\"formula\" id=\"formula-sum\"><math display=\"block\""),
        "{page}"
    );
    assert!(!page.contains("$$") && !page.contains("{#sum}"));
    assert!(page.contains("<math>") && !page.contains("_1"), "{page}");
}

#[test]
fn a_missing_output_is_a_note_and_a_fault() {
    let page = page();
    assert!(page.markdown.contains("class=\"note missing\""));
    assert!(
        page.faults
            .iter()
            .any(|f| f.starts_with("book/src/t.md:10: listing `title-1`")),
        "{:?}",
        page.faults
    );
    assert!(
        page.faults
            .iter()
            .any(|f| f.contains("no recorded line `sum: …`"))
    );
}

#[test]
fn solutions_are_folded_and_marks_hidden() {
    let page = page().markdown;
    assert!(page.contains("<details class=\"solution\">"));
    assert!(!page.contains("covers=") && page.contains("```rust,noplayground\n1\n```"));
}

#[test]
fn hidden_lines_are_not_on_the_page() {
    let markdown = "# T\n\n```rust\nlet a = 1;\n# assert_eq!(a, 1);\n## b\na\n```\n";
    let book = Book {
        root: std::path::PathBuf::from("/nowhere"),
        entries: Vec::new(),
    };
    let page = PageRenderer::new(book)
        .unwrap()
        .page("t", markdown)
        .unwrap();
    let page = page.markdown;
    // mdBook shows the second line as `# b`.
    assert!(
        page.contains("```rust,noplayground\nlet a = 1;\n## b\na\n```"),
        "{page}"
    );
}

#[test]
fn the_notebook_is_named_under_the_title() {
    let page = page().markdown;
    let (title, rest) = page.split_once('\n').unwrap();
    assert_eq!(title, "# Title");
    assert!(rest.trim_start().starts_with("<p class=\"notebook\">") && rest.contains("t.ipynb"));
}
