//! The same program in Keras and here.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ExperimentError, Origin, folder, median, read};
use crate::train::{Epoch, History};

/// One training of a model, from one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The libraries that trained it.
    pub version: String,
    /// The model's trainable parameters.
    pub parameters: usize,
    /// The seed.
    pub seed: u64,
    /// What each epoch gave.
    pub epochs: Vec<Epoch>,
    /// Mean cross-entropy on the test images after the last epoch, in nats.
    pub test_loss: f64,
    /// Share of the test images that were right after the last epoch: 0 to 1.
    pub test_accuracy: f64,
    /// How many processes wanted to run in the minute before (the load average): if there were any, `seconds` tell
    /// little. `None` where the system does not say.
    #[serde(default)]
    pub load: Option<f64>,
}

/// All runs of one implementation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// One for each seed.
    pub runs: Vec<Run>,
    /// Mean test accuracy.
    pub mean: f64,
    /// Standard deviation of the test accuracies, with n − 1 in the denominator.
    pub std: f64,
}

/// The same program in Keras and here, from several seeds each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Where these results are from.
    #[serde(flatten)]
    pub origin: Origin,
    keras: Runs,
    digits: Runs,
    difference: Difference,
}

/// Difference of the mean test accuracies, ours minus Keras's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Difference {
    mean: f64,
    degrees_of_freedom: f64,
    interval_95: [f64; 2],
    comparisons: usize,
    interval_95_corrected: [f64; 2],
}

impl Comparison {
    /// Reads the results of the experiment `name` from the folder that the environment variable `DIGITS_EXPERIMENTS`
    /// names, or from `experiments` of the repository.
    ///
    /// # Errors
    /// If there is no such file, or it does not hold a comparison.
    pub fn load(name: &str) -> Result<Self, ExperimentError> {
        Self::load_from(folder(), name)
    }

    /// Reads the results of the experiment `name` from `folder`.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_from(folder: impl AsRef<Path>, name: &str) -> Result<Self, ExperimentError> {
        read(folder.as_ref(), name)
    }

    /// Keras's runs.
    pub fn keras(&self) -> &Runs {
        &self.keras
    }

    /// The runs of this crate.
    pub fn digits(&self) -> &Runs {
        &self.digits
    }

    /// Mean test accuracy here minus Keras's.
    pub fn difference(&self) -> f64 {
        self.difference.mean
    }

    /// Welch's 95 % interval of [`difference`](Self::difference): where it holds 0, these runs do not tell the two apart.
    pub fn interval(&self) -> RangeInclusive<f64> {
        let [low, high] = self.difference.interval_95;
        low..=high
    }

    /// Welch's interval corrected for [`comparisons`](Self::comparisons): of seven intervals at 95 %, one or more
    /// misses the truth in up to 7 · 5 of 100 such sets of experiments. Each taken at 1 − 0.05/7 instead (Bonferroni's
    /// correction), all seven hold together in at least 95 of 100. It is the wider of the two.
    ///
    /// ```
    /// use digits::experiment::Comparison;
    ///
    /// let comparison = Comparison::load("cnn_deep")?;
    /// let (one, all) = (comparison.interval(), comparison.corrected_interval());
    /// assert_eq!(comparison.comparisons(), 7);
    /// assert!(all.start() < one.start() && one.end() < all.end());
    /// # Ok::<(), digits::experiment::ExperimentError>(())
    /// ```
    pub fn corrected_interval(&self) -> RangeInclusive<f64> {
        let [low, high] = self.difference.interval_95_corrected;
        low..=high
    }

    /// How many models are compared with Keras in the same way, this one among them.
    pub fn comparisons(&self) -> usize {
        self.difference.comparisons
    }
}

impl Runs {
    /// The test accuracies, in the order of the runs.
    pub fn test_accuracies(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.test_accuracy).collect()
    }

    /// The model's trainable parameters; 0 without runs.
    pub fn parameters(&self) -> usize {
        self.runs.first().map_or(0, |run| run.parameters)
    }

    /// The median of all epochs' seconds; NaN of none. See [`Run::load`] before you quote it.
    pub fn epoch_seconds(&self) -> f64 {
        let epochs = self.runs.iter().flat_map(|run| &run.epochs);
        median(epochs.map(|epoch| epoch.seconds))
    }

    /// The mean course of training: of each epoch that all runs have, the mean over the runs of what it gave.
    /// [`plot::history`](crate::plot::history) draws it.
    ///
    /// ```
    /// use digits::{experiment::Comparison, plot};
    ///
    /// let comparison = Comparison::load("cnn_deep")?;
    /// let course = comparison.digits().history();
    /// assert_eq!(course.epochs.len(), 5);
    /// assert!(course.epochs[4].loss < course.epochs[0].loss);
    /// plot::history(&course)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn history(&self) -> History {
        let shortest = self.runs.iter().map(|run| run.epochs.len()).min();
        let epochs = (0..shortest.unwrap_or(0)).map(|epoch| {
            let mean = |of: fn(&Epoch) -> Option<f64>| {
                let values: Option<Vec<f64>> =
                    self.runs.iter().map(|run| of(&run.epochs[epoch])).collect();
                Some(super::mean(&values?))
            };
            let measured = |of| mean(of).unwrap_or(f64::NAN);
            Epoch {
                loss: measured(|e| Some(e.loss)),
                accuracy: measured(|e| Some(e.accuracy)),
                val_loss: mean(|e| e.val_loss),
                val_accuracy: mean(|e| e.val_accuracy),
                seconds: measured(|e| Some(e.seconds)),
            }
        });
        History {
            epochs: epochs.collect(),
        }
    }
}

/// Mean test accuracy and its standard deviation: `98.97 ± 0.13 %`.
impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ± {:.2} %", 100.0 * self.mean, 100.0 * self.std)
    }
}

/// A table of both: parameters, a line for each seed, and the difference below it with both intervals.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keras, digits) = (&self.keras, &self.digits);
        let versions = keras
            .runs
            .iter()
            .chain(&digits.runs)
            .map(|run| &run.version);
        let mut versions: Vec<&String> = versions.collect();
        versions.dedup();
        for version in versions {
            writeln!(f, "{version}")?;
        }
        writeln!(f, "{}", self.origin)?;
        writeln!(f, "\n                  Keras     here")?;
        writeln!(
            f,
            "parameters     {:>8}  {:>7}",
            keras.parameters(),
            digits.parameters()
        )?;
        writeln!(f, "test accuracy")?;
        for (keras, digits) in keras.runs.iter().zip(&digits.runs) {
            let percent = (100.0 * keras.test_accuracy, 100.0 * digits.test_accuracy);
            writeln!(
                f,
                "seed {:<9} {:>6.2} %  {:>6.2} %",
                keras.seed, percent.0, percent.1
            )?;
        }
        writeln!(
            f,
            "mean           {:>6.2} %  {:>6.2} %",
            100.0 * keras.mean,
            100.0 * digits.mean
        )?;
        writeln!(
            f,
            "deviation      {:>6.2}    {:>6.2}",
            100.0 * keras.std,
            100.0 * digits.std
        )?;
        let [interval, corrected] = [self.interval(), self.corrected_interval()].map(|interval| {
            let (low, high) = (100.0 * interval.start(), 100.0 * interval.end());
            format!("{low:+.2} to {high:+.2}")
        });
        write!(
            f,
            "\nhere − Keras: {:+.2} points, 95 % interval {interval}; corrected for {} comparisons, {corrected}",
            100.0 * self.difference.mean,
            self.difference.comparisons
        )
    }
}

#[cfg(test)]
mod tests;
