//! One program at many settings, each from several seeds.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::file::{folder, read_experiment};
use crate::{ExperimentError, Origin, layout, mean, median, standard_error};

/// One program at many settings, each from several seeds.
///
/// ```
/// use records::Survey;
///
/// let error = Survey::load("no_such_survey").unwrap_err().to_string();
/// assert!(error.ends_with("`cargo xtask experiments no_such_survey` makes it"), "{error}");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Where these results come from.
    #[serde(flatten)]
    pub origin: Origin,
    settings: Vec<Setting>,
}

/// All runs at one setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// What was set, in words: `batch 32, rate 0.1`.
    pub name: String,
    /// The runs, one for each seed.
    pub trials: Vec<Trial>,
}

/// One training, from one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// The mean training loss of each epoch, in nats; an image's loss is measured just before the
    /// step that it takes part in. The list ends before the first epoch whose loss is not a number.
    pub losses: Vec<f64>,
    /// The share of training images classified correctly after the last epoch: 0 to 1.
    pub train_accuracy: f64,
    /// The share of test images classified correctly after the last epoch: 0 to 1.
    pub test_accuracy: f64,
    /// The duration of the training in seconds.
    pub seconds: f64,
}

impl Survey {
    /// The results of an experiment, with its settings in the order in which they were run.
    pub fn new(origin: Origin, settings: Vec<Setting>) -> Self {
        Self { origin, settings }
    }

    /// Reads the results of the survey `name` from the folder that the environment variable
    /// `DIGITS_EXPERIMENTS` names, or from `experiments` of the repository.
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
        read_experiment(folder.as_ref(), name)
    }

    /// The text of the file, with a line for each trial.
    ///
    /// # Errors
    /// If the results cannot be written as JSON.
    pub fn to_text(&self) -> serde_json::Result<String> {
        let mut blocks = Vec::new();
        for Setting { name, trials } in &self.settings {
            let name = serde_json::to_string(name)?;
            let mut lines = Vec::new();
            for trial in trials {
                lines.push(format!("      {}", serde_json::to_string(trial)?));
            }
            let lines = lines.join(",\n");
            blocks.push(format!(
                "    {{\"name\": {name}, \"trials\": [\n{lines}\n    ]}}"
            ));
        }
        let origin = layout::text(&self.origin)?;
        let open = origin.trim_end_matches("\n}\n");
        Ok(format!(
            "{open},\n  \"settings\": [\n{}\n  ]\n}}\n",
            blocks.join(",\n")
        ))
    }

    /// All settings, in the order in which they were run.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The setting called `name`; `None` if there is none.
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

    /// The mean test accuracy, 0 to 1; NaN without runs.
    pub fn mean(&self) -> f64 {
        mean(&self.test_accuracies())
    }

    /// The standard error of [`mean`](Self::mean): the standard deviation of the test accuracies
    /// over the square root of their number; NaN for fewer than two runs.
    pub fn standard_error(&self) -> f64 {
        standard_error(&self.test_accuracies())
    }

    /// The median of the runs' seconds; NaN without runs.
    ///
    /// ```
    /// use records::{Setting, Trial};
    ///
    /// let trials = [(1, 0.991, 2.0), (2, 0.990, 1.0), (3, 0.989, 5.0)];
    /// let trials = trials.map(|(seed, test_accuracy, seconds)| Trial {
    ///     seed, losses: vec![], train_accuracy: 1.0, test_accuracy, seconds,
    /// });
    /// let setting = Setting { name: "fast".into(), trials: trials.to_vec() };
    /// assert_eq!((setting.median_seconds(), setting.most_seconds()), (2.0, 5.0));
    /// assert_eq!(setting.reaching(0.99), 2);
    /// ```
    pub fn median_seconds(&self) -> f64 {
        median(&self.seconds())
    }

    /// The seconds of the longest run; 0 without runs.
    pub fn most_seconds(&self) -> f64 {
        self.seconds().into_iter().fold(0.0, f64::max)
    }

    fn seconds(&self) -> Vec<f64> {
        self.trials.iter().map(|trial| trial.seconds).collect()
    }

    /// The number of runs whose test accuracy is `accuracy` or more.
    pub fn reaching(&self, accuracy: f64) -> usize {
        let trials = self.trials.iter();
        trials
            .filter(|trial| trial.test_accuracy >= accuracy)
            .count()
    }
}

/// Where and when it ran, and a line for each setting: the mean test accuracy and its standard
/// error.
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
