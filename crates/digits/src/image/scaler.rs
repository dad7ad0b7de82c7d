//! Standardising: mean 0, standard deviation 1.

/// Takes values to mean 0 and standard deviation 1: `x ↦ (x − μ) / σ`, μ and σ measured once, on the training set.
///
/// scikit-learn's `StandardScaler`, with one mean and one deviation for all pixels; torchvision's `Normalize`.
///
/// ```
/// use digits::image::StandardScaler;
///
/// let scaler = StandardScaler::fit([1.0, 3.0]).unwrap();
/// assert_eq!((scaler.mean, scaler.std), (2.0, 1.0));
/// assert_eq!(scaler.transform(5.0), 3.0); // a value never seen is measured by the old ones
/// assert_eq!(scaler.inverse(3.0), 5.0);
/// assert!(StandardScaler::fit([7.0, 7.0]).is_none()); // nothing to divide by
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandardScaler {
    /// μ, the mean.
    pub mean: f64,
    /// σ, the standard deviation, with the number of values in the denominator; over 0.
    pub std: f64,
}

impl StandardScaler {
    /// Mean and deviation of `values`; `None` if there is no value, all are equal, or one is NaN or infinite.
    pub fn fit(values: impl IntoIterator<Item = f32>) -> Option<Self> {
        // Welford's sums (Technometrics 4, 1962): no difference of large numbers.
        let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for value in values {
            let value = f64::from(value);
            n += 1.0;
            let from_old = value - mean;
            mean += from_old / n;
            squares += from_old * (value - mean);
        }
        let std = f64::sqrt(squares / n);
        (mean.is_finite() && std.is_finite() && std > 0.0).then_some(Self { mean, std })
    }

    /// (x − μ) / σ.
    pub fn transform(&self, x: f32) -> f32 {
        ((f64::from(x) - self.mean) / self.std) as f32
    }

    /// What [`transform`](Self::transform) came from.
    pub fn inverse(&self, z: f32) -> f32 {
        (f64::from(z) * self.std + self.mean) as f32
    }
}
