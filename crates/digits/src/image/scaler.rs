//! Values → standardised values, with mean 0 and standard deviation 1.

/// Standardises values, `x ↦ (x − μ) / σ`, with the mean μ and the standard deviation σ of
/// the values it was fitted to, usually the training set.
///
/// The same as scikit-learn's `StandardScaler`, but with one mean and one standard deviation for
/// all pixels, and as torchvision's `Normalize`.
///
/// ```
/// use digits::image::StandardScaler;
///
/// let scaler = StandardScaler::fit([1.0, 3.0]).unwrap();
/// assert_eq!((scaler.mean, scaler.std), (2.0, 1.0));
/// assert_eq!(scaler.transform(5.0), 3.0); // μ and σ do not change
/// assert_eq!(scaler.inverse(3.0), 5.0);
/// assert!(StandardScaler::fit([7.0, 7.0]).is_none()); // σ would be 0
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandardScaler {
    /// μ, the mean.
    pub mean: f64,
    /// σ, the standard deviation (with the number of values N, not N − 1, as divisor); over 0.
    pub std: f64,
}

impl StandardScaler {
    /// The scaler with the mean and standard deviation of `values`; `None` if there are no values,
    /// all are equal, or one is NaN or infinite.
    pub fn fit(values: impl IntoIterator<Item = f32>) -> Option<Self> {
        // Welford's algorithm (Technometrics 4, 1962), which does not subtract large numbers.
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

    /// The standardised value (x − μ) / σ of `x`.
    pub fn transform(&self, x: f32) -> f32 {
        ((f64::from(x) - self.mean) / self.std) as f32
    }

    /// The value σ z + μ whose standardised value is `z`.
    pub fn inverse(&self, z: f32) -> f32 {
        (f64::from(z) * self.std + self.mean) as f32
    }
}
