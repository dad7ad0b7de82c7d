//! Means that differ by more than chance, or not: Welch's interval ("The generalization of Student's problem when
//! several different population variances are involved", Biometrika, 1947).

/// What a sample says about where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// The mean.
    pub mean: f64,
    /// Sum of squared deviations over n − 1.
    variance: f64,
    n: f64,
}

/// A difference of two means.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// The difference.
    pub mean: f64,
    /// Of Student's t, by Welch and Satterthwaite; infinite if neither sample varies.
    pub degrees_of_freedom: f64,
    /// The difference's standard error.
    error: f64,
}

impl Difference {
    /// Where the difference of what the samples came from lies, in a share `level` of such experiments: 0 to 1.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let reach = if self.error == 0.0 {
            0.0
        } else {
            t_quantile(level, self.degrees_of_freedom) * self.error
        };
        (self.mean - reach, self.mean + reach)
    }

    /// The interval that is wide enough for `comparisons` of them to hold all together in 95 of 100 such sets of
    /// experiments, whether these depend on one another or not: Bonferroni's correction, each at 1 − 0.05 / comparisons.
    pub fn corrected_interval(&self, comparisons: usize) -> (f64, f64) {
        self.interval(1.0 - 0.05 / comparisons as f64)
    }
}

impl Summary {
    /// Of at least two values.
    pub fn new(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        Self {
            mean,
            variance: squares / (n - 1.0),
            n,
        }
    }

    /// The standard deviation.
    pub fn std(&self) -> f64 {
        self.variance.sqrt()
    }

    /// `self` minus `other`.
    pub fn difference(&self, other: &Self) -> Difference {
        let (a, b) = (self.variance / self.n, other.variance / other.n);
        let mean = self.mean - other.mean;
        let degrees_of_freedom = if a + b == 0.0 {
            f64::INFINITY
        } else {
            (a + b).powi(2) / (a.powi(2) / (self.n - 1.0) + b.powi(2) / (other.n - 1.0))
        };
        Difference {
            mean,
            degrees_of_freedom,
            error: (a + b).sqrt(),
        }
    }
}

/// The t for which a share `level` of Student's distribution with `nu` degrees of freedom lies between −t and t, by
/// bisection.
fn t_quantile(level: f64, nu: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1024.0); // 127.3 for one degree at 0.995, 1.96 for many at 0.95
    for _ in 0..70 {
        let middle = f64::midpoint(low, high);
        if above_zero(middle, nu) < level / 2.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The share of Student's distribution between 0 and `t`: with x = √ν tan θ, its density becomes cos^(ν−1) θ up to
/// a factor, which the whole, θ from 0 to π/2, gives.
fn above_zero(t: f64, nu: f64) -> f64 {
    let share = |to: f64| simpson(|theta| theta.cos().max(0.0).powf(nu - 1.0), to);
    0.5 * share((t / nu.sqrt()).atan()) / share(std::f64::consts::FRAC_PI_2)
}

/// ∫ f from 0 to `to`, by Simpson's rule.
fn simpson(f: impl Fn(f64) -> f64, to: f64) -> f64 {
    const STEPS: u32 = 2_000;
    let h = to / f64::from(STEPS);
    let inner: f64 = (1..STEPS)
        .map(|i| f64::from(2 + i % 2 * 2) * f(f64::from(i) * h))
        .sum();
    h / 3.0 * (f(0.0) + inner + f(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As printed in tables of Student's distribution.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (level, nu, t) in [
            (0.95, 1.0, 12.7062),
            (0.95, 2.0, 4.3027),
            (0.95, 4.0, 2.7764),
            (0.95, 8.0, 2.3060),
            (0.95, 30.0, 2.0423),
            (0.99, 8.0, 3.3554),
            (0.995, 8.0, 3.8325),
            (0.995, 1.0, 127.3213),
        ] {
            let found = t_quantile(level, nu);
            assert!((found - t).abs() < 1e-4 * t, "{level}, {nu}: {found}");
        }
    }

    /// Worked by hand: variances 2.5 and 10 of five values each, so the squared errors are 0.5 and 2,
    /// and the degrees of freedom 2.5² / ((0.25 + 4) / 4) = 5.8824.
    #[test]
    fn a_difference_is_welchs() {
        let a = Summary::new(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        let b = Summary::new(&[2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!((a.mean, b.mean), (3.0, 6.0));
        assert!((a.std() - 2.5_f64.sqrt()).abs() < 1e-12);
        let difference = a.difference(&b);
        assert_eq!(difference.mean, -3.0);
        assert!((difference.degrees_of_freedom - 100.0 / 17.0).abs() < 1e-12);
        let reach = difference.interval(0.95).1 - difference.mean;
        let t = reach / 2.5_f64.sqrt();
        assert!((t - t_quantile(0.95, 100.0 / 17.0)).abs() < 1e-12);
        assert!((2.44..2.47).contains(&t), "{t}"); // between t of 6 and of 5.5 degrees
    }

    #[test]
    fn an_interval_for_ten_comparisons_is_the_one_at_995_in_1000() {
        let a = Summary::new(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        let difference = a.difference(&a);
        assert!((difference.degrees_of_freedom - 8.0).abs() < 1e-12);
        let (low, high) = difference.corrected_interval(10);
        assert_eq!(low, -high);
        assert!((high - 3.8325).abs() < 1e-3, "{high}"); // the standard error is 1
        assert_eq!(difference.corrected_interval(1), difference.interval(0.95));
    }

    #[test]
    fn samples_that_do_not_vary_differ_by_their_means() {
        let (a, b) = (Summary::new(&[1.0, 1.0]), Summary::new(&[0.5, 0.5]));
        assert_eq!(a.difference(&b).corrected_interval(7), (0.5, 0.5));
    }
}
