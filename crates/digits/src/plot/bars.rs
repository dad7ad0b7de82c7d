//! Numbers → bars: one number for each label, or the distribution of many numbers.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::{self, Axis, Drawn};
use super::curves::ends;
use super::number::{self, Number, show};
use super::{Picture, PlotError};

const SIZE: (u32, u32) = (600, 320);
/// The largest number of bars that are drawn with their values.
const WRITTEN: usize = 12;

/// Draws a bar for each label. `x_axis` says what the labels are, `y_axis` what the values are,
/// with its unit.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::plot;
///
/// let picture = plot::bars(&["three", "five"], &[6131, 5421], "digit", "images")?;
/// assert_eq!(picture.alt, "images by digit: 6131 for three, 5421 for five.");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no value, [`PlotError::Length`] if there is not one label for
/// each value, [`PlotError::NotFinite`] if a value is NaN or infinite.
pub fn bars<L: ToString, V: Number>(
    labels: &[L],
    values: &[V],
    x_axis: &str,
    y_axis: &str,
) -> Result<Picture, PlotError> {
    let values: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
    let labels: Vec<String> = labels.iter().map(L::to_string).collect();
    if values.is_empty() {
        return Err(PlotError::empty("values"));
    }
    PlotError::check_length("labels", values.len(), labels.len())?;
    PlotError::check_finite("values", values.iter().copied())?;
    let boxes: Vec<(f64, f64, f64)> = values
        .iter()
        .enumerate()
        .map(|(i, value)| (i as f64 - 0.4, i as f64 + 0.4, *value))
        .collect();
    let x = Axis::named(x_axis, &labels, 20);
    let body = draw(&boxes, &x, y_axis, values.len() <= WRITTEN)?;
    Ok(Picture::new(
        SIZE.0,
        SIZE.1,
        &body,
        bars_alt(&labels, &values, x_axis, y_axis),
    ))
}

/// The alternative text of [`bars`].
fn bars_alt(labels: &[String], values: &[f64], x_axis: &str, y_axis: &str) -> String {
    let pair = |i: usize| format!("{} for {}", show(values[i]), labels[i]);
    if values.len() <= WRITTEN {
        let pairs: Vec<String> = (0..values.len()).map(pair).collect();
        return format!("{y_axis} by {x_axis}: {}.", pairs.join(", "));
    }
    let by_value = |a: &usize, b: &usize| values[*a].total_cmp(&values[*b]);
    let lowest = (0..values.len()).min_by(by_value).unwrap_or(0);
    let highest = (0..values.len()).max_by(by_value).unwrap_or(0);
    format!(
        "{y_axis} by {x_axis}, {} bars: highest {}, lowest {}.",
        values.len(),
        pair(highest),
        pair(lowest)
    )
}

/// Draws how many of the values are in each of `bins` equally wide intervals from the smallest
/// value to the largest. `x_axis` says what the values are, with their unit.
///
/// A value on a boundary is counted in the interval on its right, the largest value in the last
/// one.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// let picture = digits::plot::histogram(&[0, 1, 2, 2], 2, "value")?;
/// assert!(picture.alt.contains("in 2 bins: the fullest, 1 to 2, holds 3"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no value, [`PlotError::Zero`] if `bins` is 0,
/// [`PlotError::NotFinite`] if a value is NaN or infinite.
pub fn histogram<V: Number>(values: &[V], bins: usize, x_axis: &str) -> Result<Picture, PlotError> {
    if values.is_empty() {
        return Err(PlotError::empty("values"));
    }
    if bins == 0 {
        return Err(PlotError::Zero { what: "bins" });
    }
    PlotError::check_finite("values", values.iter().map(|value| value.to_f64()))?;
    let (low, high) = ends(values.iter().map(|value| value.to_f64()));
    let high = if low < high { high } else { low + 1.0 };
    let width = (high - low) / bins as f64;
    let mut counts = vec![0usize; bins];
    for value in values {
        counts[(((value.to_f64() - low) / width) as usize).min(bins - 1)] += 1;
    }
    let edge = |bin: usize| low + bin as f64 * width;
    let boxes: Vec<(f64, f64, f64)> = counts
        .iter()
        .enumerate()
        .map(|(bin, count)| (edge(bin), edge(bin + 1), *count as f64))
        .collect();
    let body = draw(
        &boxes,
        &Axis::over(x_axis, low, high, 8, false),
        "count",
        false,
    )?;
    let fullest = (0..bins).rev().max_by_key(|bin| counts[*bin]).unwrap_or(0);
    let alt = format!(
        "{} from {} to {} in {bins} bins: the fullest, {} to {}, holds {} ({}).",
        number::count(values.len(), "value", "values"),
        show(low),
        show(ends(values.iter().map(|value| value.to_f64())).1),
        show(edge(fullest)),
        show(edge(fullest + 1)),
        counts[fullest],
        number::percent(counts[fullest] as f64 / values.len() as f64),
    );
    Ok(Picture::new(SIZE.0, SIZE.1, &body, alt))
}

/// The SVG elements of bars `(left, right, height)` from 0 up or down, with axes, and with their
/// heights as numbers if `written`.
fn draw(
    boxes: &[(f64, f64, f64)],
    x: &Axis,
    y_axis: &str,
    written: bool,
) -> Result<String, PlotError> {
    let (low, high) = ends(boxes.iter().map(|bar| bar.2));
    let y = Axis::over(y_axis, low.min(0.0), high.max(0.0), 5, true);
    chart::canvas(SIZE, |area| -> Drawn<String> {
        let (_, rest) = area.split_vertically(8);
        let mut chart = chart::panel(&rest, x, &y)?;
        let style = chart::fill(0).filled();
        chart.draw_series(boxes.iter().map(|(left, right, value)| {
            let (bottom, top) = (value.min(0.0), value.max(0.0));
            let mut bar = Rectangle::new([(*left, bottom), (*right, top)], style);
            bar.set_margin(0, 0, 0, 1);
            bar
        }))?;
        if written {
            let tops: Vec<(f64, f64)> = boxes
                .iter()
                .map(|bar| ((bar.0 + bar.1) / 2.0, bar.2))
                .collect();
            for ((x, y), (_, value)) in chart::places(&chart, &tops).zip(&tops) {
                let below = *value < 0.0;
                let style = chart::text(if below { VPos::Top } else { VPos::Bottom }, HPos::Center);
                let gap = if below { 4 } else { -1 };
                area.draw(&Text::new(
                    show(*value),
                    (x.round() as i32, y.round() as i32 + gap),
                    style,
                ))?;
            }
        }
        Ok(String::new())
    })
}
