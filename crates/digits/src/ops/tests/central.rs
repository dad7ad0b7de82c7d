//! Against slopes measured by central differences, on the naive forward pass, whose `f64` leaves almost no rounding.
use kernels::Window2d;

use super::{Operation, Verdict, agree, numbers};
use crate::gradcheck;

/// Convolution, means and dense products are linear in each argument, maxima are between ties: any step does that
/// keeps clear of ties; a larger one rounds less.
const STEP: f32 = 1e-3;
const TOLERANCE: f64 = 1e-4;

/// Every gradient of Σ dy · y against central differences.
pub fn check(operation: &Operation) -> Verdict {
    check_at(operation, keep_clear_of_ties(operation.some_arguments(1)))
}

/// The same at given arguments, which must keep clear of ties themselves.
pub fn check_at(operation: &Operation, arguments: Vec<Vec<f32>>) -> Verdict {
    let dy = numbers((operation.forward)(&arguments).len(), 2);
    for (argument, (name, _)) in operation.arguments.iter().enumerate() {
        let mut moved = arguments.clone();
        let slopes = gradcheck::central_differences(&arguments[argument], STEP, |values| {
            moved[argument].copy_from_slice(values);
            let y = (operation.slow_forward)(&moved);
            y.iter().zip(&dy).map(|(y, dy)| y * f64::from(*dy)).sum()
        });
        let gradient = operation.gradient(argument, &arguments, &dy);
        agree(name, &gradient, &slopes, TOLERANCE)
            .map_err(|wrong| format!("{}: {wrong}", operation.name))?;
    }
    Ok(())
}

/// The same order of magnitudes, but every number at least 0.01 from the next: ranks in place of values.
fn keep_clear_of_ties(mut arguments: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    for argument in &mut arguments {
        let mut order: Vec<usize> = (0..argument.len()).collect();
        order.sort_by(|&a, &b| argument[a].total_cmp(&argument[b]));
        for (rank, &i) in order.iter().enumerate() {
            argument[i] = (rank as f32 - order.len() as f32 / 2.0) * 0.01;
        }
    }
    arguments
}

/// Small cases that differ in everything: batch, channels, sides, kernel, stride, padding.
pub fn cases() -> Vec<Operation> {
    let windows = [
        Window2d::new([1, 1, 5, 7], 3, 1, 0),
        Window2d::new([3, 2, 6, 5], 3, 2, 1),
        Window2d::new([2, 1, 9, 7], 7, 3, 3),
        Window2d::new([17, 1, 3, 4], 2, 1, 1),
        Window2d::new([2, 3, 4, 3], 1, 3, 0),
    ];
    let convolutions = windows.into_iter().map(|w| Operation::conv2d(w, 2));
    let maxima = windows.into_iter().map(Operation::max_pool2d);
    let means = windows.into_iter().map(Operation::avg_pool2d);
    let dense = [Operation::linear(1, 4, 3), Operation::linear(18, 3, 5)];
    convolutions
        .chain(maxima)
        .chain(means)
        .chain(dense)
        .collect()
}

#[test]
fn every_gradient_is_the_slope_that_is_measured() {
    for operation in cases() {
        check(&operation).unwrap();
    }
}
