//! One program at many settings, each from several seeds.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ExperimentError, Origin, folder, read};

/// What many settings of one program reached, each from several seeds.
///
/// ```
/// use digits::experiment::Survey;
///
/// let error = Survey::load("no_such_survey").unwrap_err().to_string();
/// assert!(error.ends_with("`cargo xtask experiments no_such_survey` makes it"), "{error}");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Where these results are from.
    #[serde(flatten)]
    pub origin: Origin,
    settings: Vec<Setting>,
}

/// All runs at one setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// What was set, in words: `batch 32, rate 0.1`.
    pub name: String,
    /// One for each seed.
    pub trials: Vec<Trial>,
}

/// One training, from one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// Mean training loss of each epoch, in nats, each image's measured before the step that it took part in. A run
    /// whose loss stops being a number has no epochs from there on.
    pub losses: Vec<f64>,
    /// Share of the training images that were right after the last epoch: 0 to 1.
    pub train_accuracy: f64,
    /// Share of the test images that were right after the last epoch: 0 to 1.
    pub test_accuracy: f64,
    /// How long the training took.
    pub seconds: f64,
}

impl Survey {
    /// Reads the results of the survey `name` from the folder that the environment variable `DIGITS_EXPERIMENTS`
    /// names, or from `experiments` of the repository.
    ///
    /// # Errors
    /// If there is no such file, or it does not hold a survey.
    pub fn load(name: &str) -> Result<Self, ExperimentError> {
        Self::load_from(folder(), name)
    }

    /// Reads the results of the survey `name` from `folder`.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_from(folder: impl AsRef<Path>, name: &str) -> Result<Self, ExperimentError> {
        read(folder.as_ref(), name)
    }

    /// All settings, in the order in which they were run.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The setting called `name`.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }
}

impl Setting {
    /// The test accuracies, in the order of the runs.
    pub fn test_accuracies(&self) -> Vec<f64> {
        self.trials
            .iter()
            .map(|trial| trial.test_accuracy)
            .collect()
    }

    /// Mean test accuracy: 0 to 1. NaN of no runs.
    pub fn mean(&self) -> f64 {
        mean(&self.test_accuracies())
    }

    /// Standard error of [`mean`](Self::mean): the runs' standard deviation over the root of their number. NaN of fewer
    /// than two runs.
    pub fn standard_error(&self) -> f64 {
        standard_error(&self.test_accuracies())
    }

    /// How long the median run took, and the longest, in seconds; NaN and 0 of no runs.
    ///
    /// ```
    /// use digits::experiment::{Setting, Trial};
    ///
    /// let trials = [(1, 0.991, 2.0), (2, 0.990, 1.0), (3, 0.989, 5.0)].map(|(seed, test_accuracy, seconds)| Trial {
    ///     seed, losses: vec![], train_accuracy: 1.0, test_accuracy, seconds,
    /// });
    /// let setting = Setting { name: "fast".into(), trials: trials.to_vec() };
    /// assert_eq!((setting.median_seconds(), setting.most_seconds()), (2.0, 5.0));
    /// assert_eq!(setting.reaching(0.99), 2);
    /// ```
    pub fn median_seconds(&self) -> f64 {
        let mut seconds: Vec<f64> = self.trials.iter().map(|trial| trial.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        match seconds.len() {
            0 => f64::NAN,
            n => f64::midpoint(seconds[(n - 1) / 2], seconds[n / 2]),
        }
    }

    /// The seconds of the longest run: see [`median_seconds`](Self::median_seconds).
    pub fn most_seconds(&self) -> f64 {
        let seconds = self.trials.iter().map(|trial| trial.seconds);
        seconds.fold(0.0, f64::max)
    }

    /// How many runs have a test accuracy of `accuracy` or more.
    pub fn reaching(&self, accuracy: f64) -> usize {
        let trials = self.trials.iter();
        trials
            .filter(|trial| trial.test_accuracy >= accuracy)
            .count()
    }
}

/// Mean of some numbers; NaN of none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// How far a mean of such values strays from the mean of all that there could be: √(Σ (x − mean)² / (n − 1) / n).
///
/// ```
/// use digits::experiment::standard_error;
/// assert_eq!(standard_error(&[1.0, 3.0]), 1.0);
/// assert!(standard_error(&[1.0]).is_nan()); // one value tells nothing about its spread
/// ```
pub fn standard_error(values: &[f64]) -> f64 {
    let (mean, n) = (mean(values), values.len() as f64);
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (squares / (n - 1.0) / n).sqrt()
}

/// Where and when it ran, and a line for each setting: mean test accuracy and its standard error.
impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        let names = self.settings.iter().map(|s| s.name.chars().count());
        let wide = names.max().unwrap_or(0).max("setting".len());
        write!(
            f,
            "{:<wide$}  runs  test accuracy  standard error",
            "setting"
        )?;
        for setting in &self.settings {
            write!(
                f,
                "\n{:<wide$}  {:>4}  {:>11.2} %  {:>7.2} points",
                setting.name,
                setting.trials.len(),
                100.0 * setting.mean(),
                100.0 * setting.standard_error()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
