//! Against loops that anyone can read.
use proptest::prelude::*;

use super::{Operation, Verdict, agree, numbers};
use kernels::Window2d;

/// Rounding of sums of at most a few hundred products between −1 and 1.
const TOLERANCE: f64 = 1e-5;

/// Forward pass and every gradient against the naive twin.
pub fn check(operation: &Operation, seed: u64) -> Verdict {
    let arguments = operation.some_arguments(seed);
    let expected = (operation.slow_forward)(&arguments);
    agree("y", &(operation.forward)(&arguments), &expected, TOLERANCE)?;
    let dy = numbers(expected.len(), seed + 1);
    let gradients = (operation.slow_backward)(&arguments, &dy);
    for (argument, (name, _)) in operation.arguments.iter().enumerate() {
        let gradient = operation.gradient(argument, &arguments, &dy);
        agree(name, &gradient, &gradients[argument], TOLERANCE)
            .map_err(|wrong| format!("{}: {wrong}", operation.name))?;
    }
    Ok(())
}

/// Windows over images of any size: batches of one chunk and of several, sides that are not square.
fn windows(largest_padding: fn(usize) -> usize) -> impl Strategy<Value = Window2d> {
    (1..=7usize, 1..=3usize).prop_flat_map(move |(kernel, stride)| {
        (0..=largest_padding(kernel)).prop_flat_map(move |padding| {
            let smallest = kernel.saturating_sub(2 * padding).max(1);
            let side = smallest..smallest + 9;
            (1..=20usize, 1..=3usize, side.clone(), side)
                .prop_map(move |(b, c, h, w)| Window2d::new([b, c, h, w], kernel, stride, padding))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn convolution_agrees_with_loops(window in windows(|_| 3), kernels in 1..=4usize, seed in 0..1000u64) {
        check(&Operation::conv2d(window, kernels), seed).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn max_pooling_agrees_with_loops(window in windows(|kernel| kernel / 2), seed in 0..1000u64) {
        check(&Operation::max_pool2d(window), seed).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn average_pooling_agrees_with_loops(window in windows(|kernel| kernel / 2), seed in 0..1000u64) {
        check(&Operation::avg_pool2d(window), seed).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn the_dense_product_agrees_with_loops(b in 1..=20usize, i in 1..=30usize, o in 1..=30usize, seed in 0..1000u64) {
        check(&Operation::linear(b, i, o), seed).map_err(TestCaseError::fail)?;
        check(&Operation::linear_relu(b, i, o), seed).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_dense_product_large_enough_for_several_threads_agrees_with_loops() {
    check(&Operation::linear(33, 400, 203), 1).unwrap();
}

#[test]
fn an_empty_batch_is_an_empty_result() {
    let nothing = Window2d::new([0, 2, 5, 5], 3, 1, 0);
    for operation in [
        Operation::conv2d(nothing, 4),
        Operation::max_pool2d(nothing),
        Operation::avg_pool2d(nothing),
        Operation::linear(0, 3, 2),
    ] {
        let arguments = operation.some_arguments(1);
        assert!((operation.forward)(&arguments).is_empty());
        for (argument, (_, length)) in operation.arguments.iter().enumerate() {
            let gradient = operation.gradient(argument, &arguments, &[]);
            assert_eq!(gradient, vec![0.0; *length]);
        }
    }
}
