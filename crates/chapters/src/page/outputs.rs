//! Converts recorded outputs to HTML that can be part of Markdown.

use serde_json::Value;

use crate::notebook::joined;

/// The outputs of a cell as HTML: one element of class `output` for each; empty if there are none.
pub fn html(outputs: &[Value]) -> String {
    let shown: Vec<String> = outputs.iter().filter_map(one).collect();
    shown.join("\n\n")
}

fn one(output: &Value) -> Option<String> {
    match output["output_type"].as_str()? {
        "stream" => text("output", &joined(&output["text"])),
        "error" => text("output error", &lines(&output["traceback"])),
        _ => rich(&output["data"]),
    }
}

/// The richest form that a page can show.
fn rich(data: &Value) -> Option<String> {
    if let Some(html) = data.get("text/html") {
        return Some(format!(
            "<div class=\"output\">{}</div>",
            block(&joined(html))
        ));
    }
    if let Some(svg) = data.get("image/svg+xml") {
        return Some(format!(
            "<figure class=\"output\">{}</figure>",
            block(&joined(svg))
        ));
    }
    text("output", &joined(data.get("text/plain")?))
}

fn text(class: &str, text: &str) -> Option<String> {
    let text = text.trim_end();
    (!text.is_empty()).then(|| format!("<pre class=\"{class}\">{}</pre>", escape(text)))
}

/// The lines of a traceback, which is a list of lines without newlines.
fn lines(traceback: &Value) -> String {
    let lines = traceback.as_array().map_or(&[][..], Vec::as_slice);
    lines
        .iter()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

/// HTML without its blank lines, each of which would end the block of HTML in Markdown.
fn block(html: &str) -> String {
    html.lines()
        .filter(|line| !line.trim().is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Text with HTML's special characters escaped.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_escaped_and_keeps_its_lines() {
        let outputs = [json!({ "output_type": "stream", "text": ["a < b\n", "\n", "c\n"] })];
        assert_eq!(html(&outputs), "<pre class=\"output\">a &lt; b\n\nc</pre>");
    }

    #[test]
    fn pictures_are_shown_and_their_blank_lines_taken_away() {
        let outputs = [json!({ "output_type": "display_data",
                    "data": { "image/svg+xml": "<svg>\n\n</svg>", "text/plain": "Picture" } })];
        assert_eq!(
            html(&outputs),
            "<figure class=\"output\"><svg>\n</svg></figure>"
        );
    }

    #[test]
    fn a_refusal_is_marked_as_an_error() {
        let outputs =
            [json!({ "output_type": "error", "evalue": "", "traceback": ["error[E0308]", "no"] })];
        assert_eq!(
            html(&outputs),
            "<pre class=\"output error\">error[E0308]\nno</pre>"
        );
    }
}
