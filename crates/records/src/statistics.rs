//! Numbers that summarise a sample.

/// The mean of `values`; NaN if empty.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The middle one of `values` in order of size, or the mean of the middle two; NaN if empty.
///
/// ```
/// use records::median;
/// assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
/// assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
/// assert!(median(&[]).is_nan());
/// ```
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}

/// The standard deviation of the sample `values`, √(Σ (x − mean)² / (n − 1)); NaN for fewer than
/// two.
pub fn standard_deviation(values: &[f64]) -> f64 {
    (squared_deviations(values) / (values.len() as f64 - 1.0)).sqrt()
}

/// The standard error of the mean of `values`, √(Σ (x − mean)² / (n − 1) / n); NaN for fewer than
/// two.
///
/// It estimates how far the mean of such a sample lies from the mean of all values that could have
/// been drawn.
///
/// ```
/// use records::standard_error;
/// assert_eq!(standard_error(&[1.0, 3.0]), 1.0);
/// assert!(standard_error(&[1.0]).is_nan()); // one value tells nothing about its spread
/// ```
pub fn standard_error(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    (squared_deviations(values) / (n - 1.0) / n).sqrt()
}

/// Σ (x − mean)².
fn squared_deviations(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|x| (x - mean).powi(2)).sum()
}
