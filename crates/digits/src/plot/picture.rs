//! A picture: an SVG image with an alternative text.

use std::fmt;

/// A picture. A notebook shows it if it is the last expression of a cell.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The picture: an `<svg>` element on one line, with `role="img"` and [`Picture::alt`] as its
    /// label. The background is transparent; text has the colour `currentColor`.
    pub svg: String,
    /// The alternative text: what the picture shows, in words and numbers.
    pub alt: String,
}

impl Picture {
    /// Creates a picture from SVG elements, `body`, on a canvas of `width` × `height` CSS pixels.
    pub(super) fn new(width: u32, height: u32, body: &str, alt: String) -> Self {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{label}\" \
             fill=\"currentColor\" font-family=\"sans-serif\" \
             style=\"max-width:100%;height:auto\">{body}</svg>",
            label = escape(&alt),
        );
        Self { svg, alt }
    }

    /// The picture as HTML: a `<figure>` with the SVG.
    ///
    /// It is not an image file because only an SVG *inside* a document has the text colour of the
    /// page, and with it its light or dark theme.
    pub fn html(&self) -> String {
        format!(
            "<figure class=\"picture\" style=\"margin:1em 0\">{}</figure>",
            self.svg
        )
    }

    /// Shows the picture in a notebook. evcxr calls this if the last expression of a cell is a
    /// `Picture`; it prints the HTML with evcxr's markers.
    pub fn evcxr_display(&self) {
        println!(
            "EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT",
            self.html()
        );
    }
}

/// `Picture("…")`, with the alternative text.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({:?})", self.alt)
    }
}

/// `text` escaped for XML, both between tags and in attributes with double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 forbids most control characters.
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
