//! The history of a training → curves of loss and accuracy by epoch.

use super::chart;
use super::curves::{Panel, Series, course};
use super::{Picture, PlotError, number};
use crate::train::History;

const SIZE: (u32, u32) = (600, 560);

/// Draws loss (upper panel) and accuracy (lower panel) after each epoch, for the training images
/// and, if there were any, for the validation images.
///
/// ```
/// # fn main() -> Result<(), digits::plot::PlotError> {
/// use digits::{plot, train::{Epoch, History}};
///
/// let epoch = Epoch {
///     loss: 0.3,
///     accuracy: 0.9,
///     val_loss: None,
///     val_accuracy: None,
///     seconds: 1.0,
/// };
/// let picture = plot::history(&History { epochs: vec![epoch] })?;
/// assert!(picture.alt.starts_with("Training loss is 0.3 after epoch 1."));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PlotError::Empty`] if there is no epoch, [`PlotError::NotFinite`] if a loss or accuracy is NaN
/// or infinite.
pub fn history(history: &History) -> Result<Picture, PlotError> {
    let epochs = &history.epochs;
    let training = Curves {
        loss: epochs.iter().map(|e| e.loss).collect(),
        accuracy: epochs.iter().map(|e| e.accuracy).collect(),
    };
    let validation = Curves {
        loss: epochs.iter().filter_map(|e| e.val_loss).collect(),
        accuracy: epochs.iter().filter_map(|e| e.val_accuracy).collect(),
    };
    let measured = validation.loss.len() == epochs.len();
    draw(&training, measured.then_some(&validation))
}

/// Loss and accuracy after each epoch.
pub(super) struct Curves {
    /// In nats.
    pub(super) loss: Vec<f64>,
    /// From 0 to 1.
    pub(super) accuracy: Vec<f64>,
}

/// The picture of both panels.
///
/// # Errors
/// As for [`history`].
pub(super) fn draw(training: &Curves, validation: Option<&Curves>) -> Result<Picture, PlotError> {
    if training.loss.is_empty() {
        return Err(PlotError::empty("epochs"));
    }
    let both = |of: &dyn Fn(&Curves) -> Vec<f64>| {
        let named = [("training", Some(training)), ("validation", validation)];
        named
            .into_iter()
            .filter_map(|(name, curves)| Some(by_epoch(name, of(curves?))))
            .collect::<Vec<_>>()
    };
    let loss = both(&|curves| curves.loss.clone());
    let accuracy = both(&|curves| curves.accuracy.iter().map(|a| 100.0 * a).collect());
    let upper = Panel::new(&loss, "epoch", "loss (nats)")?;
    let lower = Panel::new(&accuracy, "epoch", "accuracy (%)")?;
    let body = chart::canvas(SIZE, |area| {
        let (top, bottom) = area.split_vertically(SIZE.1 as i32 / 2);
        Ok(upper.draw(&top)? + &lower.draw(&bottom)?)
    })?;
    Ok(Picture::new(SIZE.0, SIZE.1, &body, alt(&upper, &lower)))
}

/// The curve of one value for each epoch, from 1.
fn by_epoch(name: &str, values: Vec<f64>) -> Series {
    let epochs: Vec<usize> = (1..=values.len()).collect();
    Series::new(name, &epochs, &values)
}

/// The alternative text.
fn alt(loss: &Panel, accuracy: &Panel) -> String {
    let epoch = |x: f64| format!("after epoch {x}");
    let share = |percentage: f64| number::percent(percentage / 100.0);
    let describe = |panel: &Panel, measure: &str, value: &dyn Fn(f64) -> String| {
        let sentence = |(name, points): &(String, Vec<(f64, f64)>)| {
            let mut name = format!("{name} {measure}");
            name[..1].make_ascii_uppercase();
            format!("{name} {}.", course(points, value, &epoch))
        };
        panel
            .curves
            .iter()
            .map(sentence)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let loss = describe(loss, "loss", &number::show);
    format!("{loss} {}", describe(accuracy, "accuracy", &share))
}
