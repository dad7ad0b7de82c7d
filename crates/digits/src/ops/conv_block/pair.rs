//! Two blocks, one behind the other, as one operation: what the first gives is larger than the cache, and here never leaves it.
//!
//! A chunk of the batch goes through both blocks before the next one begins, and the backward pass computes the first block's
//! outputs once more instead of fetching them: a little arithmetic for many trips to memory. (Chen, Xu, Zhang and Guestrin, "Training
//! deep nets with sublinear memory cost", 2016, arXiv 1604.06174, do so for want of memory.) The numbers are those of the two
//! operations, to the last bit.
use dfdx::prelude::{Cpu, CpuError, HasShape, Shape, Tape, Tensor};
use pulp::bytemuck;

use super::backward::{self, each};
use super::{Block, take, way};
use crate::cpu::reuse::Buffer;
use crate::cpu::team;
use crate::ops::layout::{ChannelsLast, Storage, channels_last};
use crate::ops::tape::{contiguous_pair, record, wants_gradient};
use crate::ops::{images_per_chunk, images_per_small_chunk};
use crate::raw::{self, elements};

/// A layer that is one block for inputs of shape `Sh`.
pub trait ConvBlock<Sh: Shape> {
    /// `(O, C, K, K)`
    type Weight: Shape;
    /// `(O)`
    type Bias: Shape;
    /// Its outputs' shape.
    type Out: Shape;
    /// What it computes for inputs of this shape, and its outputs' shape.
    fn block(&self, x: &Sh) -> (Block, Self::Out);
    /// Weight and bias.
    #[allow(clippy::type_complexity)]
    fn parameters(
        &self,
    ) -> (
        &Tensor<Self::Weight, f32, Cpu>,
        &Tensor<Self::Bias, f32, Cpu>,
    );
}

/// What `second` gives for what `first` gives for `x`.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn conv_blocks<Sh: Shape, A: ConvBlock<Sh>, B: ConvBlock<A::Out>, T: Tape<f32, Cpu>>(
    x: Tensor<Sh, f32, Cpu, T>,
    first: &A,
    second: &B,
) -> Result<Tensor<B::Out, f32, Cpu, T>, CpuError>
where
    B::Out: ChannelsLast,
{
    let (x, tape) = channels_last(x)?;
    let (first, second) = ((first.block(x.shape()), first.parameters()), second);
    let ((block, between), (w1, b1)) = first;
    let ((last, shape), (w2, b2)) = (second.block(&between), second.parameters());
    let blocks = [block, last];
    let (w1, b1, tape) = contiguous_pair(w1, b1, tape)?;
    let (w2, b2, tape) = contiguous_pair(w2, b2, tape)?;
    let storage = Storage::of(&x, block.window.channels);
    let mut codes = Buffer::<u32>::any(last.window.batch * last.codes());
    let y = ChannelsLast::fill(shape, x.device(), |y| {
        let (w1, b1, w2, b2) = (elements(&w1), elements(&b1), elements(&w2), elements(&b2));
        let parameters = [[&*w1, &*b1], [&*w2, &*b2]];
        forward_slices(
            blocks.each_ref(),
            &storage.read(&x),
            parameters,
            y,
            &mut codes,
        );
    })?;
    let (learns, outputs) = (wants_gradient(&x), y.clone());
    Ok(record(y, tape, move |gradients, dy| {
        let (mut dw1, mut db1) = (take(gradients, &w1)?, take(gradients, &b1)?);
        let (mut dw2, mut db2) = (take(gradients, &w2)?, take(gradients, &b2)?);
        let mut dx = learns.then(|| take(gradients, &x)).transpose()?;
        let pixels = storage.read(&x);
        let codes = match codes.len() {
            0 => bytemuck::cast_slice(raw::stored(&outputs).unwrap_or_default()),
            _ => &codes[..],
        };
        let mut part = |dx: Option<&mut [f32]>| {
            let (w1, b1, w2, b2) = (elements(&w1), elements(&b1), elements(&w2), elements(&b2));
            let parameters = [[&*w1, &*b1], [&*w2, &*b2]];
            let sums = [[&mut dw1[..], &mut db1], [&mut dw2, &mut db2]];
            backward_slices(
                blocks.each_ref(),
                &pixels,
                parameters,
                (dy, codes),
                dx,
                sums,
            );
        };
        match &mut dx {
            Some(dx) => storage.change(dx, |dx| part(Some(dx))),
            None => part(None),
        }
        if let Some(dx) = dx {
            **gradients.get_or_alloc_mut(&x)? = dx;
        }
        **gradients.get_or_alloc_mut(&w1)? = dw1;
        **gradients.get_or_alloc_mut(&b1)? = db1;
        **gradients.get_or_alloc_mut(&w2)? = dw2;
        **gradients.get_or_alloc_mut(&b2)? = db2;
        Ok(())
    }))
}

/// Weights `(O, C, K, K)` and bias `(O)` of a block.
pub type Parameters<'a> = [&'a [f32]; 2];

/// `x`: `(B, H, W, C)` → the second block's `y` and `codes`, as [`forward_slices`](super::forward_slices) gives them.
pub fn forward_slices(
    [first, second]: [&Block; 2],
    x: &[f32],
    [p, q]: [Parameters<'_>; 2],
    y: &mut [f32],
    codes: &mut [u32],
) {
    if y.is_empty() {
        return;
    }
    let ways = (way(first, p[0], p[1]), way(second, q[0], q[1]));
    let images = images_per_small_chunk(first.window.batch);
    let outputs = images * second.outputs();
    let mut codes = codes.chunks_mut(outputs);
    let chunks = y
        .chunks_mut(outputs)
        .zip(x.chunks(images * first.inputs()))
        .map(|(y, x)| (y, x, codes.next().unwrap_or_default()));
    team::for_each(chunks, |_, (y, x, codes)| {
        let mut between = Between::new(first, x.len() / first.inputs());
        ways.0(x, &mut between.y, &mut between.codes);
        ways.1(&between.y, y, codes);
    });
}

/// Adds to `dx`, if it is wanted, and to the gradients of both blocks' parameters, given `dy` and the codes of the second block.
pub fn backward_slices(
    [first, second]: [&Block; 2],
    x: &[f32],
    [p, q]: [Parameters<'_>; 2],
    (dy, codes): (&[f32], &[u32]),
    dx: Option<&mut [f32]>,
    [dp, dq]: [[&mut [f32]; 2]; 2],
) {
    if dy.is_empty() {
        return;
    }
    let forward = way(first, p[0], p[1]);
    let ways = (
        backward::Way::new(first, p[0], dx.is_some()),
        backward::Way::new(second, q[0], true),
    );
    let images = images_per_chunk(first.window.batch);
    let outputs = images * second.outputs();
    let mut dx = dx.map(|dx| dx.chunks_mut(images * first.inputs()));
    let outputs = dy.chunks(outputs).zip(codes.chunks(outputs));
    let chunks: Vec<_> = x
        .chunks(images * first.inputs())
        .zip(outputs)
        .map(|(x, won)| (x, won, dx.as_mut().and_then(Iterator::next)))
        .collect();
    let partial_sums = team::map(chunks, |_, (x, won, dx)| {
        let mut sums = (ways.0.sums(), ways.1.sums());
        let mut between = Between::new(first, 1);
        let mut dx = dx.map(|dx| dx.chunks_exact_mut(first.inputs()));
        for (x, won) in x.chunks_exact(first.inputs()).zip(each(second, won)) {
            forward(x, &mut between.y, &mut between.codes);
            let Some(padded) = ways.1.add_image(&between.y, won, &mut sums.1, true) else {
                continue;
            };
            let unpadded = (second.window.padding > 0).then(|| {
                let mut unpadded = Buffer::zeros(second.inputs());
                second.add_unpadded(&padded, &mut unpadded);
                unpadded
            });
            let dy = unpadded.as_deref().unwrap_or(&padded[..second.inputs()]);
            let dx = dx.as_mut().and_then(Iterator::next);
            let padded = ways
                .0
                .add_image(x, (dy, between.codes()), &mut sums.0, dx.is_some());
            if let (Some(padded), Some(dx)) = (padded, dx) {
                first.add_unpadded(&padded, dx);
            }
        }
        sums
    });
    let of_first: Vec<_> = partial_sums.iter().map(|(sums, _)| sums).collect();
    let of_second: Vec<_> = partial_sums.iter().map(|(_, sums)| sums).collect();
    ways.0.add_up(&of_first, dp);
    ways.1.add_up(&of_second, dq);
}

/// What the first block gives for some images.
struct Between {
    y: Buffer,
    /// Of what is pooled.
    codes: Buffer<u32>,
}

impl Between {
    fn new(first: &Block, images: usize) -> Self {
        Self {
            y: Buffer::any(images * first.outputs()),
            codes: Buffer::any(images * first.codes()),
        }
    }

    fn codes(&self) -> &[u32] {
        match self.codes.len() {
            0 => bytemuck::cast_slice(&self.y),
            _ => &self.codes,
        }
    }
}
