//! Whether two means differ by more than chance: Welch's interval ("The generalization of Student's
//! problem when several different population variances are involved", Biometrika, 1947).

use records::{mean, standard_error};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Welch's comparison of the means of two samples, whose variances may differ.
#[derive(Clone, Copy, Debug)]
pub struct WelchTest {
    /// The difference of the two means.
    pub difference: f64,
    /// The degrees of freedom of Student's t, by Welch and Satterthwaite; infinite if neither
    /// sample varies.
    pub degrees_of_freedom: f64,
    /// The standard error of the difference.
    standard_error: f64,
}

impl WelchTest {
    /// The mean of `a` minus the mean of `b`. Each sample needs at least two values.
    pub fn new(a: &[f64], b: &[f64]) -> Self {
        // The squared standard error of a sample's mean, and the sample's degrees of freedom.
        let [(error_a, free_a), (error_b, free_b)] =
            [a, b].map(|sample| (standard_error(sample).powi(2), sample.len() as f64 - 1.0));
        let error = error_a + error_b;
        let degrees_of_freedom = if error == 0.0 {
            f64::INFINITY
        } else {
            error.powi(2) / (error_a.powi(2) / free_a + error_b.powi(2) / free_b)
        };
        Self {
            difference: mean(a) - mean(b),
            degrees_of_freedom,
            standard_error: error.sqrt(),
        }
    }

    /// The interval that holds the difference of the true means in a share `level`, 0 to 1, of such
    /// experiments: its lower and its upper bound.
    pub fn interval(&self, level: f64) -> [f64; 2] {
        let reach = if self.standard_error == 0.0 {
            0.0
        } else {
            t_quantile(level, self.degrees_of_freedom) * self.standard_error
        };
        [self.difference - reach, self.difference + reach]
    }

    /// The interval at 1 − 0.05 / `comparisons` (Bonferroni's correction): that many of them hold
    /// all together in at least 95 of 100 such sets of experiments, whether these depend on one
    /// another or not.
    pub fn corrected_interval(&self, comparisons: usize) -> [f64; 2] {
        self.interval(1.0 - 0.05 / comparisons as f64)
    }
}

/// The t for which a share `level` of Student's distribution with `degrees_of_freedom` lies between
/// −t and t.
fn t_quantile(level: f64, degrees_of_freedom: f64) -> f64 {
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom);
    let student = student.expect("degrees of freedom are positive");
    student.inverse_cdf(0.5 + level / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::Comparison;

    /// As printed in tables of Student's distribution.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (level, degrees_of_freedom, t) in [
            (0.95, 1.0, 12.7062),
            (0.95, 2.0, 4.3027),
            (0.95, 4.0, 2.7764),
            (0.95, 8.0, 2.3060),
            (0.95, 30.0, 2.0423),
            (0.99, 8.0, 3.3554),
            (0.995, 8.0, 3.8325),
            (0.995, 1.0, 127.3213),
        ] {
            let found = t_quantile(level, degrees_of_freedom);
            assert!(
                (found - t).abs() < 1e-4 * t,
                "{level}, {degrees_of_freedom}: {found}"
            );
        }
    }

    /// Worked by hand: variances 2.5 and 10 of five values each, so the squared errors are 0.5 and
    /// 2, and the degrees of freedom 2.5² / ((0.25 + 4) / 4) = 5.8824.
    #[test]
    fn a_difference_is_welchs() {
        let test = WelchTest::new(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(test.difference, -3.0);
        assert!((test.degrees_of_freedom - 100.0 / 17.0).abs() < 1e-12);
        let reach = test.interval(0.95)[1] - test.difference;
        let t = reach / 2.5_f64.sqrt();
        assert!((t - t_quantile(0.95, 100.0 / 17.0)).abs() < 1e-12);
        assert!((2.44..2.47).contains(&t), "{t}"); // between t of 6 and of 5.5 degrees
    }

    #[test]
    fn an_interval_for_ten_comparisons_is_the_one_at_995_in_1000() {
        let sample = [1.0, 2.0, 3.0, 4.0, 5.0];
        let test = WelchTest::new(&sample, &sample);
        assert!((test.degrees_of_freedom - 8.0).abs() < 1e-12);
        let [low, high] = test.corrected_interval(10);
        assert_eq!(low, -high);
        assert!((high - 3.8325).abs() < 1e-3, "{high}"); // the standard error is 1
        assert_eq!(test.corrected_interval(1), test.interval(0.95));
    }

    #[test]
    fn samples_that_do_not_vary_differ_by_their_means() {
        let test = WelchTest::new(&[1.0, 1.0], &[0.5, 0.5]);
        assert_eq!(test.corrected_interval(7), [0.5, 0.5]);
    }

    /// The committed ones were made by another program for the quantile.
    #[test]
    fn the_committed_intervals_are_found_again() {
        for name in ["mlp128", "mlp512_256", "cnn_deep", "cnn_adadelta_0.001"] {
            let committed = Comparison::load(name).unwrap();
            let [digits, keras] =
                [committed.digits(), committed.keras()].map(|runs| runs.test_accuracies());
            let test = WelchTest::new(&digits, &keras);
            assert!((test.difference - committed.difference()).abs() < 1e-12);
            for (found, was) in [
                (test.interval(0.95), committed.interval()),
                (test.corrected_interval(7), committed.corrected_interval()),
            ] {
                let width = was.end() - was.start();
                assert!((found[0] - was.start()).abs() < 1e-6 * width, "{name}");
                assert!((found[1] - was.end()).abs() < 1e-6 * width, "{name}");
            }
        }
    }
}
