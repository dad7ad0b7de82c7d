//! Handwritten digits in a grid.

use super::number;
use super::png::Colours;
use super::tiles::Tiles;
use super::{Picture, PlotError};
use crate::dataset::{CLASSES, Dataset, SIDE};

/// The images at `indices`, in `columns` columns, each over its label.
///
/// Ink is the page's text colour: what MNIST stores as 255 is black on a light page and white on a
/// dark one.
///
/// # Errors
/// If there is no index, one is past the data set's end, or `columns` is 0.
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

/// The images at `indices`, in `columns` columns, each over its own caption: what a model took
/// them for, say.
///
/// # Errors
/// As for [`digits`](fn@digits); also if there is not one caption for each index.
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

fn draw(
    data: &Dataset,
    indices: &[usize],
    columns: usize,
    captions: &[String],
    alt: String,
) -> Result<Picture, PlotError> {
    let tiles = Tiles::new(indices.len(), (SIDE, SIDE), columns, captions)?;
    let png = tiles.png(indices.iter().map(|i| data.image(*i)), &Colours::Grey);
    let body = tiles.ink(&png) + &tiles.frames(indices.len()) + &tiles.captions(captions);
    let (width, height) = tiles.size();
    Ok(Picture::new(width as u32, height as u32, &body, alt))
}

/// `13 zeros`-like counts of the labels that occur: `0 × 13, 1 × 14`.
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
