//! Images of a data set → a grid of handwritten digits with captions.

use super::number;
use super::png::Colours;
use super::tiles::Tiles;
use super::{Picture, PlotError};
use crate::dataset::{CLASSES, Dataset, SIDE};

/// Draws the images at `indices` in at most `columns` columns, with its label under each.
///
/// Ink has the page's text colour: what MNIST stores as 255 is black on a light page and white on a
/// dark one.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use digits::{dataset::Dataset, plot};
///
/// let data = Dataset::new(vec![128; 2 * 784], vec![3, 8])?;
/// let picture = plot::digits(&data, &[1, 0], 2)?;
/// assert_eq!(picture.alt, "2 handwritten digits in rows of 2: 8 and 3.");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no index, [`PlotError::Index`] if there is no image at one of
/// them, [`PlotError::Zero`] if `columns` is 0.
pub fn digits(data: &Dataset, indices: &[usize], columns: usize) -> Result<Picture, PlotError> {
    check(data, indices)?;
    let labels: Vec<u8> = indices.iter().map(|i| data.label(*i)).collect();
    let captions: Vec<String> = labels.iter().map(u8::to_string).collect();
    let mut alt = format!(
        "{} in rows of {}",
        number::count(indices.len(), "handwritten digit", "handwritten digits"),
        columns.min(indices.len())
    );
    if labels.len() <= 20 {
        alt.push_str(&format!(": {}.", number::list(&captions)));
    } else {
        alt.push_str(&format!(
            ". The first row reads {}. In all: {}.",
            captions[..columns.min(captions.len())].join(" "),
            counts(&labels)
        ));
    }
    draw(data, indices, columns, &captions, alt)
}

/// Draws the images at `indices` in at most `columns` columns, with one of `captions` under each,
/// such as the prediction of a model.
///
/// # Errors
/// As for [`digits`](fn@digits), and [`PlotError::Length`] if there is not one caption for each
/// index.
pub fn captioned<C: ToString>(
    data: &Dataset,
    indices: &[usize],
    captions: &[C],
    columns: usize,
) -> Result<Picture, PlotError> {
    check(data, indices)?;
    PlotError::check_length("captions", indices.len(), captions.len())?;
    let captions: Vec<String> = captions.iter().map(C::to_string).collect();
    let alt = format!(
        "{} in rows of {}, with the captions {}.",
        number::count(indices.len(), "handwritten digit", "handwritten digits"),
        columns.min(indices.len()),
        captions.join("; ")
    );
    draw(data, indices, columns, &captions, alt)
}

/// Checks that there is an index, and an image at each.
fn check(data: &Dataset, indices: &[usize]) -> Result<(), PlotError> {
    if indices.is_empty() {
        return Err(PlotError::empty("indices"));
    }
    match indices.iter().find(|index| **index >= data.len()) {
        Some(&index) => Err(PlotError::Index {
            index,
            len: data.len(),
        }),
        None => Ok(()),
    }
}

/// The picture of the images at `indices`, with their captions.
fn draw(
    data: &Dataset,
    indices: &[usize],
    columns: usize,
    captions: &[String],
    alt: String,
) -> Result<Picture, PlotError> {
    let tiles = Tiles::new(indices.len(), (SIDE, SIDE), columns, captions)?;
    let png = tiles.png(indices.iter().map(|i| data.image(*i)), &Colours::Grey)?;
    let body = tiles.ink(&png) + &tiles.frames(indices.len()) + &tiles.captions(captions);
    let (width, height) = tiles.size();
    Ok(Picture::new(width as u32, height as u32, &body, alt))
}

/// The labels that occur, each with its number: `0 × 13, 1 × 14`.
fn counts(labels: &[u8]) -> String {
    let count = |class: usize| {
        labels
            .iter()
            .filter(|label| usize::from(**label) == class)
            .count()
    };
    let counted = (0..CLASSES)
        .map(|class| (class, count(class)))
        .filter(|(_, n)| *n > 0);
    counted
        .map(|(class, n)| format!("{class} × {n}"))
        .collect::<Vec<_>>()
        .join(", ")
}
