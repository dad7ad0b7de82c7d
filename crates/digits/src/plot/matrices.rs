//! Matrices → a grid of images: weights, filters, feature maps.

use super::curves::ends;
use super::number::{self, show};
use super::png::Colours;
use super::tiles::Tiles;
use super::{Picture, PlotError};

/// Pass this as the labels of [`matrices`], [`images`] and [`photographs`](super::photographs()) to
/// draw no captions.
pub const NO_LABELS: &[&str] = &[];

/// The number of colours for negative values, and for positive ones.
const STEPS: usize = 60;
/// The RGB colours of the lowest value, of zero and of the highest value. Lightness increases from
/// the lowest to the highest, so that the sign is visible in grey too. Blue and yellow are distinct
/// with the common kinds of colour blindness.
const SCALE: [[u8; 3]; 3] = [[16, 52, 130], [128, 130, 134], [255, 221, 92]];
/// Height of the legend under the tiles, in CSS pixels.
const KEY: u32 = 44;

/// Draws matrices of `height` × `width` values, row by row, in at most `columns` columns. Negative
/// values are blue, zero is grey, positive values are yellow, with the same scale for all matrices.
///
/// `labels` is [`NO_LABELS`] or has one label for each matrix.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::plot;
///
/// let edge = [-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0];
/// let picture = plot::matrices(&[edge], 3, 3, 1, &["Sobel"])?;
/// assert!(picture.alt.contains("from −2 to 2"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no matrix, [`PlotError::Zero`] if a size is 0,
/// [`PlotError::Length`] if a matrix does not have `height` × `width` values or there is not one
/// label for each matrix, [`PlotError::NotFinite`] if a value is NaN or infinite.
pub fn matrices<M: AsRef<[f32]>, L: ToString>(
    matrices: &[M],
    height: usize,
    width: usize,
    columns: usize,
    labels: &[L],
) -> Result<Picture, PlotError> {
    let labels = check(matrices, height, width, labels)?;
    let largest = values(matrices).fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let bytes: Vec<Vec<u8>> = matrices
        .iter()
        .map(|m| {
            m.as_ref()
                .iter()
                .map(|value| step(f64::from(*value), largest))
                .collect()
        })
        .collect();
    let tiles = Tiles::new(matrices.len(), (height, width), columns, &labels)?;
    let png = tiles.png(
        bytes.iter().map(Vec::as_slice),
        &Colours::Palette(&palette()),
    )?;
    let (across, down) = tiles.size();
    // The legend may be wider than the tiles.
    let wide = across.max(200);
    let body = format!(
        "<g transform=\"translate({} 0)\">{}{}{}</g>{}",
        (wide - across) / 2,
        tiles.image(&png),
        tiles.frames(matrices.len()),
        tiles.captions(&labels),
        key(wide, down, largest)
    );
    let alt = alt(matrices, height, width, &labels);
    Ok(Picture::new(wide as u32, down as u32 + KEY, &body, alt))
}

/// Draws images of `height` × `width` values, row by row, in at most `columns` columns: 0 has the
/// colour of the page, 1 that of its text.
///
/// `labels` is [`NO_LABELS`] or has one label for each image.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::plot::{self, NO_LABELS};
///
/// let picture = plot::images(&[[0.0, 0.5, 1.0]], 1, 3, 1, NO_LABELS)?;
/// assert!(picture.alt.starts_with("1 map of 1 × 3 values."));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As for [`matrices`], and [`PlotError::Range`] if a value is not from 0 to 1.
pub fn images<M: AsRef<[f32]>, L: ToString>(
    images: &[M],
    height: usize,
    width: usize,
    columns: usize,
    labels: &[L],
) -> Result<Picture, PlotError> {
    let labels = check(images, height, width, labels)?;
    for (i, image) in images.iter().enumerate() {
        let outside = image
            .as_ref()
            .iter()
            .position(|value| !(0.0..=1.0).contains(value));
        if let Some(position) = outside {
            return Err(PlotError::Range {
                what: format!("image {i}"),
                position,
                value: f64::from(image.as_ref()[position]),
                expected: "0 to 1",
            });
        }
    }
    let bytes: Vec<Vec<u8>> = images
        .iter()
        .map(|image| {
            image
                .as_ref()
                .iter()
                .map(|value| (255.0 * value).round() as u8)
                .collect()
        })
        .collect();
    let tiles = Tiles::new(images.len(), (height, width), columns, &labels)?;
    let png = tiles.png(bytes.iter().map(Vec::as_slice), &Colours::Grey)?;
    let (across, down) = tiles.size();
    let body = tiles.ink(&png) + &tiles.frames(images.len()) + &tiles.captions(&labels);
    let alt = alt(images, height, width, &labels);
    Ok(Picture::new(across as u32, down as u32, &body, alt))
}

/// The values of all matrices, one matrix after the other.
fn values<M: AsRef<[f32]>>(matrices: &[M]) -> impl Iterator<Item = f64> {
    matrices
        .iter()
        .flat_map(|m| m.as_ref().iter().copied().map(f64::from))
}

/// Checks the numbers of matrices, values and labels, and that values are finite; returns the
/// labels as text.
fn check<M: AsRef<[f32]>, L: ToString>(
    matrices: &[M],
    height: usize,
    width: usize,
    labels: &[L],
) -> Result<Vec<String>, PlotError> {
    if matrices.is_empty() {
        return Err(PlotError::empty("matrices"));
    }
    if !labels.is_empty() {
        PlotError::check_length("labels", matrices.len(), labels.len())?;
    }
    for (i, matrix) in matrices.iter().enumerate() {
        let name = format!("matrix {i}");
        PlotError::check_length(&name, height * width, matrix.as_ref().len())?;
        PlotError::check_finite(&name, matrix.as_ref().iter().copied().map(f64::from))?;
    }
    Ok(labels.iter().map(L::to_string).collect())
}

/// The index in [`palette`] of the colour of `value`, if the largest magnitude is `largest`: 1 for
/// `-largest`, `STEPS + 1` for 0.
fn step(value: f64, largest: f64) -> u8 {
    let share = if largest > 0.0 { value / largest } else { 0.0 };
    (STEPS as f64 * (1.0 + share)).round() as u8 + 1
}

/// The RGB colours from the lowest value to the highest, from index 1; index 0 is for pixels
/// between tiles.
fn palette() -> Vec<[u8; 3]> {
    let mix = |from: [u8; 3], to: [u8; 3], share: f64| {
        [0, 1, 2].map(|c| {
            (f64::from(from[c]) + share * (f64::from(to[c]) - f64::from(from[c]))).round() as u8
        })
    };
    let colour = |i: usize| match i.checked_sub(STEPS) {
        None => mix(SCALE[0], SCALE[1], i as f64 / STEPS as f64),
        Some(above) => mix(SCALE[1], SCALE[2], above as f64 / STEPS as f64),
    };
    std::iter::once([0; 3])
        .chain((0..=2 * STEPS).map(colour))
        .collect()
}

/// SVG elements of the legend: the colours with the values at both ends and in the middle. `across`
/// is the width of the picture and `down` the height of the tiles, in CSS pixels.
fn key(across: usize, down: usize, largest: f64) -> String {
    let colours = palette();
    let (left, width) = (across / 2 - 60, 120);
    let step = 10;
    let mut body = String::new();
    for x in (0..width).step_by(step) {
        let place = 1 + (x + step / 2) * 2 * STEPS / width;
        let [r, g, b] = colours[place];
        body.push_str(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{step}\" height=\"12\" \
             fill=\"#{r:02x}{g:02x}{b:02x}\"/>",
            left + x,
            down + 8
        ));
    }
    body.push_str("<g font-size=\"12.5\" text-anchor=\"middle\">");
    for (x, value) in [(0, -largest), (width / 2, 0.0), (width, largest)] {
        let (x, y) = (left + x, down + 36);
        body.push_str(&format!("<text x=\"{x}\" y=\"{y}\">{}</text>", show(value)));
    }
    body + "</g>"
}

/// The alternative text.
fn alt<M: AsRef<[f32]>>(matrices: &[M], height: usize, width: usize, labels: &[String]) -> String {
    let (low, high) = ends(values(matrices));
    let at = |value: f64| {
        let index = values(matrices).position(|v| v == value).unwrap_or(0);
        let (tile, cell) = (index / (height * width), index % (height * width));
        let name = match labels.get(tile) {
            Some(label) => format!("\u{201c}{label}\u{201d}"),
            None => format!("number {}", tile + 1),
        };
        format!("{name}, row {}, column {}", cell / width, cell % width)
    };
    let many = number::count(matrices.len(), "map", "maps");
    let named = match labels.len() {
        1..=16 => format!(", labelled {}", number::list(labels)),
        _ => String::new(),
    };
    format!(
        "{many} of {height} × {width} values{named}. Values run from {} to {}; the lowest is in \
         {}, the highest in {}.",
        show(low),
        show(high),
        at(low),
        at(high)
    )
}
