//! Several runs of each of several things: their mean as a bar, each run as a dot.

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
/// Room for the axis under the rows, in CSS pixels.
const AXIS: f64 = 42.0;
/// Room for a row's number on the right, in CSS pixels.
const VALUE: f64 = 62.0;
/// Width of a letter of a label, in CSS pixels.
const LETTER: f64 = 6.8;

/// A row for each label: a bar to the mean of its runs, the mean's number behind it, and a dot for each run, so that what
/// differs between rows can be held against what differs within them. `axis` names what is measured, with its unit.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::plot;
///
/// let runs = [vec![97.0, 98.0], vec![92.5, 91.5]];
/// let picture = plot::spread(&["deep", "flat"], &runs, "test accuracy (%)")?;
/// assert_eq!(picture.alt, "test accuracy (%): deep 97.5, in 2 runs from 97 to 98; flat 92, in 2 runs from 91.5 to 92.5.");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If there is no label, not one list of runs for each, a list without runs, or a run that is NaN or infinite.
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
    let sheet = Sheet::new(&rows);
    let height = ROW * rows.len() as f64 + AXIS;
    let mut body = sheet.axis(axis, ROW * rows.len() as f64);
    for (i, row) in rows.iter().enumerate() {
        body += &sheet.row(row, (i as f64 + 0.5) * ROW);
    }
    let said: Vec<String> = rows.iter().map(Row::words).collect();
    let alt = format!("{axis}: {}.", said.join("; "));
    Ok(Picture::new(WIDTH as u32, height as u32, &body, alt))
}

struct Row {
    label: String,
    runs: Vec<f64>,
    mean: f64,
}

impl Row {
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

/// Where things lie.
struct Sheet {
    /// Left and right end of the axis, in CSS pixels.
    left: f64,
    right: f64,
    /// What the ends mean.
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    decimals: usize,
}

impl Sheet {
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

    fn x(&self, value: f64) -> f64 {
        self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)
    }

    fn row(&self, row: &Row, y: f64) -> String {
        let (from, to) = (self.x(row.mean.min(0.0)), self.x(row.mean.max(0.0)));
        let mut body = format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" text-anchor=\"end\">{}</text>\
             <rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"15\" fill=\"{}\" fill-opacity=\".55\"/>",
            self.left - 8.0,
            y + 4.5,
            escape(&row.label),
            y - 7.5,
            to - from,
            COLOURS[0]
        );
        for run in &row.runs {
            body += &format!(
                "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"2.6\" fill=\"none\" stroke=\"currentColor\"/>",
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

    fn axis(&self, name: &str, bottom: f64) -> String {
        let mut body = String::new();
        for tick in &self.ticks {
            let x = self.x(*tick);
            body += &format!(
                "<path d=\"M{x:.1} 0V{bottom:.1}\" stroke=\"currentColor\" stroke-opacity=\".18\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"12.5\" text-anchor=\"middle\">{}</text>",
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
