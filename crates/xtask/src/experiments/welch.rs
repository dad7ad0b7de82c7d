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
    /// Where the difference of what the samples came from lies, in 95 of 100 such experiments.
    pub interval: (f64, f64),
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
        let reach = if a + b == 0.0 {
            0.0
        } else {
            t_quantile_975(degrees_of_freedom) * (a + b).sqrt()
        };
        Difference {
            mean,
            degrees_of_freedom,
            interval: (mean - reach, mean + reach),
        }
    }
}

/// The t that 97.5 % of Student's distribution with `nu` degrees of freedom lie below, by bisection.
fn t_quantile_975(nu: f64) -> f64 {
    let (mut low, mut high) = (0.0, 64.0); // 12.7 for one degree, 1.96 for many
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if above_zero(middle, nu) < 0.475 {
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
        for (nu, t) in [
            (1.0, 12.7062),
            (2.0, 4.3027),
            (4.0, 2.7764),
            (8.0, 2.3060),
            (30.0, 2.0423),
        ] {
            assert!(
                (t_quantile_975(nu) - t).abs() < 1e-4,
                "{nu}: {}",
                t_quantile_975(nu)
            );
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
        let reach = difference.interval.1 - difference.mean;
        assert!((reach / 2.5_f64.sqrt() - t_quantile_975(100.0 / 17.0)).abs() < 1e-12);
        assert!((2.44..2.47).contains(&(reach / 2.5_f64.sqrt())), "{reach}"); // between t of 6 and of 5.5 degrees
    }

    #[test]
    fn samples_that_do_not_vary_differ_by_their_means() {
        let (a, b) = (Summary::new(&[1.0, 1.0]), Summary::new(&[0.5, 0.5]));
        assert_eq!(a.difference(&b).interval, (0.5, 0.5));
    }
}
