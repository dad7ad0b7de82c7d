//! Grey pictures of any size → rows of pictures with captions.

use super::number;
use super::picture::escape;
use super::png::{self, Colours};
use super::{Picture, PlotError};
use crate::image::Grey;

/// Height of a picture, in CSS pixels.
const HEIGHT: f64 = 128.0;
/// Largest width of a row, in CSS pixels: that of the text on a page.
const WIDEST: f64 = 720.0;
/// Distance between neighbouring pictures, in CSS pixels.
const GAP: f64 = 12.0;
/// Height of the gap for a caption under a picture, in CSS pixels.
const CAPTION: f64 = 24.0;
/// Assumed width of a letter in a caption, in CSS pixels.
const LETTER: f64 = 7.0;
/// The largest number of rows of a picture whose pixels are drawn as squares.
const SQUARES: usize = 80;

/// Draws pictures next to each other, in several rows if necessary. All are 128 CSS pixels high
/// whatever their sizes, unless they would be too wide. 0 is black and 1 is white, on light and
/// dark pages alike.
///
/// `labels` is [`NO_LABELS`](super::NO_LABELS) or has one label for each picture.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use digits::{image::Grey, plot};
///
/// let dark = Grey::new(2, 3, vec![0.0, 0.2, 0.1, 0.0, 0.1, 0.2])?;
/// let picture = plot::photographs(&[dark.clone(), dark.invert()], &["dark", "light"])?;
/// assert_eq!(picture.alt, "2 pictures in grey: dark, 2 × 3 pixels; light, 2 × 3 pixels.");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no picture, [`PlotError::Length`] if there is not one label for
/// each picture.
pub fn photographs<L: ToString>(pictures: &[Grey], labels: &[L]) -> Result<Picture, PlotError> {
    if pictures.is_empty() {
        return Err(PlotError::empty("pictures"));
    }
    if !labels.is_empty() {
        PlotError::check_length("labels", pictures.len(), labels.len())?;
    }
    let labels: Vec<String> = labels.iter().map(L::to_string).collect();
    let room = if labels.is_empty() { GAP } else { CAPTION };
    let (mut body, mut left, mut top, mut across) = (String::new(), 0.0, 0.0, 0.0_f64);
    for (i, picture) in pictures.iter().enumerate() {
        let label = labels.get(i).map_or("", String::as_str);
        let (width, height) = size(picture);
        let wide = width.max(LETTER * label.chars().count() as f64);
        if left > 0.0 && left + wide > WIDEST {
            (left, top) = (0.0, top + HEIGHT + room);
        }
        body += &drawn(
            picture,
            label,
            left + (wide - width) / 2.0,
            top,
            (width, height),
        )?;
        across = across.max(left + wide);
        left += wide + GAP;
    }
    let (width, height) = (across.ceil() as u32, (top + HEIGHT + room) as u32);
    Ok(Picture::new(width, height, &body, alt(pictures, &labels)))
}

/// The width and height of `picture` on the page, in CSS pixels.
fn size(picture: &Grey) -> (f64, f64) {
    let (height, width) = (picture.height() as f64, picture.width() as f64);
    let scale = (HEIGHT / height).min(WIDEST / width);
    (scale * width, scale * height)
}

/// SVG elements that draw `picture` with a frame and its label; position and size are in CSS
/// pixels.
fn drawn(
    picture: &Grey,
    label: &str,
    left: f64,
    top: f64,
    (width, height): (f64, f64),
) -> Result<String, PlotError> {
    let png = png::data_uri(picture.width(), &picture.bytes(), &Colours::Grey)?;
    let rendering = if picture.height() <= SQUARES {
        "pixelated"
    } else {
        "auto"
    };
    let mut body = format!(
        "<image x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
         preserveAspectRatio=\"none\" style=\"image-rendering:{rendering}\" href=\"{png}\"/>\
         <rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
         fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".3\"/>"
    );
    if !label.is_empty() {
        body += &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" text-anchor=\"middle\">{}</text>",
            left + width / 2.0,
            top + height + 15.0,
            escape(label)
        );
    }
    Ok(body)
}

/// The alternative text.
fn alt(pictures: &[Grey], labels: &[String]) -> String {
    let sizes = pictures.iter().enumerate().map(|(i, picture)| {
        let size = format!("{} × {} pixels", picture.height(), picture.width());
        match labels.get(i) {
            Some(label) => format!("{label}, {size}"),
            None => size,
        }
    });
    format!(
        "{} in grey: {}.",
        number::count(pictures.len(), "picture", "pictures"),
        sizes.collect::<Vec<_>>().join("; ")
    )
}
