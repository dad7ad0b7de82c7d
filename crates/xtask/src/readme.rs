//! The README's program: listings of the introduction, what they printed, and the picture they
//! drew.
//!
//! Taken from the recorded notebook by `cargo xtask notebooks`, and held to it by a test: nothing
//! is pasted.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use xtask::checkout;

/// The notebook, and the listings shown: to load the data, to train and judge, to look.
const NOTEBOOK: &str = "notebooks/introduction.ipynb";
const LISTINGS: [&str; 3] = [
    "introduction-1",
    "a-network-in-a-dozen-lines-1",
    "a-network-in-a-dozen-lines-2",
];
/// Where the picture is kept.
const PICTURE: &str = "book/readme.svg";
const BEGIN: &str = "<!-- made by `cargo xtask notebooks` -->\n";
const END: &str = "<!-- end -->\n";

/// What the README shows: its text between the marks, and the picture, if one is recorded.
struct Shown {
    text: String,
    picture: Option<String>,
}

/// Brings the README's program and its picture to what the notebook holds.
///
/// # Errors
/// If the notebook lacks a listing, or the README its marks, or a file cannot be written.
pub fn update(root: &Path) -> Result<()> {
    let path = root.join("README.md");
    let readme = read(&path)?;
    let shown = shown(&read(&root.join(NOTEBOOK))?)?;
    let new = replace(&readme, &shown.text)?;
    if new != readme {
        checkout::write(&path, new)?;
    }
    if let Some(picture) = shown.picture {
        checkout::write(&root.join(PICTURE), picture)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn replace(readme: &str, text: &str) -> Result<String> {
    let missing = "README.md has lost the marks around its program";
    let (before, rest) = readme.split_once(BEGIN).context(missing)?;
    let (_, after) = rest.split_once(END).context(missing)?;
    Ok(format!("{before}{BEGIN}{text}{END}{after}"))
}

fn shown(notebook: &str) -> Result<Shown> {
    let notebook: Value = serde_json::from_str(notebook).context("the notebook is not JSON")?;
    let cells = notebook["cells"]
        .as_array()
        .context("the notebook has no cells")?;
    let mut code = Vec::new();
    let (mut printed, mut picture) = (String::new(), None);
    for (index, id) in LISTINGS.iter().enumerate() {
        let cell = cells
            .iter()
            .find(|cell| cell["id"] == *id)
            .with_context(|| format!("{NOTEBOOK} has no listing {id}"))?;
        let source = text(&cell["source"]);
        let last = index + 1 == LISTINGS.len();
        code.push(if last { source } else { without_value(&source) });
        for output in cell["outputs"].as_array().into_iter().flatten() {
            printed += &text(&output["text"]);
            picture = svg(&output["data"]).filter(|_| last);
        }
    }
    let mut markdown = format!("\n```rust\n{}\n```\n", code.join("\n\n"));
    if !printed.is_empty() {
        markdown += &format!("\n```text\n{}\n```\n", printed.trim_end());
    }
    if let Some(picture) = &picture {
        markdown += &format!("\n![{}]({PICTURE})\n", alternative(picture));
    }
    Ok(Shown {
        text: markdown + "\n",
        picture,
    })
}

/// A listing without the expression it ends in: in the middle of a program its value would be lost.
fn without_value(source: &str) -> String {
    let lines: Vec<&str> = source.trim_end().lines().collect();
    match lines.split_last() {
        Some((last, before)) if !last.ends_with([';', '}']) => before.join("\n"),
        _ => source.trim_end().to_owned(),
    }
}

/// The picture among an output's forms.
fn svg(data: &Value) -> Option<String> {
    ["image/svg+xml", "text/html"].iter().find_map(|form| {
        let text = text(&data[*form]);
        let from = text.find("<svg")?;
        let to = text.rfind("</svg>")? + "</svg>".len();
        Some(standing_alone(&text[from..to]))
    })
}

/// A picture in a file of its own does not take its page's text colour, so it brings one for light
/// and one for dark.
fn standing_alone(svg: &str) -> String {
    const COLOURS: &str = "<style>:root{color:#24292f}@media(prefers-color-scheme:dark){:root{color:#d0d7de}}</style>";
    let (open, rest) = svg.split_once('>').unwrap_or((svg, ""));
    format!("{open}>{COLOURS}{rest}\n")
}

/// The picture's alternative text.
fn alternative(svg: &str) -> String {
    svg.split_once("aria-label=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("what the program drew", |(label, _)| label)
        .replace(['[', ']'], "")
}

/// A text that a notebook stores as one string or as its lines.
fn text(value: &Value) -> String {
    match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_shows_what_the_notebook_recorded() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let readme = read(&root.join("README.md")).unwrap();
        let shown = shown(&read(&root.join(NOTEBOOK)).unwrap()).unwrap();
        let made = replace(&readme, &shown.text).unwrap();
        assert_eq!(readme, made, "run `cargo xtask notebooks`");
        if let Some(picture) = shown.picture {
            assert_eq!(
                read(&root.join(PICTURE)).unwrap(),
                picture,
                "run `cargo xtask notebooks`"
            );
        }
    }

    #[test]
    fn outputs_and_picture_follow_the_program() {
        let cell = |id: &str, source: &str, outputs: Value| serde_json::json!({"id": id, "source": source, "outputs": outputs});
        let drawn = serde_json::json!([{"data": {"text/html": "<div><svg aria-label=\"ten digits\"></svg></div>"}}]);
        let notebook = serde_json::json!({"cells": [
            cell(LISTINGS[0], "let a = 1;\na", drawn.clone()),
            cell(LISTINGS[1], "println!(\"{a}\");", serde_json::json!([{"text": ["1\n"]}])),
            cell(LISTINGS[2], "draw(a)", drawn),
        ]});
        let shown = shown(&notebook.to_string()).unwrap();
        let program = "```rust\nlet a = 1;\n\nprintln!(\"{a}\");\n\ndraw(a)\n```";
        assert_eq!(
            shown.text,
            format!("\n{program}\n\n```text\n1\n```\n\n![ten digits]({PICTURE})\n\n")
        );
        let picture = shown.picture.unwrap();
        assert!(
            picture.starts_with("<svg aria-label=\"ten digits\"><style>"),
            "{picture}"
        );
        assert!(picture.ends_with("</style></svg>\n"), "{picture}");
    }
}
