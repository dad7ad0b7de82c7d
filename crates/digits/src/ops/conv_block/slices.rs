//! Blocks, one behind the other, on slices: forward and back, chunk by chunk of the batch.
//!
//! A chunk goes through all blocks before the next one begins, and the backward pass computes what lies between the blocks once
//! more instead of fetching it: what one block gives and the next one reads never leaves the cache. A little arithmetic for many
//! trips to memory. (Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost", 2016, arXiv 1604.06174, do so
//! for want of memory.) The numbers are those of one block at a time, to the last bit.
use std::borrow::Cow;

use super::backward::{Backward, Sums};
use super::forward::{self, Packed};
use super::sizes::codes;
use super::wins::slack;
use super::{Block, winograd};
use crate::cpu::reuse::Buffer;
use crate::cpu::team;
use crate::ops::{images_per_chunk, images_per_small_chunk};

/// A block with its weight `(O, C, K, K)` and its bias `(O)`.
pub struct Layer<'a> {
    /// Its sizes; all of a chain have the same batch.
    pub block: Block,
    /// `(O, C, K, K)`
    pub weight: Cow<'a, [f32]>,
    /// `(O)`
    pub bias: Cow<'a, [f32]>,
}

/// `x`: `(B, H, W, C)` of the first layer → `y` and `codes`: `(B, H″, W″, O)` of the last.
///
/// A code says which of the outputs that competed for a place won: 0 for none, since ReLU made it 0, or its number from 1 on.
/// Where nothing is pooled, `codes` is empty: the bits of `y` say as much, as they are zero where ReLU made it 0.
///
/// # Panics
/// If there is no layer.
pub fn forward_slices(layers: &[Layer<'_>], x: &[f32], y: &mut [f32], codes: &mut [u32]) {
    if y.is_empty() {
        return;
    }
    let (first, last) = (&layers[0].block, &layers[layers.len() - 1]);
    let before = ways(&layers[..layers.len() - 1]);
    let way = way(last);
    let images = images_per_small_chunk(first.window.batch);
    let outputs = images * last.block.outputs();
    let mut codes = codes.chunks_mut(outputs);
    let chunks = y
        .chunks_mut(outputs)
        .zip(x.chunks(images * first.inputs()))
        .map(|(y, x)| (y, x, codes.next().unwrap_or_default()));
    team::for_each(chunks, |_, (y, x, codes)| {
        let between = between(&before, x);
        way(input(&between, x), y, codes);
    });
}

/// Adds to `dx`, `(B, H, W, C)` of the first layer, if it is wanted, and to each layer's `sums`, which are `(O, C, K, K)` and `(O)`,
/// given `dy` and the codes of the forward pass, `(B, H″, W″, O)` of the last; `dy` is zero afterwards.
///
/// # Panics
/// If there is no layer.
pub fn backward_slices(
    layers: &[Layer<'_>],
    x: &[f32],
    (dy, codes): (&mut [f32], &[u32]),
    dx: Option<&mut [f32]>,
    sums: &mut [[Vec<f32>; 2]],
) {
    if dy.is_empty() {
        return;
    }
    let (first, last) = (&layers[0].block, &layers[layers.len() - 1].block);
    let chain = Chain {
        forward: ways(&layers[..layers.len() - 1]),
        backward: (layers.iter().enumerate())
            .map(|(n, layer)| Backward::new(layer, n > 0 || dx.is_some()))
            .collect(),
    };
    let images = images_per_chunk(first.window.batch);
    let (inputs, outputs) = (images * first.inputs(), images * last.outputs());
    let mut dx = dx.map(|dx| dx.chunks_mut(inputs));
    let outputs = dy.chunks_mut(outputs).zip(codes.chunks(outputs));
    let chunks: Vec<_> = x
        .chunks(inputs)
        .zip(outputs)
        .map(|(x, won)| (x, won, dx.as_mut().and_then(Iterator::next)))
        .collect();
    let partial_sums = team::map(chunks, |_, (x, (dy, codes), dx)| {
        let mut sums: Vec<Sums> = chain.backward.iter().map(Backward::sums).collect();
        let mut dx = dx.map(|dx| dx.chunks_exact_mut(first.inputs()));
        let won = dy
            .chunks_exact_mut(last.outputs())
            .zip(codes.chunks_exact(last.outputs()));
        for (x, (dy, codes)) in x.chunks_exact(first.inputs()).zip(won) {
            let dx = dx.as_mut().and_then(Iterator::next);
            chain.add_image(x, (dy, codes), dx, &mut sums);
            dy.fill(0.0); // while it is in the cache
        }
        sums
    });
    for (n, (backward, sums)) in chain.backward.iter().zip(sums).enumerate() {
        let partial_sums: Vec<&Sums> = partial_sums.iter().map(|sums| &sums[n]).collect();
        backward.add_up(&partial_sums, sums);
    }
}

struct Chain<'a> {
    /// Of all but the last block.
    forward: Vec<(&'a Block, Way<'a>)>,
    backward: Vec<Backward<'a>>,
}

impl Chain<'_> {
    /// Adds what an image contributes to each block's sums and, if it is wanted, to its own gradient `dx`.
    fn add_image(
        &self,
        x: &[f32],
        won: (&[f32], &[u32]),
        dx: Option<&mut [f32]>,
        sums: &mut [Sums],
    ) {
        let between = between(&self.forward, x);
        let mut padded: Option<Buffer> = None; // the gradient of what the block behind saw
        for (n, backward) in self.backward.iter().enumerate().rev() {
            let dy = padded.map(|padded| self.backward[n + 1].block.unpadded(padded));
            let won = match &dy {
                Some(dy) => (&dy[..between[n].y().len()], between[n].codes()),
                None => won,
            };
            padded = match between[..n].last() {
                Some(before) if backward.block.window.padding == 0 => {
                    backward.add_padded(&before.with_slack, won, &mut sums[n])
                }
                _ => backward.add_image(input(&between[..n], x), won, &mut sums[n]),
            };
        }
        if let (Some(dx), Some(padded)) = (dx, padded) {
            self.backward[0].block.add_unpadded(&padded, dx);
        }
    }
}

/// From some images to their outputs and codes.
type Way<'a> = Box<dyn Fn(&[f32], &mut [f32], &mut [u32]) + Sync + 'a>;

fn ways<'a>(layers: &'a [Layer<'_>]) -> Vec<(&'a Block, Way<'a>)> {
    layers
        .iter()
        .map(|layer| (&layer.block, way(layer)))
        .collect()
}

/// The fastest one.
fn way<'a>(layer: &'a Layer<'_>) -> Way<'a> {
    let (block, weight, bias) = (&layer.block, &layer.weight, &layer.bias);
    let padded: Way<'a> = if winograd::fits(block) {
        let weights = winograd::Transformed::new(block, weight, bias);
        Box::new(move |x, y, codes| winograd::forward(block, &weights, x, y, codes))
    } else {
        let (packed, places) = (Packed::new(block, weight, bias), block.places());
        Box::new(move |x, y, codes| forward::forward(block, &packed, &places, x, y, codes))
    };
    if block.window.padding == 0 {
        return padded;
    }
    Box::new(move |x, y, codes| padded(&block.pad(x, 0), y, codes))
}

/// What a block gives for some images.
struct Between {
    /// With some zeros behind, for the backward pass of the next block.
    with_slack: Buffer,
    /// Of what is pooled.
    stored: Buffer<u32>,
}

impl Between {
    fn y(&self) -> &[f32] {
        &self.with_slack[..self.with_slack.len() - slack()]
    }

    fn codes(&self) -> &[u32] {
        codes(&self.stored, self.y())
    }
}

/// What each block gives for what the one before it gives.
fn between(blocks: &[(&Block, Way<'_>)], x: &[f32]) -> Vec<Between> {
    let mut all: Vec<Between> = Vec::with_capacity(blocks.len());
    for (block, way) in blocks {
        let x = input(&all, x);
        let images = x.len() / block.inputs();
        let outputs = images * block.outputs();
        let mut with_slack = Buffer::any(outputs + slack());
        let mut stored = Buffer::any(images * block.codes());
        way(x, &mut with_slack[..outputs], &mut stored);
        with_slack[outputs..].fill(0.0);
        all.push(Between { with_slack, stored });
    }
    all
}

/// What the next block sees.
fn input<'a>(before: &'a [Between], x: &'a [f32]) -> &'a [f32] {
    before.last().map_or(x, Between::y)
}
