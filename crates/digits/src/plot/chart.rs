//! Drawing with plotters, in colours that suit light and dark pages.
//!
//! plotters writes fixed colours. Here each element is drawn in a *placeholder* colour that stands
//! for a role, such as text or the third series; [`canvas`] then replaces the placeholder of text
//! by `currentColor`, which is the colour of the page, and those of series by [`COLOURS`].

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{PlotError, number};

/// A drawing surface; positions are CSS pixels from the top left corner.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A panel with two numeric axes.
pub(super) type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;
/// The result of plotters' drawing functions.
pub(super) type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// The placeholder colour of text, axes and frames, which have the text colour of the page.
pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
/// Font size in the unit of plotters, which divides it by 1.24: 12.5 CSS pixels.
const TEXT: f64 = 15.5;

/// Colours of series. Each has a contrast of at least 3:1 with white and with dark pages (WCAG
/// 1.4.11) and is distinct from the others with the common kinds of colour blindness.
pub(super) const COLOURS: [&str; 6] = [
    "#2f7fd6", "#d2641a", "#12917a", "#b554b8", "#8a7a1c", "#d14a68",
];
/// Dash patterns of series, so that lines differ in grey too.
const DASHES: [&str; 6] = ["", "7 4", "2 3", "10 3 2 3", "14 4", "6 2 2 2 2 2"];

/// The placeholder colour of series `i`.
pub(super) fn fill(i: usize) -> RGBColor {
    RGBColor(1, 2, (i % COLOURS.len()) as u8)
}

/// An SVG polyline in the colour and dashes of series `i` through `points`, in CSS pixels. It is
/// not drawn by plotters, which rounds to whole pixels: smooth curves would have visible steps.
pub(super) fn line(i: usize, points: impl Iterator<Item = (f64, f64)>) -> String {
    let dashes = match DASHES[i % DASHES.len()] {
        "" => String::new(),
        pattern => format!(" stroke-dasharray=\"{pattern}\""),
    };
    let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    format!(
        "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" \
         stroke-linejoin=\"round\"{dashes} points=\"{}\"/>",
        COLOURS[i % COLOURS.len()],
        points.join(" ")
    )
}

/// The SVG elements that `draw` draws on a surface of `width` × `height` CSS pixels, followed by
/// those that it returns, without the enclosing `<svg>`.
///
/// # Errors
/// [`PlotError::Backend`] if plotters fails.
pub(super) fn canvas(
    (width, height): (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Drawn<String>,
) -> Result<String, PlotError> {
    let mut svg = String::new();
    let above = {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        draw(&area)
            .and_then(|above| area.present().map(|()| above))
            .map_err(|error| PlotError::Backend(error.to_string()))?
    };
    Ok(restyle(&svg) + &above)
}

/// The elements in an `<svg>` of plotters, with placeholder colours replaced and without attributes
/// that have no effect.
fn restyle(svg: &str) -> String {
    let body = svg.find('>').map_or(svg, |end| &svg[end + 1..]);
    let body = body.trim_end().trim_end_matches("</svg>");
    let mut body = body.replace('\n', "").replace(" opacity=\"1\"", "");
    body = body
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" \"/>", "\"/>");
    body = body.replace("\"#010101\"", "\"currentColor\"");
    for (i, colour) in COLOURS.iter().enumerate() {
        body = body.replace(&format!("\"#0102{i:02X}\""), &format!("\"{colour}\""));
    }
    body
}

/// An axis.
#[derive(Clone)]
pub(super) struct Axis {
    /// What it shows, with its unit.
    name: String,
    /// The value at its beginning.
    low: f64,
    /// The value at its end.
    high: f64,
    /// Values of the ticks, with their labels.
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis from `low` to `high` with about `wanted` ticks at round values. If `widen`, it is
    /// extended to the next round values. If `low` equals `high`, both are moved apart.
    pub(super) fn over(name: &str, low: f64, high: f64, wanted: usize, widen: bool) -> Self {
        let (low, high) = if low < high {
            (low, high)
        } else {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low - room, high + room)
        };
        let (at, decimals) = number::ticks(low, high, wanted);
        let (low, high) = match (at.first(), at.last()) {
            (Some(first), Some(last)) if widen => (*first, *last),
            _ => (low, high),
        };
        let inside = low - 1e-9 * (high - low)..=high + 1e-9 * (high - low);
        let ticks = at
            .into_iter()
            .filter(|tick| inside.contains(tick))
            .map(|tick| (tick, label(tick, decimals)))
            .collect();
        Self {
            name: name.to_owned(),
            low,
            high,
            ticks,
        }
    }

    /// An axis with ticks at 0, 1, 2 and so on, labelled with `names`; at most `written` of them,
    /// evenly spaced, are written.
    pub(super) fn named(name: &str, names: &[String], written: usize) -> Self {
        let every = names.len().div_ceil(written.max(1)).max(1);
        let ticks = names.iter().enumerate().step_by(every);
        Self {
            name: name.to_owned(),
            low: -0.6,
            high: names.len() as f64 - 0.4,
            ticks: ticks.map(|(i, name)| (i as f64, name.clone())).collect(),
        }
    }

    /// The label of the tick at `value`; empty if there is none.
    fn label(&self, value: f64) -> String {
        let near = 1e-6 * (self.high - self.low);
        let tick = self
            .ticks
            .iter()
            .find(|(tick, _)| (tick - value).abs() < near);
        tick.map_or_else(String::new, |(_, text)| text.clone())
    }

    /// The width of a vertical axis with its labels and its name, in CSS pixels.
    fn room(&self) -> u32 {
        let longest = self
            .ticks
            .iter()
            .map(|(_, text)| text.chars().count())
            .max();
        36 + 7 * longest.unwrap_or(0) as u32
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        from + (share * f64::from(to - from)).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, _: H) -> Vec<f64> {
        self.ticks.iter().map(|(tick, _)| *tick).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

/// The label of a tick, with this number of decimals unless the value is very large or small.
fn label(tick: f64, decimals: usize) -> String {
    if tick.abs() >= 1e7 || decimals > 5 {
        number::show(tick)
    } else {
        number::fixed(tick, decimals)
    }
}

/// Draws axes and grid lines, and returns the panel for the series.
pub(super) fn panel<'a>(area: &Area<'a>, x: &Axis, y: &Axis) -> Drawn<Chart<'a>> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(10)
        .margin_right(18)
        .margin_bottom(4)
        .x_label_area_size(42)
        .y_label_area_size(y.room())
        .build_cartesian_2d(x.clone(), y.clone())?;
    chart
        .configure_mesh()
        .axis_style(INK.mix(0.6))
        .bold_line_style(INK.mix(0.15))
        .light_line_style(TRANSPARENT)
        .disable_x_mesh()
        .label_style(("sans-serif", TEXT).into_font().color(&INK))
        .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
        .x_desc(x.name.as_str())
        .y_desc(y.name.as_str())
        .x_label_formatter(&|value| x.label(*value))
        .y_label_formatter(&|value| y.label(*value))
        .draw()?;
    Ok(chart)
}

/// The style of text in the colour of the page, with its anchor at the given position.
pub(super) fn text(vertical: VPos, horizontal: HPos) -> TextStyle<'static> {
    let style = ("sans-serif", TEXT).into_font().color(&INK);
    style.pos(Pos::new(horizontal, vertical))
}

/// Draws the marker of series `i` at (x, y), in CSS pixels: a disc, square, triangle or cross.
pub(super) fn mark(area: &Area<'_>, i: usize, (x, y): (i32, i32)) -> Drawn {
    let filled = fill(i).filled();
    match i % 4 {
        0 => area.draw(&Circle::new((x, y), 4, filled)),
        1 => area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], filled)),
        2 => area.draw(&TriangleMarker::new((x, y), 6, filled)),
        _ => area.draw(&Cross::new((x, y), 4, fill(i).stroke_width(2))),
    }
}

/// The position of each point, in CSS pixels from the top left corner of the canvas.
pub(super) fn places<'p>(
    chart: &Chart<'_>,
    points: &'p [(f64, f64)],
) -> impl Iterator<Item = (f64, f64)> + use<'p> {
    let (across, down) = chart.plotting_area().get_pixel_range();
    let (x, y) = (chart.x_range(), chart.y_range());
    let share = |range: &Range<f64>, value: f64| (value - range.start) / (range.end - range.start);
    points.iter().map(move |point| {
        let (right, up) = (share(&x, point.0), share(&y, point.1));
        (
            f64::from(across.start) + right * f64::from(across.end - 1 - across.start),
            f64::from(down.end - 1) - up * f64::from(down.end - 1 - down.start),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(hex: &str) -> f64 {
        let channel = |from: usize| {
            let value = u8::from_str_radix(&hex[from..from + 2], 16).expect("two hex digits");
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn series_colours_contrast_with_light_and_dark_pages() {
        for colour in COLOURS {
            for page in ["#ffffff", "#e1e1db", "#161923", "#1e1e1e"] {
                let (a, b) = (luminance(colour), luminance(page));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                let wanted = if page == "#e1e1db" { 2.6 } else { 3.0 };
                assert!(contrast >= wanted, "{colour} on {page}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn ticks_outside_the_ends_are_left_out() {
        let axis = Axis::over("epoch", 1.0, 5.0, 5, false);
        let labels: Vec<&str> = axis.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(labels, ["1", "2", "3", "4", "5"]);
        assert_eq!(axis.label(3.0), "3");
        assert_eq!(axis.label(3.5), "");
    }
}
