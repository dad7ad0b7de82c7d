//! The runs of all rounds → medians, beside all values.

use anyhow::{Context, Result, ensure};
use records::{BenchRun, Measurement, Peak, Point, median};

use super::models::Model;

/// The number of images in an epoch: all training images of MNIST.
const IMAGES: usize = 60_000;

/// The runs of one implementation for one model, one for each round.
#[derive(Clone, Debug, Default)]
pub struct Rounds(Vec<BenchRun>);

impl Rounds {
    /// Adds the run of a round.
    ///
    /// # Errors
    /// If its epoch took no time.
    pub fn add(&mut self, run: BenchRun) -> Result<()> {
        ensure!(run.epoch_s > 0.0, "an epoch of {} s", run.epoch_s);
        self.0.push(run);
        Ok(())
    }

    /// Whether there is no run.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The medians and all values, with nominal operations a second.
    ///
    /// # Errors
    /// If there is no run.
    pub fn measurement(&self, model: &Model) -> Result<Measurement> {
        let first = self.0.first().context("a bench of no rounds")?;
        let epoch_s_all = self.all(|run| run.epoch_s);
        let test_accuracy_all = self.all(|run| run.test_accuracy);
        let latency_ms_all = self.all(|run| run.latency_ms);
        let images_per_s_all = self.all(|run| run.images_per_s);
        let peak_mb_all: Vec<f64> = self.0.iter().filter_map(|run| run.peak_mb).collect();
        let epoch_s = median(&epoch_s_all);
        Ok(Measurement {
            version: first.version.clone(),
            parameters: first.parameters,
            batch_size: model.batch_size,
            epoch_s,
            epoch_s_all,
            test_accuracy: median(&test_accuracy_all),
            test_accuracy_all,
            latency_ms: median(&latency_ms_all),
            latency_ms_all,
            images_per_s: median(&images_per_s_all),
            images_per_s_all,
            peak_mb: (!peak_mb_all.is_empty()).then(|| median(&peak_mb_all)),
            peak_mb_all,
            gflops: model.gflops(IMAGES, epoch_s),
        })
    }

    /// The epoch's seconds alone, at the value `at` of what a sweep varies.
    ///
    /// # Errors
    /// If there is no run.
    pub fn point(&self, at: usize, model: &Model) -> Result<Point> {
        ensure!(!self.is_empty(), "a bench of no rounds");
        let epoch_s_all = self.all(|run| run.epoch_s);
        let epoch_s = median(&epoch_s_all);
        Ok(Point {
            at,
            epoch_s,
            epoch_s_all,
            gflops: model.gflops(IMAGES, epoch_s),
        })
    }

    fn all(&self, of: fn(&BenchRun) -> f64) -> Vec<f64> {
        self.0.iter().map(of).collect()
    }
}

/// The mean of two runs of the same round. What one of them does not say is the first's.
pub fn mean(first: BenchRun, second: &BenchRun) -> BenchRun {
    let peak_mb = first.peak_mb.zip(second.peak_mb);
    BenchRun {
        epoch_s: f64::midpoint(first.epoch_s, second.epoch_s),
        test_accuracy: f64::midpoint(first.test_accuracy, second.test_accuracy),
        latency_ms: f64::midpoint(first.latency_ms, second.latency_ms),
        images_per_s: f64::midpoint(first.images_per_s, second.images_per_s),
        peak_mb: peak_mb.map_or(first.peak_mb, |(a, b)| Some(f64::midpoint(a, b))),
        ..first
    }
}

/// The medians of the machine's peaks that the rounds measured, and all values.
///
/// # Errors
/// If there is none.
pub fn peak(rounds: &[Peak]) -> Result<Peak> {
    let first = rounds.first().context("a bench of no rounds")?;
    let all = |of: fn(&Peak) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let one_thread_gflops_all = all(|peak| peak.one_thread_gflops);
    let all_threads_gflops_all = all(|peak| peak.all_threads_gflops);
    Ok(Peak {
        threads: first.threads,
        one_thread_gflops: median(&one_thread_gflops_all),
        one_thread_gflops_all,
        all_threads_gflops: median(&all_threads_gflops_all),
        all_threads_gflops_all,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::run;
    use super::*;

    #[test]
    fn medians_stand_beside_all_values_and_what_is_not_said_is_none() {
        let model = Model::named("mlp128").unwrap();
        let mut rounds = Rounds::default();
        for (i, epoch_s) in [3.0, 1.0, 2.0].into_iter().enumerate() {
            let latency_ms = i as f64;
            let run = run(epoch_s);
            rounds.add(BenchRun { latency_ms, ..run }).unwrap();
        }
        let out = rounds.measurement(&model).unwrap();
        assert_eq!(out.epoch_s, 2.0);
        assert_eq!(out.epoch_s_all, [3.0, 1.0, 2.0]);
        assert_eq!((out.latency_ms, out.batch_size), (1.0, 32));
        assert!(out.peak_mb.is_none() && out.peak_mb_all.is_empty());
        assert!((out.gflops - model.operations() * 60_000.0 / 2e9).abs() < 1e-9);
        rounds.0[1].peak_mb = Some(64.0);
        let out = rounds.measurement(&model).unwrap();
        assert_eq!(
            (out.peak_mb, &out.peak_mb_all[..]),
            (Some(64.0), &[64.0][..])
        );
    }

    #[test]
    fn the_peak_is_the_median_of_the_rounds_too() {
        assert!(peak(&[]).is_err());
        let rounds = [150.0, 130.0, 170.0].map(|gflops| Peak {
            threads: 2,
            one_thread_gflops: gflops,
            one_thread_gflops_all: vec![],
            all_threads_gflops: 2.0 * gflops,
            all_threads_gflops_all: vec![],
        });
        let peak = peak(&rounds).unwrap();
        assert_eq!((peak.threads, peak.one_thread_gflops), (2, 150.0));
        assert_eq!(peak.all_threads_gflops_all, [300.0, 260.0, 340.0]);
    }

    #[test]
    fn no_rounds_and_an_epoch_in_no_time_are_refused() {
        let mut rounds = Rounds::default();
        assert!(rounds.measurement(&Model::wide(128)).is_err());
        assert!(rounds.point(128, &Model::wide(128)).is_err());
        assert!(rounds.add(run(0.0)).is_err() && rounds.is_empty());
    }

    #[test]
    fn the_mean_of_two_runs_is_that_of_each_number_that_both_have() {
        let first = BenchRun {
            peak_mb: Some(60.0),
            ..run(1.0)
        };
        let both = mean(first.clone(), &run(2.0));
        assert_eq!((both.epoch_s, both.peak_mb), (1.5, Some(60.0)));
        let second = BenchRun {
            peak_mb: Some(70.0),
            ..run(2.0)
        };
        assert_eq!(mean(first, &second).peak_mb, Some(65.0));
    }
}
