//! One differentiable operation a file: the forward pass, and right under it its gradient.
//!
//! Each file has two halves. The *slice* half works on plain `&[f32]` with sizes as values and knows nothing of dfdx:
//! that is where speed lives. The *tensor* half checks shapes in the type system, calls the slice half, and records the
//! gradient on dfdx's tape.
//!
//! Work is split over threads by the image, in chunks whose number depends on the batch size alone, and sums over
//! the batch are taken chunk by chunk in order: the same bits on one thread and on many.
pub mod conv2d;
pub mod conv_block;
pub mod dropout;
pub mod flatten;
pub mod flatten_dropout;
mod kept;
pub mod layout;
pub mod linear;
mod matmul;
#[cfg(test)]
mod naive;
pub mod nonzero;
pub mod pool2d;
mod tape;

#[cfg(test)]
mod tests;

pub use conv_block::{conv_blocks, conv2d_relu, conv2d_relu_max_pool2d};
pub use conv2d::conv2d;
pub use dropout::dropout;
pub use flatten::flatten;
pub use flatten_dropout::flatten_dropout;
pub(crate) use kept::Kept;
pub use linear::{linear, linear_relu};
pub use matmul::{Matrix, matmul, par_matmul};
pub use pool2d::{avg_pool2d, max_pool2d};
pub use tape::without_gradient;

use crate::cpu::simd::Isa;

/// Into how many chunks a batch is split at most; more than any reader's CPU has threads to gain from at these sizes.
const CHUNKS: usize = 8;

/// Images that a chunk has at least: each has sums of its own for the gradients of weights, which must be added up.
const LEAST: usize = 8;

/// Images in a chunk, for a batch of this size. It depends on nothing else, so that sums do not depend on threads.
fn images_per_chunk(batch: usize) -> usize {
    batch.div_ceil(CHUNKS).max(LEAST)
}

/// The same where nothing is added up over the batch: smaller chunks keep threads of different speed busy to the end.
fn images_per_small_chunk(batch: usize) -> usize {
    batch.div_ceil(2 * CHUNKS).max(LEAST / 2)
}

/// Adds up what the chunks of a batch contribute to one gradient, in their order.
fn add_in_order(total: &mut [f32], partial_sums: Vec<Vec<f32>>) {
    for partial in partial_sums {
        add(total, &partial);
    }
}

/// Adds numbers to as many others.
fn add(total: &mut [f32], partial: &[f32]) {
    Isa::best().vectorize(
        #[inline(always)]
        || {
            for (total, partial) in total.iter_mut().zip(partial) {
                *total += partial;
            }
        },
    );
}

/// Sum of many numbers, in eight interleaved sums: the compiler may not reorder additions of floats, so that a single
/// one would wait for each addition before the next.
fn sum(numbers: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    let rows = numbers.chunks_exact(sums.len());
    let rest: f32 = rows.remainder().iter().sum();
    for row in rows {
        for (sum, number) in sums.iter_mut().zip(row) {
            *sum += number;
        }
    }
    sums.iter().sum::<f32>() + rest
}
