//! The results of several runs for each label → a bar for their mean, and a dot for each run.

use super::chart::COLOURS;
use super::curves::ends;
use super::number::{self, Number, show};
use super::picture::escape;
use super::{Picture, PlotError};
use crate::experiment;

/// Width of the picture, in CSS pixels.
const WIDTH: f64 = 680.0;
/// Height of a row, in CSS pixels.
const ROW: f64 = 25.0;
/// Height of the axis under the rows, in CSS pixels.
const AXIS: f64 = 42.0;
/// Width of the gap for the mean on the right of a row, in CSS pixels.
const VALUE: f64 = 62.0;
/// Assumed width of a letter in a label, in CSS pixels.
const LETTER: f64 = 6.8;

/// Draws a row for each label: a bar for the mean of its runs, a dot for each run, and the mean as
/// a number. Differences between rows can so be compared with those within rows. `axis` is what was
/// measured, with its unit.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::plot;
///
/// let runs = [vec![97.0, 98.0], vec![92.5, 91.5]];
/// let picture = plot::spread(&["deep", "flat"], &runs, "test accuracy (%)")?;
/// assert!(picture.alt.contains("deep 97.5, in 2 runs from 97 to 98; flat 92, in 2 runs"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no label or a label has no run, [`PlotError::Length`] if there
/// is not one list of runs for each label, [`PlotError::NotFinite`] if a run is NaN or infinite.
pub fn spread<L: ToString, V: Number>(
    labels: &[L],
    runs: &[Vec<V>],
    axis: &str,
) -> Result<Picture, PlotError> {
    if labels.is_empty() {
        return Err(PlotError::empty("labels"));
    }
    PlotError::check_length("runs", labels.len(), runs.len())?;
    let mut rows = Vec::new();
    for (label, runs) in labels.iter().zip(runs) {
        let (label, runs): (String, Vec<f64>) = (
            label.to_string(),
            runs.iter().map(|run| run.to_f64()).collect(),
        );
        if runs.is_empty() {
            return Err(PlotError::empty(format!("runs of \"{label}\"")));
        }
        PlotError::check_finite(&label, runs.iter().copied())?;
        rows.push(Row {
            mean: experiment::mean(&runs),
            label,
            runs,
        });
    }
    let layout = Layout::new(&rows);
    let height = ROW * rows.len() as f64 + AXIS;
    let mut body = layout.axis(axis, ROW * rows.len() as f64);
    for (i, row) in rows.iter().enumerate() {
        body += &layout.row(row, (i as f64 + 0.5) * ROW);
    }
    let said: Vec<String> = rows.iter().map(Row::words).collect();
    let alt = format!("{axis}: {}.", said.join("; "));
    Ok(Picture::new(WIDTH as u32, height as u32, &body, alt))
}

/// The runs of one label.
struct Row {
    label: String,
    runs: Vec<f64>,
    mean: f64,
}

impl Row {
    /// The row in words, for the alternative text.
    fn words(&self) -> String {
        let (low, high) = ends(self.runs.iter().copied());
        let many = number::count(self.runs.len(), "run", "runs");
        format!(
            "{} {}, in {many} from {} to {}",
            self.label,
            show(self.mean),
            show(low),
            show(high)
        )
    }
}

/// The horizontal axis and its position.
struct Layout {
    /// Left end of the axis, in CSS pixels.
    left: f64,
    /// Right end of the axis, in CSS pixels.
    right: f64,
    /// Value at the left end.
    low: f64,
    /// Value at the right end.
    high: f64,
    /// Values of the ticks.
    ticks: Vec<f64>,
    /// Number of decimals of the ticks' labels.
    decimals: usize,
}

impl Layout {
    /// An axis for all values of `rows`, from 0 or below to 0 or above.
    fn new(rows: &[Row]) -> Self {
        let longest = rows.iter().map(|row| row.label.chars().count()).max();
        let (low, high) = ends(rows.iter().flat_map(|row| row.runs.iter().copied()));
        let (low, high) = (low.min(0.0), high.max(0.0));
        let high = if low < high { high } else { low + 1.0 };
        let (ticks, decimals) = number::ticks(low, high, 5);
        Self {
            left: LETTER * longest.unwrap_or(0) as f64 + 14.0,
            right: WIDTH - VALUE,
            low: ticks.first().map_or(low, |first| first.min(low)),
            high: ticks.last().map_or(high, |last| last.max(high)),
            ticks,
            decimals,
        }
    }

    /// The position of `value`, in CSS pixels from the left.
    fn x(&self, value: f64) -> f64 {
        self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)
    }

    /// SVG elements of a row whose middle is at `y`, in CSS pixels from the top.
    fn row(&self, row: &Row, y: f64) -> String {
        let (from, to) = (self.x(row.mean.min(0.0)), self.x(row.mean.max(0.0)));
        let mut body = format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" text-anchor=\"end\">{}</text>\
             <rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"15\" fill=\"{}\" \
             fill-opacity=\".55\"/>",
            self.left - 8.0,
            y + 4.5,
            escape(&row.label),
            y - 7.5,
            to - from,
            COLOURS[0]
        );
        for run in &row.runs {
            body += &format!(
                "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"2.6\" fill=\"none\" \
                 stroke=\"currentColor\"/>",
                self.x(*run)
            );
        }
        let (_, last) = ends(row.runs.iter().copied());
        body + &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12.5\">{}</text>",
            self.x(last.max(0.0)) + 8.0,
            y + 4.5,
            show(row.mean)
        )
    }

    /// SVG elements of the axis called `name`, at `bottom` CSS pixels from the top.
    fn axis(&self, name: &str, bottom: f64) -> String {
        let mut body = String::new();
        for tick in &self.ticks {
            let x = self.x(*tick);
            body += &format!(
                "<path d=\"M{x:.1} 0V{bottom:.1}\" stroke=\"currentColor\" stroke-opacity=\".18\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"12.5\" \
                 text-anchor=\"middle\">{}</text>",
                bottom + 16.0,
                number::fixed(*tick, self.decimals)
            );
        }
        body + &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12.5\" text-anchor=\"middle\">{}</text>",
            (self.left + self.right) / 2.0,
            bottom + 35.0,
            escape(name)
        )
    }
}
