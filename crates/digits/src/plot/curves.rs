//! Series of points → curves in one panel.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::{self, Area, Axis, Drawn};
use super::number::{self, Number};
use super::{Picture, PlotError};

/// The largest number of points of a series that has a marker at each point.
const MARKED: usize = 40;
/// Height of a row of the legend, in CSS pixels.
const ROW: i32 = 22;

/// A curve: its name and its points, which are connected in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Series {
    /// Creates the curve called `name` through the points `(x[0], y[0])`, `(x[1], y[1])` and so on.
    ///
    /// If `x` and `y` differ in length, [`lines`] returns an error.
    ///
    /// ```
    /// # fn main() -> Result<(), digits::plot::PlotError> {
    /// use digits::plot::{self, Series};
    ///
    /// let halves = Series::new("half", &[0, 1, 2], &[0.0, 0.5, 1.0]);
    /// let picture = plot::lines(&[halves], "x", "y")?;
    /// assert_eq!(picture.alt, "half rises from 0 at x = 0 to 1 at x = 2.");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new<X: Number, Y: Number>(name: impl Into<String>, x: &[X], y: &[Y]) -> Self {
        Self {
            name: name.into(),
            x: x.iter().map(|x| x.to_f64()).collect(),
            y: y.iter().map(|y| y.to_f64()).collect(),
        }
    }

    /// The points.
    ///
    /// # Errors
    /// As for [`lines`].
    fn points(&self) -> Result<Vec<(f64, f64)>, PlotError> {
        let Self { name, x, y } = self;
        PlotError::check_length(&format!("y of \"{name}\""), x.len(), y.len())?;
        if x.is_empty() {
            return Err(PlotError::empty(format!("points in series \"{name}\"")));
        }
        PlotError::check_finite(&format!("x of \"{name}\""), x.iter().copied())?;
        PlotError::check_finite(&format!("y of \"{name}\""), y.iter().copied())?;
        Ok(x.iter().copied().zip(y.iter().copied()).collect())
    }
}

/// Draws curves over common axes. `x_axis` and `y_axis` say what these show, with their units.
///
/// Up to six series differ in colour and dashes; series with at most 40 points have markers too.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::plot::{self, Series};
///
/// let losses = Series::new("loss", &[1, 2, 3], &[0.9, 0.3, 0.4]);
/// let picture = plot::lines(&[losses], "epoch", "loss (nats)")?;
/// assert!(picture.alt.starts_with("loss falls from 0.9 at epoch = 1 to 0.4 at epoch = 3"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no series or a series has no point, [`PlotError::Length`] if a
/// series does not have one `y` for each `x`, [`PlotError::NotFinite`] if a coordinate is NaN or
/// infinite.
pub fn lines(series: &[Series], x_axis: &str, y_axis: &str) -> Result<Picture, PlotError> {
    let panel = Panel::new(series, x_axis, y_axis)?;
    let size = (600, 340);
    let body = chart::canvas(size, |area| panel.draw(area))?;
    let sentences: Vec<String> = panel
        .curves
        .iter()
        .map(|(name, points)| {
            format!(
                "{name} {}.",
                course(points, &number::show, &|x| at(x_axis, x))
            )
        })
        .collect();
    Ok(Picture::new(size.0, size.1, &body, sentences.join(" ")))
}

/// The words for a position: `at x = 1`.
fn at(x_axis: &str, x: f64) -> String {
    // "learning rate (per step)" → "learning rate"
    let name = x_axis.split(" (").next().unwrap_or(x_axis);
    format!("at {name} = {}", number::show(x))
}

/// A curve in words: `falls from 0.3 at x = 1 to 0.05 at x = 5; lowest, 0.04, at x = 4`. `value`
/// and `place` write a value and a position.
pub(super) fn course(
    points: &[(f64, f64)],
    value: &dyn Fn(f64) -> String,
    place: &dyn Fn(f64) -> String,
) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return "has no points".to_owned();
    };
    if points.len() == 1 {
        return format!("is {} {}", value(first.1), place(first.0));
    }
    let verb = match (value(first.1) == value(last.1), first.1 < last.1) {
        (true, _) => "goes",
        (false, true) => "rises",
        (false, false) => "falls",
    };
    let mut text = format!(
        "{verb} from {} {} to {} {}",
        value(first.1),
        place(first.0),
        value(last.1),
        place(last.0)
    );
    let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
    let ends = [value(first.1), value(last.1)];
    for (word, extreme) in [
        ("lowest", points.iter().min_by(by_height)),
        ("highest", points.iter().max_by(by_height)),
    ] {
        if let Some((x, y)) = extreme.filter(|(_, y)| !ends.contains(&value(*y))) {
            text.push_str(&format!("; {word}, {}, {}", value(*y), place(*x)));
        }
    }
    text
}

/// Curves with their axes and their legend; all their points can be drawn.
pub(super) struct Panel {
    /// The name and the points of each curve.
    pub(super) curves: Vec<(String, Vec<(f64, f64)>)>,
    x: Axis,
    y: Axis,
}

impl Panel {
    /// A panel for `series`.
    ///
    /// # Errors
    /// As for [`lines`].
    pub(super) fn new(series: &[Series], x_axis: &str, y_axis: &str) -> Result<Self, PlotError> {
        if series.is_empty() {
            return Err(PlotError::empty("series"));
        }
        let named = |s: &Series| s.points().map(|points| (s.name.clone(), points));
        let curves = series.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let points = || curves.iter().flat_map(|(_, points)| points);
        let (left, right) = ends(points().map(|p| p.0));
        let (low, high) = ends(points().map(|p| p.1));
        let whole = points().all(|p| p.0.fract() == 0.0);
        let wanted = if whole {
            (right - left).clamp(1.0, 8.0) as usize
        } else {
            8
        };
        let x = Axis::over(x_axis, left, right, wanted, false);
        let y = Axis::over(y_axis, low, high, 5, true);
        Ok(Self { curves, x, y })
    }

    /// Draws legend, axes and markers, and returns the curves as SVG elements.
    pub(super) fn draw(&self, area: &Area<'_>) -> Drawn<String> {
        let (width, _) = area.dim_in_pixel();
        let (left, top) = area.get_base_pixel();
        let (places, height) = self.legend(width as i32);
        let (_, rest) = area.split_vertically(height);
        let chart = chart::panel(&rest, &self.x, &self.y)?;
        let mut curves = String::new();
        for (i, (name, points)) in self.curves.iter().enumerate() {
            let (x, y) = places[i];
            let sample = [(x, y), (x + 34, y)].map(|(x, y)| (x + left, y + top));
            let sample = sample.map(|(x, y)| (f64::from(x), f64::from(y)));
            curves += &chart::line(i, sample.into_iter());
            curves += &chart::line(i, chart::places(&chart, points));
            if self.is_marked(i) {
                chart::mark(area, i, (x + 17, y))?;
                for (x, y) in chart::places(&chart, points) {
                    chart::mark(area, i, (x.round() as i32 - left, y.round() as i32 - top))?;
                }
            }
            let style = chart::text(VPos::Center, HPos::Left);
            area.draw(&Text::new(name.clone(), (x + 42, y), style))?;
        }
        Ok(curves)
    }

    /// Whether the points of series `i` have markers.
    fn is_marked(&self, i: usize) -> bool {
        self.curves[i].1.len() <= MARKED
    }

    /// The position of the legend of each series, in rows of at most `width`, and the height of all
    /// rows, in CSS pixels.
    fn legend(&self, width: i32) -> (Vec<(i32, i32)>, i32) {
        let (left, mut x, mut y) = (50, 50, ROW / 2 + 2);
        let mut places = Vec::with_capacity(self.curves.len());
        for (name, _) in &self.curves {
            let needed = 42 + 7 * name.chars().count() as i32;
            if x > left && x + needed > width {
                (x, y) = (left, y + ROW);
            }
            places.push((x, y));
            x += needed + 20;
        }
        (places, y + ROW / 2 + 2)
    }
}

/// The smallest and the largest of `values`, which must be finite; ∞ and −∞ if there are
/// none.
pub(super) fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}
