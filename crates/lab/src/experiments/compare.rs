//! The same program in Keras and here, from the same seeds in turn: every run, and their
//! difference.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use records::{Comparison, MeanDifference, Origin, Run, Runs};
use xtask::checkout::Checkout;

use super::run::one;
use crate::welch::WelchTest;
use crate::{peers, programs};

/// The number of the sources' models that are compared with Keras: all of the table, but not the
/// same program at another learning rate.
const COMPARISONS: usize = 7;

/// Trains the model that `origin` names in Keras and here, from the seeds 1 to `seeds`.
///
/// # Errors
/// If a program is missing, fails, or prints something other than a run.
pub fn compare(
    checkout: &Checkout,
    origin: Origin,
    seeds: u64,
    scratch: &Path,
) -> Result<Comparison> {
    let python = peers::install(checkout)?;
    let example = programs::build(checkout, "model")?;
    let script = checkout.root().join("bench/keras/run.py");
    let name = &origin.experiment;
    let (mut keras, mut digits) = (Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let command = &mut Command::new(&python);
        keras.push(one("Keras", command.arg(&script).arg(name), seed, scratch)?);
        let command = &mut Command::new(&example);
        digits.push(one("digits", command.arg(name), seed, scratch)?);
    }
    Ok(comparison(origin, keras, digits))
}

/// The runs of Keras and of this crate, and the difference of their mean test accuracies.
fn comparison(origin: Origin, keras: Vec<Run>, digits: Vec<Run>) -> Comparison {
    let (keras, digits) = (Runs::new(keras), Runs::new(digits));
    let test = WelchTest::new(&digits.test_accuracies(), &keras.test_accuracies());
    let difference = MeanDifference {
        mean: test.difference,
        degrees_of_freedom: test.degrees_of_freedom,
        interval_95: test.interval(0.95),
        comparisons: COMPARISONS,
        interval_95_corrected: test.corrected_interval(COMPARISONS),
    };
    Comparison::new(origin, keras, digits, difference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::Machine;

    fn runs(test_accuracies: [f64; 3]) -> Vec<Run> {
        let run = |test_accuracy| Run {
            version: "x 1".into(),
            parameters: 10,
            seed: 1,
            epochs: vec![],
            test_loss: 0.1,
            test_accuracy,
            load: None,
        };
        test_accuracies.map(run).into()
    }

    #[test]
    fn a_difference_comes_with_both_intervals_the_corrected_one_the_wider() {
        let origin = Origin {
            experiment: "mlp128".into(),
            machine: Machine {
                cpu: "x".into(),
                cores: 2,
            },
            date: "2026-11-21".into(),
            command: "cargo xtask experiments mlp128".into(),
        };
        let (keras, digits) = (runs([0.97, 0.98, 0.96]), runs([0.99, 0.98, 0.97]));
        let found = comparison(origin, keras, digits);
        assert!((found.difference() - 0.01).abs() < 1e-12);
        assert_eq!(found.comparisons(), 7);
        let (one, all) = (found.interval(), found.corrected_interval());
        assert!(all.start() < one.start() && all.end() > one.end());
        assert_eq!(found.keras().runs.len(), 3);
    }
}
