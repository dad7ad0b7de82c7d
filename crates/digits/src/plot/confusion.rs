//! A confusion matrix → a table with its counts in coloured cells.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::{self, Area, Drawn, INK};
use super::{Picture, PlotError, number};
use crate::metrics::ConfusionMatrix;

/// Width and height of a cell, in CSS pixels.
const CELL: (i32, i32) = (50, 34);
/// Margins on the left and at the top for the axes, in CSS pixels.
const EDGE: (i32, i32) = (64, 52);

/// Draws the counts by actual digit (rows) and predicted digit (columns).
///
/// Correct predictions, on the diagonal, are blue; mistakes are orange. The higher a count, the
/// stronger is the colour.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::{metrics::ConfusionMatrix, plot};
///
/// let picture = plot::confusion(&ConfusionMatrix::new(&[9, 4], &[4, 4]))?;
/// assert!(picture.alt.ends_with("Most frequent mistakes: 4 taken for 9 (1)."));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if the matrix is empty.
pub fn confusion(matrix: &ConfusionMatrix) -> Result<Picture, PlotError> {
    let counts: Vec<Vec<usize>> = matrix.counts().iter().map(|row| row.to_vec()).collect();
    draw(&counts)
}

/// The picture of `counts[actual][predicted]`, a square matrix.
fn draw(counts: &[Vec<usize>]) -> Result<Picture, PlotError> {
    let total: usize = counts.iter().flatten().sum();
    if total == 0 {
        return Err(PlotError::empty("counted predictions"));
    }
    let side = counts.len() as i32;
    let width = EDGE.0 + side * CELL.0 + 12;
    let height = EDGE.1 + side * CELL.1 + 12;
    let size = (width as u32, height as u32);
    let body = chart::canvas(size, |area| {
        cells(area, counts)?;
        axes(area, side)?;
        Ok(String::new())
    })?;
    Ok(Picture::new(size.0, size.1, &body, alt(counts, total)))
}

/// Draws the coloured cells and their counts.
fn cells(area: &Area<'_>, counts: &[Vec<usize>]) -> Drawn {
    let mistakes = each(counts).filter(|(actual, predicted, _)| actual != predicted);
    let most = mistakes.map(|(_, _, n)| n).max().unwrap_or(0).max(1);
    for (actual, predicted, n) in each(counts) {
        let (x, y) = (
            EDGE.0 + predicted as i32 * CELL.0,
            EDGE.1 + actual as i32 * CELL.1,
        );
        let right = actual == predicted;
        let share = if right {
            n as f64 / counts[actual].iter().sum::<usize>().max(1) as f64
        } else {
            (n as f64 / most as f64).sqrt()
        };
        // At most 0.4, so that the count is legible; two decimals keep the file small.
        let strength = (share * 40.0).ceil() / 100.0;
        let style = chart::fill(usize::from(!right)).mix(strength).filled();
        area.draw(&Rectangle::new([(x, y), (x + CELL.0, y + CELL.1)], style))?;
        let faint = if n == 0 { 0.6 } else { 1.0 };
        let shade = INK.mix(faint);
        let style = centred().color(&shade);
        let middle = (x + CELL.0 / 2, y + CELL.1 / 2);
        area.draw(&Text::new(n.to_string(), middle, style))?;
    }
    Ok(())
}

/// Draws the frame, the digits and the names of `side` rows and columns.
fn axes(area: &Area<'_>, side: i32) -> Drawn {
    let (right, bottom) = (EDGE.0 + side * CELL.0, EDGE.1 + side * CELL.1);
    area.draw(&Rectangle::new([EDGE, (right, bottom)], INK.mix(0.5)))?;
    for class in 0..side {
        let x = EDGE.0 + class * CELL.0 + CELL.0 / 2;
        let y = EDGE.1 + class * CELL.1 + CELL.1 / 2;
        area.draw(&Text::new(class.to_string(), (x, EDGE.1 - 12), centred()))?;
        area.draw(&Text::new(class.to_string(), (EDGE.0 - 14, y), centred()))?;
    }
    let middle = ((EDGE.0 + right) / 2, 16);
    area.draw(&Text::new("predicted digit", middle, centred()))?;
    let middle = (16, (EDGE.1 + bottom) / 2);
    let upwards = centred().transform(FontTransform::Rotate270);
    area.draw(&Text::new("actual digit", middle, upwards))
}

/// The style of text centred at its position.
fn centred() -> TextStyle<'static> {
    chart::text(VPos::Center, HPos::Center)
}

/// All cells as `(actual, predicted, count)`, row by row.
fn each(counts: &[Vec<usize>]) -> impl Iterator<Item = (usize, usize, usize)> {
    counts.iter().enumerate().flat_map(|(actual, row)| {
        row.iter()
            .enumerate()
            .map(move |(predicted, n)| (actual, predicted, *n))
    })
}

/// The alternative text.
fn alt(counts: &[Vec<usize>], total: usize) -> String {
    let right: usize = (0..counts.len()).map(|class| counts[class][class]).sum();
    let mut wrong: Vec<_> = each(counts)
        .filter(|(actual, predicted, n)| actual != predicted && *n > 0)
        .collect();
    // A stable sort keeps equal counts in the order of the digits.
    wrong.sort_by_key(|cell| std::cmp::Reverse(cell.2));
    let worst: Vec<String> = wrong
        .iter()
        .take(3)
        .map(|(actual, predicted, n)| format!("{actual} taken for {predicted} ({n})"))
        .collect();
    let share = number::percent(right as f64 / total as f64);
    let mistakes = if worst.is_empty() {
        "No mistakes.".to_owned()
    } else {
        format!("Most frequent mistakes: {}.", number::list(&worst))
    };
    format!("Of {total} digits {right} ({share}) are predicted right. {mistakes}")
}
