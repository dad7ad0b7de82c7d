use super::*;
use crate::parse;
use serde_json::json;

const MARKDOWN: &str = "# T\n\n```rust\nlet a = vec![1];\n```\n\nWords.\n\n\n\n\
                        ```rust,compile_fail\nlet c = 1;\nlet b: u8 = a;\n```\n";

const RENDERED: &str = "\
error[E0308]: mismatched types
  --> src/bin/t--t-2.rs:13:13
   |
4  | let a = vec![1];
   |         ------- this has type `Vec<i32>`
...
13 | let b: u8 = a;
   |        --   ^ expected `u8`, found `Vec<{integer}>`
   |        |
   |        expected due to this
   |
   = note: expected type `u8`
            found struct `Vec<{integer}>`
   = note: the full name for the type has been written to '/tmp/x.txt'
help: the following other types implement trait `F`
  --> /home/me/.cargo/registry/src/index.crates.io-1/dfdx-0.13.0/src/f.rs:7:1
   |
7  | impl F for u8 {}
   | ^^^^^^^^^^^^^ `u8`
...
9  | impl F for u16 {}
   | ^^^^^^^^^^^^^^ `u16`
   = note: and more
note: required by a bound in `f`
  --> /home/me/book/crates/digits/src/layers.rs:120:9
   |
120 | fn f()
   |    ^ here
   = help: another note

";

fn told() -> Value {
    let span = json!({ "is_primary": true, "file_name": "src/bin/t--t-2.rs", "line_start": 13 });
    json!({ "rendered": RENDERED, "spans": [span] })
}

#[test]
fn lines_are_counted_in_the_listing_and_paths_shortened() {
    let chapter = parse::chapter("t", MARKDOWN).unwrap();
    let listing = chapter.listings().nth(1).unwrap();
    let text = text(&told(), Path::new("/home/me/book"), &chapter, listing);
    let expected = "\
error[E0308]: mismatched types
 --> listing:2:13
  |
1 | let a = vec![1];
  |         ------- this has type `Vec<i32>`
...
2 | let b: u8 = a;
  |        --   ^ expected `u8`, found `Vec<{integer}>`
  |        |
  |        expected due to this
  |
  = note: expected type `u8`
           found struct `Vec<{integer}>`
  = note: and more
note: required by a bound in `f`
 --> crates/digits/src/layers.rs
  = help: another note
";
    assert_eq!(text, expected);
}

#[test]
fn hidden_lines_are_neither_quoted_nor_counted() {
    let markdown = "# T\n\n```rust\n# assert!(true);\nlet a = vec![1];\n\
                    # assert_eq!(a, [1]);\n```\n\n\
                    Words.\n\n\n\n```rust,compile_fail\nlet b: u8 = a;\n```\n";
    let rendered = "\
error[E0308]: mismatched types
  --> src/bin/t--t-2.rs:14:13
   |
5  | let a = vec![1];
   |         ------- this has type `Vec<i32>`
6  |   assert_eq!(a, [1]);
   |              - used here
...
14 | let b: u8 = a;
   |             ^ expected `u8`, found `Vec<{integer}>`
";
    let chapter = parse::chapter("t", markdown).unwrap();
    let listing = chapter.listings().nth(1).unwrap();
    let told = json!({ "rendered": rendered });
    let expected = "\
error[E0308]: mismatched types
 --> listing:1:13
  |
1 | let a = vec![1];
  |         ------- this has type `Vec<i32>`
...
1 | let b: u8 = a;
  |             ^ expected `u8`, found `Vec<{integer}>`
";
    assert_eq!(text(&told, Path::new("/"), &chapter, listing), expected);
}

#[test]
fn types_lose_the_modules_they_stand_in() {
    assert_eq!(
        short("a `(usize, digits::dfdx::shapes::Const<28>)`"),
        "a `(usize, Const<28>)`"
    );
    assert_eq!(
        short("`dfdx::tensor::Tensor` and digits::plot::bars"),
        "`Tensor` and digits::plot::bars"
    );
    assert_eq!(short("digits:: alone"), "digits:: alone");
}

#[test]
fn an_error_knows_its_line() {
    assert_eq!(primary_line(&told()), Some(13));
}
