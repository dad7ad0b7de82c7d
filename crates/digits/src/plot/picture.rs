//! A picture: an SVG and the sentence that says what it shows.

use std::fmt;

/// A drawn picture.
///
/// As the last expression of a notebook's cell it is shown; on the page it stands as the notebook
/// recorded it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The picture: one `<svg>` element on one line, with `role="img"` and [`Picture::alt`] as
    /// its label. Its background is transparent, its text is `currentColor`.
    pub svg: String,
    /// What the picture shows, in words and figures, for whoever cannot see it.
    pub alt: String,
}

impl Picture {
    /// Wraps drawn elements of a `width` × `height` canvas (CSS pixels) into one labelled SVG.
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

    /// The picture as HTML: a `<figure>` around the SVG.
    ///
    /// HTML and not an image file, because only an SVG *inside* the document takes the page's
    /// text colour, and with it its light or dark theme.
    pub fn html(&self) -> String {
        format!(
            "<figure class=\"picture\" style=\"margin:1em 0\">{}</figure>",
            self.svg
        )
    }

    /// Shows the picture in a notebook: evcxr calls this when a cell ends in a `Picture`.
    pub fn evcxr_display(&self) {
        println!(
            "EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT",
            self.html()
        );
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({:?})", self.alt)
    }
}

/// `text` as it may stand in XML, between tags or in a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 allows no other control characters.
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
