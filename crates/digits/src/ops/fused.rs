//! Blocks of convolution, bias, ReLU and max pooling as one operation on dfdx's tape.
//!
//! The numbers are those of the separate operations, up to the rounding of their sums, at a
//! fraction of the time ([`kernels::conv_block`]): the outputs of the convolution never go to
//! memory, those that pooling leaves out at the lower and right edges are never computed, and the
//! backward pass visits only the maxima. (Bias and ReLU may be applied after the maximum, since
//! neither reverses the order of two numbers, rounding included.)
//!
//! Shapes are `(B, C, H, W)` as everywhere; the *storage* of the output has channels last,
//! `(B, H, W, C)`, as in Keras and in PyTorch's `channels_last`: a pixel's channels, which kernels
//! read together, lie side by side. dfdx's strides express that: indexing, printing and every other
//! operation see `(B, C, H, W)`.
use dfdx::prelude::{Cpu, CpuError, Gradients, Rank1, Rank4, ReshapeTo, Shape, Tape, Tensor};
use kernels::buffer_pool::Buffer;
use kernels::conv_block::{self, Block, ConvLayer, argmax};
use kernels::window::Window2d;

use super::layout::{ChannelsLast, ImageLayout};
use super::scope::wants_gradient;
use super::tape::{contiguous_pair, record_clearing};
use crate::raw::{self, elements};

/// A tensor with one axis, which shares memory and gradient with the parameter that it comes from.
type Flat = Tensor<(usize,), f32, Cpu>;

/// A block with its parameters.
pub struct FusedLayer {
    block: Block,
    weight: Flat,
    bias: Flat,
}

impl FusedLayer {
    /// The block for inputs of shape `x`, `(C, H, W)` or `(B, C, H, W)`; `pool` is the side of the
    /// pooling window, 1 for none. Also returns the tape, on which the copy of a parameter that is
    /// a view is recorded.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if a parameter is a view and cannot be copied.
    pub fn new<Sh: Shape, T: Tape<f32, Cpu>, const C: usize, const O: usize, const K: usize>(
        x: &Sh,
        weight: &Tensor<Rank4<O, C, K, K>, f32, Cpu>,
        bias: &Tensor<Rank1<O>, f32, Cpu>,
        [stride, padding]: [usize; 2],
        pool: usize,
        tape: T,
    ) -> Result<(Self, T), CpuError> {
        const { assert!(C > 0 && O > 0, "a convolution needs channels and kernels") };
        let (weight, bias, tape) = contiguous_pair(weight, bias, tape)?;
        let sides = x.concrete();
        let [h, w] = [2, 1].map(|back| sides.as_ref()[Sh::NUM_DIMS - back]);
        let batch = x.num_elements() / (C * h * w);
        let window = Window2d::new([batch, C, h, w], K, stride, padding);
        let layer = Self {
            block: Block::new(window, O, pool),
            weight: weight.try_reshape_like(&(O * C * K * K,))?,
            bias: bias.try_reshape_like(&(O,))?,
        };
        Ok((layer, tape))
    }

    /// The block with its parameters as slices.
    fn parameters(&self) -> ConvLayer<'_> {
        ConvLayer {
            block: self.block,
            weight: elements(&self.weight),
            bias: elements(&self.bias),
        }
    }
}

/// The output, of shape `shape`, of a chain of one or more layers for `x`; records the backward
/// pass on `tape`, the tape of `x`.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn try_fused_forward<Sh: Shape, Out: ChannelsLast, T: Tape<f32, Cpu>>(
    x: Tensor<Sh, f32, Cpu>,
    tape: T,
    layers: Vec<FusedLayer>,
    shape: Out,
) -> Result<Tensor<Out, f32, Cpu, T>, CpuError> {
    let [first, last] = [layers[0].block, layers[layers.len() - 1].block];
    let layout = ImageLayout::of(&x, first.window.channels);
    let mut stored = Buffer::<u32>::stale(last.window.batch * last.stored_argmax());
    let y = ChannelsLast::fill(shape, x.device(), |y| {
        conv_block::forward(&parameters(&layers), &layout.read(&x), y, &mut stored);
    })?;
    let (learns, outputs) = (wants_gradient(&x), y.clone());
    Ok(record_clearing(y, tape, move |gradients, dy| {
        let mut sums = Vec::new();
        for layer in &layers {
            sums.push([
                take(gradients, &layer.weight)?,
                take(gradients, &layer.bias)?,
            ]);
        }
        let mut dx = learns.then(|| take(gradients, &x)).transpose()?;
        let (parameters, pixels) = (parameters(&layers), layout.read(&x));
        let argmax = argmax(&stored, raw::stored(&outputs).unwrap_or_default());
        let mut backward = |dx: Option<&mut [f32]>| {
            conv_block::backward(&parameters, &pixels, (dy, argmax), dx, &mut sums);
        };
        match &mut dx {
            Some(dx) => layout.change(dx, |dx| backward(Some(dx))),
            None => backward(None),
        }
        for (layer, [dw, db]) in layers.iter().zip(sums) {
            **gradients.get_or_alloc_mut(&layer.weight)? = dw;
            **gradients.get_or_alloc_mut(&layer.bias)? = db;
        }
        if let Some(dx) = dx {
            **gradients.get_or_alloc_mut(&x)? = dx;
        }
        Ok(())
    }))
}

/// The blocks of a chain with their parameters as slices.
fn parameters(layers: &[FusedLayer]) -> Vec<ConvLayer<'_>> {
    layers.iter().map(FusedLayer::parameters).collect()
}

/// Takes the gradient of `t` out of the others, since dfdx borrows one at a time; the caller puts
/// it back.
fn take<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &Tensor<S, f32, Cpu>,
) -> Result<Vec<f32>, CpuError> {
    Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(t)?))
}
