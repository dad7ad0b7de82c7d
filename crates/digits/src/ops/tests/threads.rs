//! The same bits on one thread and on many.
use kernels::Window2d;

use super::{Operation, numbers};
use kernels::thread_pool::ThreadPool;
use std::sync::Arc;

/// Bits of the forward pass and of every gradient, computed by that many threads.
fn bits(threads: usize, operation: &(impl Fn() -> Operation + Sync)) -> Vec<Vec<u32>> {
    Arc::new(ThreadPool::new(threads)).install(|| {
        let operation = operation();
        let arguments = operation.some_arguments(1);
        let y = (operation.forward)(&arguments);
        let dy = numbers(y.len(), 2);
        let gradients = (0..arguments.len()).map(|i| operation.gradient(i, &arguments, &dy));
        let results = std::iter::once(y.clone()).chain(gradients);
        results
            .map(|values| values.iter().map(|v| v.to_bits()).collect())
            .collect()
    })
}

fn same_on_any_number_of_threads(operation: impl Fn() -> Operation + Sync) {
    let on_one = bits(1, &operation);
    for threads in [2, 5] {
        assert!(
            bits(threads, &operation) == on_one,
            "{} on {threads} threads",
            operation().name
        );
    }
}

#[test]
fn convolution_gives_the_same_bits_on_one_thread_and_many() {
    same_on_any_number_of_threads(|| Operation::conv2d(Window2d::new([37, 3, 13, 11], 3, 1, 1), 8));
    same_on_any_number_of_threads(|| Operation::conv2d(Window2d::new([5, 1, 28, 28], 5, 2, 0), 6));
}

#[test]
fn pooling_gives_the_same_bits_on_one_thread_and_many() {
    same_on_any_number_of_threads(|| {
        Operation::max_pool2d(Window2d::new([37, 4, 13, 11], 3, 2, 1))
    });
    same_on_any_number_of_threads(|| {
        Operation::avg_pool2d(Window2d::new([37, 4, 13, 11], 3, 2, 1))
    });
}

#[test]
fn the_dense_product_gives_the_same_bits_on_one_thread_and_many() {
    same_on_any_number_of_threads(|| Operation::linear(33, 400, 203)); // large enough to be split
    same_on_any_number_of_threads(|| Operation::linear(4, 30, 10));
    same_on_any_number_of_threads(|| Operation::linear_relu(19, 300, 130));
}
