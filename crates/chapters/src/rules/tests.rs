use super::*;
use crate::parse;

fn chapter(markdown: &str) -> Chapter {
    parse::chapter("t", markdown).unwrap()
}

#[test]
fn a_long_listing_is_found() {
    let chapter = chapter(&format!("# T\n\n```rust\n{}```\n", "f();\n".repeat(26)));
    assert!(long_listings(&chapter)[0].starts_with("book/src/t.md:4: listing `t-1` has 26 lines"));
}

#[test]
fn hidden_lines_are_not_counted() {
    let code = "f();\n".repeat(25) + "# assert!(true);\n";
    let chapter = chapter(&format!("# T\n\n```rust\n{code}```\n"));
    assert_eq!(long_listings(&chapter), Vec::<String>::new());
}

#[test]
fn a_formula_needs_a_listing_that_asserts() {
    let unchecked = chapter("# T\n\n$$ a $$ {#a}\n");
    assert!(unchecked_formulas(&unchecked)[0].contains("no listing checks the formula `a`"));
    let silent = chapter("# T\n\n$$ a $$ {#a}\n\n```rust,checks=a\n// assert_eq!(a, 1);\n```\n");
    assert!(unchecked_formulas(&silent)[0].contains("asserts nothing"));
    let hidden = chapter("# T\n\n$$ a $$ {#a}\n\n```rust,checks=a\na;\n# assert_eq!(a, 1);\n```\n");
    assert!(unchecked_formulas(&hidden)[0].contains("asserts nothing"));
    let unknown = chapter("# T\n\n```rust,checks=b\nassert_eq!(a, 1);\n```\n");
    assert!(unchecked_formulas(&unknown)[0].contains("`checks=b` names no displayed formula"));
    let good = chapter("# T\n\n$$ a $$ {#a}\n\n```rust,checks=a\nassert_eq!(a, 1);\n```\n");
    assert_eq!(unchecked_formulas(&good), Vec::<String>::new());
}

#[test]
fn a_typed_percentage_is_found() {
    assert!(
        unsourced_percentages(&chapter("# T\n\nIt reaches 98 % here.\n"))[0]
            .starts_with("book/src/t.md:3")
    );
    assert_eq!(
        unsourced_percentages(&chapter("# T\n\nThey say 98 % (cited from S0).\n\n`5 %`\n")),
        Vec::<String>::new()
    );
    assert_eq!(
        unsourced_percentages(&chapter(
            "# T\n\n{{value accuracy}}\n\n```rust\nlet a = 5 % 2;\n```\n"
        )),
        Vec::<String>::new()
    );
}

#[test]
fn exercises_are_counted_and_have_solutions() {
    let good = "# T\n\n## Exercises\n\n**1.** A.\n\n```rust,solution\n1\n```\n\n\
                **2.** B.\n\n```rust,solution\n2\n```\n\n**3.** C.\n\n```rust,solution\n3\n```\n";
    assert_eq!(exercises(&chapter(good)), Vec::<String>::new());
    let unsolved = good.replace("```rust,solution\n2\n```", "");
    assert!(
        exercises(&chapter(&unsolved))[0]
            .starts_with("book/src/t.md:11: this exercise has no solution")
    );
    assert!(
        exercises(&chapter("# T\n\n## Exercises\n\n**1.** A.\n"))[0]
            .contains("1 exercises; a chapter has 3 to 5")
    );
    assert!(exercises(&chapter("# T\n"))[0].contains("no section `Exercises`"));
}

#[test]
fn a_formula_that_cannot_be_set_is_found() {
    assert_eq!(
        invalid_formulas(&chapter("# T\n\n$\\nonsense$\n"))
            .unwrap()
            .len(),
        1
    );
}
