use super::*;

const TWO_LISTINGS: &str = "\
# Counting

Some words with $n + 1$ in them.

## By hand

$$
s = \\sum_i x_i
$$ {#sum}

```rust,checks=sum,covers=A1
let a = 1;
assert_eq!(a + 1, 2);
```

More words.

```text
not a listing
```

```rust
a + 1
```
";

fn error(markdown: &str) -> ParseError {
    chapter("try", markdown).expect_err("a misprint")
}

#[test]
fn listings_keep_their_section_number_and_lines() {
    let chapter = chapter("counting", TWO_LISTINGS).unwrap();
    let listings: Vec<_> = chapter
        .listings()
        .map(|l| (l.id.as_str(), l.fence, l.first, l.end))
        .collect();
    assert_eq!(
        listings,
        [("by-hand-1", 11, 12, 14), ("by-hand-2", 22, 23, 24)]
    );
    assert_eq!(
        chapter.listings().next().unwrap().code,
        "let a = 1;\nassert_eq!(a + 1, 2);\n"
    );
    assert_eq!(chapter.title, "Counting");
}

#[test]
fn formulas_keep_their_name_and_line() {
    let chapter = chapter("counting", TWO_LISTINGS).unwrap();
    let (name, formula) = chapter.displayed().next().unwrap();
    assert_eq!(
        (name, formula.line, formula.latex.trim()),
        ("sum", 7, "s = \\sum_i x_i")
    );
    assert!(chapter.markdown[formula.range.clone()].ends_with("$$ {#sum}"));
    assert_eq!(chapter.formulas[0].latex, "n + 1");
}

#[test]
fn prose_is_cut_at_listings_and_headings() {
    let chapter = chapter("counting", TWO_LISTINGS).unwrap();
    let prose: Vec<_> = chapter
        .blocks
        .iter()
        .filter_map(|b| match b {
            Block::Prose(p) => Some((
                p.id.as_str(),
                chapter.markdown[p.range.clone()].lines().next()?,
            )),
            Block::Listing(_) => None,
        })
        .collect();
    assert_eq!(
        prose,
        [
            ("counting-text-1", "# Counting"),
            ("by-hand-text-1", "## By hand"),
            ("by-hand-text-2", "More words."),
        ]
    );
}

#[test]
fn a_parse_error_names_chapter_and_line() {
    let error = error("# T\n\n```rust,cheks=a\n1\n```\n");
    assert!(
        error
            .to_string()
            .starts_with("book/src/try.md:3: unknown mark `cheks=a`"),
        "{error}"
    );
}

#[test]
fn an_ignored_listing_is_refused() {
    assert!(
        error("# T\n\n```rust,ignore\n1\n```\n")
            .message
            .contains("every listing runs")
    );
}

#[test]
fn an_unclosed_fence_is_refused() {
    let error = error("# T\n\nWords.\n\n```rust\nlet a = 1;\n");
    assert_eq!(error.line, 5);
    assert!(error.message.contains("never closed"));
}

#[test]
fn a_formula_needs_a_name_of_its_own() {
    assert!(error("# T\n\n$$ a $$\n").message.contains("no name"));
    let twice = error("# T\n\n$$ a $$ {#x}\n\n$$ b $$ {#x}\n");
    assert_eq!(
        (twice.line, twice.message.contains("already taken")),
        (5, true)
    );
}

#[test]
fn a_formula_broken_by_a_blank_line_is_refused() {
    let error = error("# T\n\n$$\na\n\nb\n$$ {#x}\n");
    assert_eq!(error.line, 3);
}

#[test]
fn dollars_in_code_are_no_formula() {
    assert!(chapter("try", "# T\n\nWrite `$$ a $$` so.\n\n```text\n$$\n```\n").is_ok());
}

#[test]
fn a_listing_in_a_list_is_refused() {
    assert!(
        error("# T\n\n- item\n\n  ```rust\n  1\n  ```\n")
            .message
            .contains("in a list")
    );
}

#[test]
fn an_empty_listing_is_a_listing() {
    let chapter = chapter("try", "# T\n\n```rust\n```\n").unwrap();
    let listing = chapter.listings().next().unwrap();
    assert_eq!(
        (listing.code.as_str(), listing.first, listing.end),
        ("", 4, 4)
    );
}

#[test]
fn two_pieces_of_one_name_are_refused() {
    let error = error("# T\n\n## A\n\nWords.\n\n## A text\n\n```rust\n1\n```\n");
    assert!(error.message.contains("are called"), "{error}");
}

#[test]
fn hidden_lines_keep_the_markdowns_lines() {
    let chapter = chapter(
        "try",
        "# T\n\n```rust\nlet a = 1;\n# assert!(true);\na\n```\n",
    )
    .unwrap();
    let listing = chapter.listings().next().unwrap();
    assert_eq!(listing.code, "let a = 1;\n  assert!(true);\na\n");
    assert_eq!(listing.shown, "let a = 1;\na\n");
    assert_eq!((listing.hidden.as_slice(), listing.end), (&[5][..], 7));
}

#[test]
fn a_hidden_line_that_defines_something_is_refused_with_its_line() {
    let error = error("# T\n\n```rust\nlet a = 1;\n# let b = 1;\na\n```\n");
    assert_eq!(error.line, 5);
    assert!(error.message.contains("`let` on a hidden line"), "{error}");
}
