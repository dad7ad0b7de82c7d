//! An image of a data set → a picture with the numbers of its 784 pixels.

use super::{Picture, PlotError};
use crate::dataset::{Dataset, SIDE};

/// How a pixel's byte is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Notation {
    /// 0 to 255.
    #[default]
    Decimal,
    /// 00 to ff, as in a hex dump.
    Hex,
}

/// Height and width of the cell of a pixel, in CSS pixels.
const CELL: usize = 24;
/// Margin for the row and column numbers, in CSS pixels.
const EDGE: usize = 24;

/// Draws image `index` with the byte of each pixel written on it. Rows and columns are numbered
/// from 0.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use digits::{dataset::Dataset, plot};
///
/// let data = Dataset::new(vec![128; 784], vec![3])?;
/// let picture = plot::pixels(&data, 0, plot::Notation::Hex)?;
/// assert!(picture.svg.contains(">80</text>")); // 128
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Index`] if there is no such image.
pub fn pixels(data: &Dataset, index: usize, notation: Notation) -> Result<Picture, PlotError> {
    if index >= data.len() {
        return Err(PlotError::Index {
            index,
            len: data.len(),
        });
    }
    let image = data.image(index);
    let size = (EDGE + SIDE * CELL + 2) as u32;
    let body = ink(image) + &numbers(image, notation) + &edges();
    Ok(Picture::new(
        size,
        size,
        &body,
        alt(image, data.label(index)),
    ))
}

/// SVG elements of the ink behind the numbers, pale so that these are legible.
fn ink(image: &[u8]) -> String {
    let mut body = String::from("<g shape-rendering=\"crispEdges\">");
    for (i, pixel) in image.iter().enumerate().filter(|(_, pixel)| **pixel > 0) {
        let (row, column) = (i / SIDE, i % SIDE);
        let opacity = (f64::from(*pixel) / 255.0 * 35.0).ceil() as u32;
        body.push_str(&format!(
            "<path d=\"M{} {}h{CELL}v{CELL}h-{CELL}z\" opacity=\".{opacity:02}\"/>",
            EDGE + column * CELL,
            EDGE + row * CELL
        ));
    }
    body + "</g>"
}

/// SVG elements of the numbers.
fn numbers(image: &[u8], notation: Notation) -> String {
    let mut body =
        String::from("<g font-family=\"monospace\" font-size=\"11.5\" text-anchor=\"middle\">");
    for (i, pixel) in image.iter().enumerate() {
        let text = match notation {
            Notation::Decimal => pixel.to_string(),
            Notation::Hex => format!("{pixel:02x}"),
        };
        let faint = if *pixel == 0 { " opacity=\".6\"" } else { "" };
        body.push_str(&format!(
            "<text x=\"{}\" y=\"{}\"{faint}>{text}</text>",
            EDGE + i % SIDE * CELL + CELL / 2,
            EDGE + i / SIDE * CELL + CELL / 2 + 4
        ));
    }
    body + "</g>"
}

/// SVG elements of the row and column numbers and of a frame.
fn edges() -> String {
    let mut body = String::from("<g font-size=\"10.5\" text-anchor=\"middle\" opacity=\".8\">");
    for i in 0..SIDE {
        let along = EDGE + i * CELL + CELL / 2;
        body.push_str(&format!(
            "<text x=\"{along}\" y=\"{}\">{i}</text>",
            EDGE - 7
        ));
        body.push_str(&format!(
            "<text x=\"{}\" y=\"{}\">{i}</text>",
            EDGE / 2,
            along + 4
        ));
    }
    let side = SIDE * CELL;
    body.push_str(&format!(
        "</g><path d=\"M{EDGE} {EDGE}h{side}v{side}h-{side}z\" fill=\"none\" \
         stroke=\"currentColor\" stroke-opacity=\".5\"/>"
    ));
    body
}

/// The alternative text.
fn alt(image: &[u8], label: u8) -> String {
    let inked: Vec<usize> = (0..image.len()).filter(|i| image[*i] > 0).collect();
    let rows = inked.iter().map(|i| i / SIDE);
    let columns = inked.iter().map(|i| i % SIDE);
    let place = match (
        rows.clone().min(),
        rows.max(),
        columns.clone().min(),
        columns.max(),
    ) {
        (Some(top), Some(bottom), Some(left), Some(right)) => {
            format!(", all in rows {top} to {bottom} and columns {left} to {right}")
        }
        _ => String::new(),
    };
    format!(
        "The {} bytes of a handwritten {label} in {SIDE} rows: {} are above 0{place}; the \
         largest is {}.",
        image.len(),
        inked.len(),
        image.iter().max().unwrap_or(&0)
    )
}
