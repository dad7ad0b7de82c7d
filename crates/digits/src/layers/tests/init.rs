//! How parameters start.
use super::*;

/// Asserts that values are spread evenly over ±`limit`: inside it, filling it, with mean 0 and variance `limit`² / 3.
fn uniform_on(limit: f64, values: &[f32]) {
    let n = values.len() as f64;
    let values: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
    let largest = values
        .iter()
        .fold(0.0, |largest: f64, v| largest.max(v.abs()));
    assert!(
        largest <= limit * (1.0 + 1e-6),
        "{largest} lies beyond {limit}"
    );
    assert!(
        largest > 0.9 * limit,
        "the largest, {largest}, is far from {limit}"
    );
    let mean = values.iter().sum::<f64>() / n;
    assert!(mean.abs() < 5.0 * limit / (3.0 * n).sqrt(), "mean {mean}");
    let variance = values.iter().map(|v| v * v).sum::<f64>() / n;
    // The variance of v² for v uniform on ±1 is 1/5 − 1/9 = 4/45.
    let spread = 5.0 * limit * limit * (4.0 / 45.0 / n).sqrt();
    assert!(
        (variance - limit * limit / 3.0).abs() < spread,
        "variance {variance}"
    );
}

#[test]
fn convolution_starts_as_in_keras() {
    let layer = build::<Conv2D<8, 16, 3>>(1);
    let limit = (6.0_f64 / (9.0 * 8.0 + 9.0 * 16.0)).sqrt(); // fans count the window's pixels
    uniform_on(limit, &layer.weight.as_vec());
    assert_eq!(layer.bias.array(), [0.0; 16]);
}

#[test]
fn dense_starts_as_in_keras() {
    let layer = build::<Dense<100, 20>>(1);
    uniform_on((6.0_f64 / 120.0).sqrt(), &layer.weight.as_vec());
    assert_eq!(layer.bias.array(), [0.0; 20]);
}

#[test]
fn on_request_layers_start_as_in_dfdx_and_pytorch() {
    let mut layer = build::<Conv2D<8, 512, 3>>(1);
    layer.reset_as_dfdx().unwrap();
    let limit = 1.0 / 72.0_f64.sqrt();
    uniform_on(limit, &layer.weight.as_vec());
    uniform_on(limit, &layer.bias.as_vec());

    let mut layer = build::<Dense<100, 512>>(1);
    layer.reset_as_dfdx().unwrap();
    uniform_on(0.1, &layer.weight.as_vec());
    uniform_on(0.1, &layer.bias.as_vec());
}

#[test]
fn dfdx_itself_starts_as_reset_as_dfdx_says() {
    let theirs = build::<Linear<100, 512>>(1);
    uniform_on(0.1, &theirs.weight.as_vec());
    uniform_on(0.1, &theirs.bias.as_vec());
}
