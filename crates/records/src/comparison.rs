//! The same program in Keras and here.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::file::{folder, read_experiment};
use crate::{ExperimentError, Origin, Runs, layout};

/// The same program in Keras and here, from several seeds each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Where these results come from.
    #[serde(flatten)]
    pub origin: Origin,
    keras: Runs,
    digits: Runs,
    difference: MeanDifference,
}

/// The difference of the mean test accuracies, ours minus Keras's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanDifference {
    /// The difference.
    pub mean: f64,
    /// The degrees of freedom of Student's t, by Welch and Satterthwaite.
    pub degrees_of_freedom: f64,
    /// Welch's interval at 95 %, from its lower to its upper bound.
    pub interval_95: [f64; 2],
    /// The number of models compared with Keras in the same way, this one among them.
    pub comparisons: usize,
    /// Welch's interval at 1 − 0.05 / `comparisons`.
    pub interval_95_corrected: [f64; 2],
}

impl Comparison {
    /// The runs of Keras and of this crate, and their difference.
    pub fn new(origin: Origin, keras: Runs, digits: Runs, difference: MeanDifference) -> Self {
        Self {
            origin,
            keras,
            digits,
            difference,
        }
    }

    /// Reads the results of the experiment `name` from the folder that the environment variable
    /// `DIGITS_EXPERIMENTS` names, or from `experiments` of the repository.
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
        read_experiment(folder.as_ref(), name)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// If the results cannot be written as JSON.
    pub fn to_text(&self) -> serde_json::Result<String> {
        layout::text(self)
    }

    /// Keras's runs.
    pub fn keras(&self) -> &Runs {
        &self.keras
    }

    /// The runs of this crate.
    pub fn digits(&self) -> &Runs {
        &self.digits
    }

    /// The mean test accuracy of this crate minus Keras's.
    pub fn difference(&self) -> f64 {
        self.difference.mean
    }

    /// Welch's 95 % interval of [`difference`](Self::difference): if it holds 0, these runs do not
    /// tell the two apart.
    pub fn interval(&self) -> RangeInclusive<f64> {
        let [low, high] = self.difference.interval_95;
        low..=high
    }

    /// Welch's interval corrected for [`comparisons`](Self::comparisons): of seven intervals at 95
    /// %, one or more misses the truth in up to 7 · 5 of 100 such sets of experiments. If each is
    /// taken at 1 − 0.05/7 instead (Bonferroni's correction), all seven hold together in at least
    /// 95 of 100. It is the wider of the two.
    ///
    /// ```
    /// use records::Comparison;
    ///
    /// let comparison = Comparison::load("cnn_deep")?;
    /// let (one, all) = (comparison.interval(), comparison.corrected_interval());
    /// assert_eq!(comparison.comparisons(), 7);
    /// assert!(all.start() < one.start() && one.end() < all.end());
    /// # Ok::<(), records::ExperimentError>(())
    /// ```
    pub fn corrected_interval(&self) -> RangeInclusive<f64> {
        let [low, high] = self.difference.interval_95_corrected;
        low..=high
    }

    /// The number of models compared with Keras in the same way, this one among them.
    pub fn comparisons(&self) -> usize {
        self.difference.comparisons
    }
}

/// A table of both: the versions, where they ran, a line for each seed, and the difference with
/// both intervals.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.keras.runs.iter().chain(&self.digits.runs);
        let mut versions: Vec<&String> = runs.map(|run| &run.version).collect();
        versions.dedup();
        for version in versions {
            writeln!(f, "{version}")?;
        }
        writeln!(f, "{}\n", self.origin)?;
        self.write_columns(f)?;
        let [interval, corrected] = [self.interval(), self.corrected_interval()].map(|interval| {
            let (low, high) = (100.0 * interval.start(), 100.0 * interval.end());
            format!("{low:+.2} to {high:+.2}")
        });
        write!(
            f,
            "\nhere − Keras: {:+.2} points, 95 % interval {interval}; \
             corrected for {} comparisons, {corrected}",
            100.0 * self.difference.mean,
            self.difference.comparisons
        )
    }
}

impl Comparison {
    /// The lines that have a column for Keras and one for this crate.
    fn write_columns(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keras, digits) = (&self.keras, &self.digits);
        writeln!(f, "                  Keras     here")?;
        let parameters = (keras.parameters(), digits.parameters());
        writeln!(f, "parameters     {:>8}  {:>7}", parameters.0, parameters.1)?;
        writeln!(f, "test accuracy")?;
        for (keras, digits) in keras.runs.iter().zip(&digits.runs) {
            let (seed, keras) = (keras.seed, 100.0 * keras.test_accuracy);
            let digits = 100.0 * digits.test_accuracy;
            writeln!(f, "seed {seed:<9} {keras:>6.2} %  {digits:>6.2} %")?;
        }
        let (mean, std) = (
            [keras.mean, digits.mean].map(|mean| 100.0 * mean),
            [keras.std, digits.std].map(|std| 100.0 * std),
        );
        writeln!(f, "mean           {:>6.2} %  {:>6.2} %", mean[0], mean[1])?;
        writeln!(f, "deviation      {:>6.2}    {:>6.2}", std[0], std[1])
    }
}

#[cfg(test)]
mod tests;
