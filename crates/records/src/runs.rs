//! Trainings of one model by one implementation.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Epoch, History, mean, median, standard_deviation};

/// One training of a model, from one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The versions of the libraries that trained it.
    pub version: String,
    /// The number of trainable parameters of the model.
    pub parameters: usize,
    /// The seed.
    pub seed: u64,
    /// The results of each epoch.
    pub epochs: Vec<Epoch>,
    /// The mean cross-entropy on the test images after the last epoch, in nats.
    pub test_loss: f64,
    /// The share of the test images that were classified correctly after the last epoch: 0 to 1.
    pub test_accuracy: f64,
    /// The load average before the run: the mean number of processes that wanted to run in the
    /// minute before. If it is not near 0, `seconds` tell little. `None` where the system does not
    /// say.
    #[serde(default)]
    pub load: Option<f64>,
}

/// All runs of one implementation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// The mean test accuracy.
    pub mean: f64,
    /// The standard deviation of the test accuracies, with n − 1 in the denominator.
    pub std: f64,
    /// The runs, one for each seed.
    pub runs: Vec<Run>,
}

impl Runs {
    /// The runs with the mean and the standard deviation of their test accuracies.
    pub fn new(runs: Vec<Run>) -> Self {
        let accuracies: Vec<f64> = runs.iter().map(|run| run.test_accuracy).collect();
        Self {
            mean: mean(&accuracies),
            std: standard_deviation(&accuracies),
            runs,
        }
    }

    /// The test accuracies, in the order of the runs.
    pub fn test_accuracies(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.test_accuracy).collect()
    }

    /// The number of trainable parameters of the model; 0 without runs.
    pub fn parameters(&self) -> usize {
        self.runs.first().map_or(0, |run| run.parameters)
    }

    /// The median of all epochs' seconds; NaN without epochs. See [`Run::load`] before you quote
    /// it.
    pub fn epoch_seconds(&self) -> f64 {
        let epochs = self.runs.iter().flat_map(|run| &run.epochs);
        median(&epochs.map(|epoch| epoch.seconds).collect::<Vec<_>>())
    }

    /// The mean course of training: for each epoch that all runs have, the mean of their results.
    /// `digits::plot::history` draws it.
    ///
    /// ```
    /// let comparison = records::Comparison::load("cnn_deep")?;
    /// let course = comparison.digits().history();
    /// assert_eq!(course.epochs.len(), 5);
    /// assert!(course.epochs[4].loss < course.epochs[0].loss);
    /// # Ok::<(), records::ExperimentError>(())
    /// ```
    pub fn history(&self) -> History {
        let shortest = self.runs.iter().map(|run| run.epochs.len()).min();
        let epochs = (0..shortest.unwrap_or(0)).map(|epoch| {
            let mean_of = |of: fn(&Epoch) -> Option<f64>| {
                let values: Option<Vec<f64>> =
                    self.runs.iter().map(|run| of(&run.epochs[epoch])).collect();
                Some(mean(&values?))
            };
            let measured = |of| mean_of(of).unwrap_or(f64::NAN);
            Epoch {
                loss: measured(|e| Some(e.loss)),
                accuracy: measured(|e| Some(e.accuracy)),
                val_loss: mean_of(|e| e.val_loss),
                val_accuracy: mean_of(|e| e.val_accuracy),
                seconds: measured(|e| Some(e.seconds)),
            }
        });
        History {
            epochs: epochs.collect(),
        }
    }
}

/// The mean test accuracy and the standard deviation: `98.97 ± 0.13 %`.
impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ± {:.2} %", 100.0 * self.mean, 100.0 * self.std)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run with one epoch.
    fn run(seed: u64, test_accuracy: f64, seconds: f64) -> Run {
        Run {
            version: "x 1".into(),
            parameters: 10,
            seed,
            epochs: vec![Epoch {
                loss: 0.5,
                accuracy: 0.5,
                val_loss: None,
                val_accuracy: None,
                seconds,
            }],
            test_loss: 0.1,
            test_accuracy,
            load: Some(0.5),
        }
    }

    fn runs() -> Runs {
        Runs::new(vec![run(1, 0.990, 9.0), run(2, 0.992, 11.0)])
    }

    #[test]
    fn the_course_of_a_training_is_the_mean_of_all_runs_that_reached_the_epoch() {
        let mut runs = runs();
        let further = runs.runs[0].epochs[0];
        runs.runs[0].epochs.push(further); // the other run has only one
        runs.runs[1].epochs[0].loss = 0.25;
        let course = runs.history().epochs;
        assert_eq!(course.len(), 1);
        assert_eq!((course[0].loss, course[0].seconds), (0.375, 10.0));
        assert_eq!(course[0].val_loss, None);
        runs.runs[0].epochs[0].val_loss = Some(1.0);
        assert_eq!(runs.history().epochs[0].val_loss, None); // one run without it: no mean
        runs.runs[1].epochs[0].val_loss = Some(2.0);
        assert_eq!(runs.history().epochs[0].val_loss, Some(1.5));
    }

    #[test]
    fn runs_are_said_as_mean_and_deviation() {
        assert_eq!(runs().to_string(), "99.10 ± 0.14 %"); // 0.1 points · √2
        assert_eq!(runs().parameters(), 10);
    }
}
