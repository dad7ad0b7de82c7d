//! A block of convolution, bias, ReLU and pooling against central differences, and its gradients
//! broken. The crate `kernels` compares it with its naive twin.
use super::broken::rejects_every_fault;
use super::{Operation, central, naive as against_loops};
use kernels::conv_block::{self, Block, ConvLayer};
use kernels::{Window2d, naive};

/// What the tests of `kernels` use too, which cannot depend on this crate.
#[path = "../../../../kernels/src/conv_block/tests/twin.rs"]
mod twin;

impl Operation {
    fn block(block: Block) -> Self {
        let backward = |argument: usize| -> super::Backward {
            Box::new(move |a, dy, gradient| {
                let mut gradients: Vec<Vec<f32>> = a.iter().map(|a| vec![0.0; a.len()]).collect();
                gradients[argument].copy_from_slice(gradient);
                twin::add_gradients(block, a, dy, &mut gradients, argument == 0);
                gradient.copy_from_slice(&gradients[argument]);
            })
        };
        Self {
            name: "convolution, ReLU and pooling",
            arguments: twin::arguments(block).into(),
            forward: Box::new(move |a| twin::forward(block, a)),
            backward: (0..3).map(backward).collect(),
            slow_forward: Box::new(move |a| twin::slow_forward(block, a)),
            slow_backward: Box::new(move |a, dy| twin::slow_backward(block, a, dy).into()),
        }
    }
}

/// Arguments at which no maximum and no ReLU changes sides within the step of central differences.
fn clear_of_kinks(block: Block) -> Vec<Vec<f32>> {
    let operation = Operation::block(block);
    let clear = |a: &Vec<Vec<f32>>| {
        let y = naive::conv2d(block.window, &a[0], &a[1], &a[2]);
        let [h, w] = block.window.output;
        let mut groups = y.chunks_exact(h * w).flat_map(|map| {
            (0..block.groups()).map(move |g| {
                let (i, j) = (g / block.output()[1] * 2, g % block.output()[1] * 2);
                let mut four =
                    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| map[(i + a) * w + j + b]);
                four.sort_by(f64::total_cmp);
                four
            })
        });
        groups.all(|four| four[3] - four[2] > 0.02 && four[3].abs() > 0.02)
    };
    let mut arguments = (1..500).map(|seed| operation.some_arguments(seed));
    arguments.find(clear).expect("arguments without kinks")
}

fn small_block() -> Block {
    Block::new(Window2d::new([2, 2, 5, 4], 3, 1, 0), 3, 2)
}

#[test]
fn every_gradient_of_a_block_is_the_slope_that_is_measured() {
    let operation = Operation::block(small_block());
    central::check_at(&operation, clear_of_kinks(small_block())).unwrap();
}

#[test]
fn the_naive_twin_and_central_differences_reject_every_broken_gradient_of_a_block() {
    let operation = || Operation::block(small_block());
    let a = clear_of_kinks(small_block());
    rejects_every_fault(operation, |operation| {
        central::check_at(operation, a.clone())
    });
    rejects_every_fault(operation, |operation| against_loops::check(operation, 3));
}
