//! `--check`: whether this code still keeps its distance from the peers.

use std::fmt::Write;

use anyhow::{Result, ensure};
use records::Bench;

/// The share of a committed ratio that may be lost. Ratios of seconds measured alternately move
/// less than seconds, but they do move: a busy minute falls on one of the two, and the peers'
/// seconds vary more than ours.
pub const RATIO_TOLERANCE: f64 = 0.3;
/// The difference, 0 to 1, that a test accuracy after two epochs may show: seeds differ by three to
/// five thousandths, a broken gradient costs more.
pub const ACCURACY_TOLERANCE: f64 = 0.01;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// A line for each ratio and accuracy that both files have.
    pub table: String,
    /// The number of those that are out of tolerance.
    pub failures: usize,
    /// The number of ratios that grew by so much that the committed ones are out of date.
    pub gains: usize,
}

/// Compares `now` with the `committed` results.
///
/// # Errors
/// If they have no model and peer in common.
pub fn compare(committed: &Bench, now: &Bench) -> Result<Verdict> {
    let mut verdict = Verdict {
        table: format!("{:<16}{:<14}committed      now   change\n", "", ""),
        ..Verdict::default()
    };
    let mut compared = 0;
    for model in now.models() {
        let ran = now.implementations(model).into_iter();
        for peer in ran.filter(|name| *name != "digits") {
            let ratio = |bench: &Bench| bench.ratio(model, peer);
            if let (Some(old), Some(new)) = (ratio(committed), ratio(now)) {
                verdict.ratio(model, peer, old, new)?;
                compared += 1;
            }
        }
        let accuracy = |bench: &Bench| Some(bench.get(model, "digits")?.test_accuracy);
        if let (Some(old), Some(new)) = (accuracy(committed), accuracy(now)) {
            verdict.accuracy(model, old, new)?;
        }
    }
    ensure!(
        compared > 0,
        "nothing to compare: this run and the committed results have no model and peer in common"
    );
    Ok(verdict)
}

impl Verdict {
    fn ratio(&mut self, model: &str, peer: &str, old: f64, new: f64) -> Result<()> {
        let change = new / old - 1.0;
        let word = if change < -RATIO_TOLERANCE {
            self.failures += 1;
            "  SLOWER"
        } else if change > RATIO_TOLERANCE {
            self.gains += 1;
            "  faster"
        } else {
            ""
        };
        Ok(writeln!(
            self.table,
            "{model:<16}{:<14}{old:>7.2} ×{new:>7.2} ×{:>+7.0} %{word}",
            format!("{peer} ÷ us"),
            100.0 * change
        )?)
    }

    fn accuracy(&mut self, model: &str, old: f64, new: f64) -> Result<()> {
        let change = new - old;
        let out = change.abs() > ACCURACY_TOLERANCE;
        self.failures += usize::from(out);
        Ok(writeln!(
            self.table,
            "{model:<16}{:<14}{:>7.2} %{:>7.2} %{:>+7.2} points{}",
            "accuracy",
            100.0 * old,
            100.0 * new,
            100.0 * change,
            if out { "  MOVED" } else { "" }
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::bench_at;
    use super::*;

    fn results(digits: f64, keras: f64, accuracy: f64) -> Bench {
        bench_at(
            accuracy,
            &[("mlp128", "digits", digits), ("mlp128", "keras", keras)],
        )
    }

    #[test]
    fn a_machine_half_as_fast_passes_because_ratios_stay() {
        let verdict = compare(&results(0.5, 3.0, 0.97), &results(1.0, 6.0, 0.968)).unwrap();
        assert_eq!((verdict.failures, verdict.gains), (0, 0));
        assert_eq!(verdict.table.lines().count(), 3);
    }

    #[test]
    fn a_ratio_that_falls_further_than_the_tolerance_fails_and_one_that_grows_is_told() {
        let committed = results(0.5, 3.0, 0.97);
        let slower = compare(&committed, &results(0.5 / 0.69, 3.0, 0.97)).unwrap();
        assert_eq!(slower.failures, 1);
        assert!(
            slower.table.contains("6.00 ×   4.14 ×    -31 %  SLOWER"),
            "{}",
            slower.table
        );
        let within = compare(&committed, &results(0.5 / 0.71, 3.0, 0.97)).unwrap();
        assert_eq!(within.failures, 0);
        let faster = compare(&committed, &results(0.25, 3.0, 0.97)).unwrap();
        assert_eq!((faster.failures, faster.gains), (0, 1));
    }

    #[test]
    fn an_accuracy_that_moves_fails() {
        let committed = results(0.5, 3.0, 0.97);
        let worse = compare(&committed, &results(0.5, 3.0, 0.955)).unwrap();
        assert_eq!(worse.failures, 1);
        assert!(worse.table.contains("MOVED"), "{}", worse.table);
    }

    #[test]
    fn files_without_a_common_peer_are_no_comparison() {
        let other = bench_at(0.97, &[("mlp128", "digits", 1.0)]);
        let error = compare(&results(0.5, 3.0, 0.97), &other).unwrap_err();
        assert!(error.to_string().contains("nothing to compare"), "{error}");
    }
}
