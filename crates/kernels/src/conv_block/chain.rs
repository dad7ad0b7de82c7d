//! The forward and backward pass of a chain of blocks, chunk by chunk of the batch.
//!
//! A chunk goes through all blocks before the next one begins, and the backward pass computes the
//! activations between the blocks again instead of loading them: they never leave the cache. That
//! trades a little arithmetic for many trips to memory. (Chen, Xu, Zhang and Guestrin, "Training
//! deep nets with sublinear memory cost", 2016, arXiv 1604.06174, recompute activations to save
//! memory.) The numbers are those of one block at a time, to the last bit.
use std::borrow::Cow;

use super::backward::{Backward, Sums};
use super::block::argmax;
use super::sparse::slack;
use super::tiled::{self, Packed};
use super::{Block, winograd};
use crate::buffer_pool::Buffer;
use crate::reduce::{images_per_chunk, images_per_small_chunk};
use crate::thread_pool;

/// A block with its weight `(O, C, K, K)` and its bias `(O)`.
pub struct ConvLayer<'a> {
    /// Its sizes; all blocks of a chain have the same batch size.
    pub block: Block,
    /// `(O, C, K, K)`
    pub weight: Cow<'a, [f32]>,
    /// `(O)`
    pub bias: Cow<'a, [f32]>,
}

/// The forward pass: `x`, `(B, H, W, C)` of the first layer, → `y` and `argmax`, `(B, H″, W″, O)`
/// of the last.
///
/// `argmax` is the number of the largest output of a pooling window, counted from 1 in row-major
/// order, or 0 where ReLU made the maximum 0. If the last layer does not pool, it is empty: `y`
/// itself is zero where ReLU made it 0.
///
/// # Panics
/// If `layers` is empty.
pub fn forward(layers: &[ConvLayer<'_>], x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
    if y.is_empty() {
        return;
    }
    let (first, last) = (&layers[0].block, &layers[layers.len() - 1]);
    let before = forward_kernels(&layers[..layers.len() - 1]);
    let last_kernel = forward_kernel(last);
    let images = images_per_small_chunk(first.window.batch);
    let outputs = images * last.block.outputs();
    let mut argmax = argmax.chunks_mut(outputs);
    let chunks = y
        .chunks_mut(outputs)
        .zip(x.chunks(images * first.inputs()))
        .map(|(y, x)| (y, x, argmax.next().unwrap_or_default()));
    thread_pool::for_each(chunks, |_, (y, x, argmax)| {
        let between = between(&before, x);
        last_kernel(input(&between, x), y, argmax);
    });
}

/// The backward pass: given `dy` and the `argmax` of the forward pass, `(B, H″, W″, O)` of the last
/// layer, adds the gradients of the parameters to `sums`, for each layer `(O, C, K, K)` and `(O)`,
/// and, if `dx` is given, that of the input, `(B, H, W, C)` of the first layer. Sets `dy` to zero.
///
/// # Panics
/// If `layers` is empty.
pub fn backward(
    layers: &[ConvLayer<'_>],
    x: &[f32],
    (dy, argmax): (&mut [f32], &[u32]),
    dx: Option<&mut [f32]>,
    sums: &mut [[Vec<f32>; 2]],
) {
    if dy.is_empty() {
        return;
    }
    let (first, last) = (&layers[0].block, &layers[layers.len() - 1].block);
    let chain = Chain {
        forward: forward_kernels(&layers[..layers.len() - 1]),
        backward: (layers.iter().enumerate())
            .map(|(n, layer)| Backward::new(layer, n > 0 || dx.is_some()))
            .collect(),
    };
    let images = images_per_chunk(first.window.batch);
    let (inputs, outputs) = (images * first.inputs(), images * last.outputs());
    let mut dx = dx.map(|dx| dx.chunks_mut(inputs));
    let outputs = dy.chunks_mut(outputs).zip(argmax.chunks(outputs));
    let chunks: Vec<_> = x
        .chunks(inputs)
        .zip(outputs)
        .map(|(x, won)| (x, won, dx.as_mut().and_then(Iterator::next)))
        .collect();
    let partial_sums = thread_pool::map(chunks, |_, (x, (dy, argmax), dx)| {
        let mut sums: Vec<Sums> = chain.backward.iter().map(Backward::sums).collect();
        let mut dx = dx.map(|dx| dx.chunks_exact_mut(first.inputs()));
        let won = dy
            .chunks_exact_mut(last.outputs())
            .zip(argmax.chunks_exact(last.outputs()));
        for (x, (dy, argmax)) in x.chunks_exact(first.inputs()).zip(won) {
            let dx = dx.as_mut().and_then(Iterator::next);
            chain.add_image(x, (dy, argmax), dx, &mut sums);
            dy.fill(0.0); // while it is in the cache
        }
        sums
    });
    for (n, (backward, sums)) in chain.backward.iter().zip(sums).enumerate() {
        let partial_sums: Vec<&Sums> = partial_sums.iter().map(|sums| &sums[n]).collect();
        backward.add_up(&partial_sums, sums);
    }
}

/// The methods of the passes of a chain.
struct Chain<'a> {
    /// The kernels of all blocks but the last.
    forward: Vec<(&'a Block, ForwardKernel<'a>)>,
    backward: Vec<Backward<'a>>,
}

impl Chain<'_> {
    /// Adds what the image `x` contributes to each block's `sums` and, if `dx` is given, the
    /// gradient of the image itself.
    fn add_image(
        &self,
        x: &[f32],
        outputs: (&[f32], &[u32]),
        dx: Option<&mut [f32]>,
        sums: &mut [Sums],
    ) {
        let between = between(&self.forward, x);
        let mut padded: Option<Buffer> = None; // the gradient of the next block's input
        for (n, backward) in self.backward.iter().enumerate().rev() {
            let dy = padded.map(|padded| self.backward[n + 1].block.unpadded(padded));
            let outputs = match &dy {
                Some(dy) => (&dy[..between[n].y().len()], between[n].argmax()),
                None => outputs,
            };
            padded = match between[..n].last() {
                Some(before) if backward.block.window.padding == 0 => {
                    backward.add_padded(&before.with_slack, outputs, &mut sums[n])
                }
                _ => backward.add_image(input(&between[..n], x), outputs, &mut sums[n]),
            };
        }
        if let (Some(dx), Some(padded)) = (dx, padded) {
            self.backward[0].block.add_unpadded(&padded, dx);
        }
    }
}

/// Computes `(x, y, argmax)`: for the images `x` the outputs and their argmax.
type ForwardKernel<'a> = Box<dyn Fn(&[f32], &mut [f32], &mut [u32]) + Sync + 'a>;

/// The forward kernels of `layers`.
fn forward_kernels<'a>(layers: &'a [ConvLayer<'_>]) -> Vec<(&'a Block, ForwardKernel<'a>)> {
    layers
        .iter()
        .map(|layer| (&layer.block, forward_kernel(layer)))
        .collect()
}

/// The fastest kernel for a layer.
fn forward_kernel<'a>(layer: &'a ConvLayer<'_>) -> ForwardKernel<'a> {
    let (block, weight, bias) = (&layer.block, &layer.weight, &layer.bias);
    let padded: ForwardKernel<'a> = if winograd::fits(block) {
        let weights = winograd::Transformed::new(block, weight, bias);
        Box::new(move |x, y, argmax| winograd::forward(block, &weights, x, y, argmax))
    } else {
        let (packed, window_offsets) = (Packed::new(block, weight, bias), block.window_offsets());
        Box::new(move |x, y, argmax| tiled::forward(block, &packed, &window_offsets, x, y, argmax))
    };
    if block.window.padding == 0 {
        return padded;
    }
    Box::new(move |x, y, argmax| padded(&block.pad(x, 0), y, argmax))
}

/// The outputs of a block, which the next one takes.
struct Between {
    /// The outputs, followed by some zeros for the backward pass of the next block.
    with_slack: Buffer,
    /// The stored argmax.
    stored: Buffer<u32>,
}

impl Between {
    /// The outputs.
    fn y(&self) -> &[f32] {
        &self.with_slack[..self.with_slack.len() - slack()]
    }

    /// The argmax of the outputs.
    fn argmax(&self) -> &[u32] {
        argmax(&self.stored, self.y())
    }
}

/// The outputs of each block for the images `x`.
fn between(blocks: &[(&Block, ForwardKernel<'_>)], x: &[f32]) -> Vec<Between> {
    let mut all: Vec<Between> = Vec::with_capacity(blocks.len());
    for (block, kernel) in blocks {
        let x = input(&all, x);
        let images = x.len() / block.inputs();
        let outputs = images * block.outputs();
        let mut with_slack = Buffer::stale(outputs + slack());
        let mut stored = Buffer::stale(images * block.stored_argmax());
        kernel(x, &mut with_slack[..outputs], &mut stored);
        with_slack[outputs..].fill(0.0);
        all.push(Between { with_slack, stored });
    }
    all
}

/// The input of the next block: the images, or the outputs of the last block.
fn input<'a>(before: &'a [Between], x: &'a [f32]) -> &'a [f32] {
    before.last().map_or(x, Between::y)
}
