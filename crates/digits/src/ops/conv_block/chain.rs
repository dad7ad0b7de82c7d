//! Blocks, one behind the other, as one operation on dfdx's tape.
use dfdx::prelude::{Cpu, CpuError, Gradients, Rank1, Rank4, ReshapeTo, Shape, Tape, Tensor};

use super::sizes::codes;
use super::{Block, Layer, backward_slices, forward_slices};
use crate::cpu::reuse::Buffer;
use crate::ops::layout::{ChannelsLast, Storage};
use crate::ops::tape::{contiguous_pair, record_clearing, wants_gradient};
use crate::raw::{self, elements};

/// A tensor whose sizes are forgotten: the same memory, the same gradient.
type Flat = Tensor<(usize,), f32, Cpu>;

/// A block with its parameters.
pub struct Link {
    block: Block,
    weight: Flat,
    bias: Flat,
}

impl Link {
    /// That of inputs of shape `(C, H, W)` or `(B, C, H, W)`, a window of `K` and `[S, P]`, and the side of the pooling window.
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
        let link = Self {
            block: Block::of(x, [C, O], [K, stride, padding], pool),
            weight: weight.try_reshape_like(&(O * C * K * K,))?,
            bias: bias.try_reshape_like(&(O,))?,
        };
        Ok((link, tape))
    }

    fn layer(&self) -> Layer<'_> {
        Layer {
            block: self.block,
            weight: elements(&self.weight),
            bias: elements(&self.bias),
        }
    }
}

/// What the last of some links, at least one, gives for `x`, whose tape is `tape`; `shape` is that of the result.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn chain<Sh: Shape, Out: ChannelsLast, T: Tape<f32, Cpu>>(
    x: Tensor<Sh, f32, Cpu>,
    tape: T,
    links: Vec<Link>,
    shape: Out,
) -> Result<Tensor<Out, f32, Cpu, T>, CpuError> {
    let [first, last] = [links[0].block, links[links.len() - 1].block];
    let storage = Storage::of(&x, first.window.channels);
    let mut stored = Buffer::<u32>::any(last.window.batch * last.codes());
    let y = ChannelsLast::fill(shape, x.device(), |y| {
        forward_slices(&layers(&links), &storage.read(&x), y, &mut stored);
    })?;
    let (learns, outputs) = (wants_gradient(&x), y.clone());
    Ok(record_clearing(y, tape, move |gradients, dy| {
        let mut sums = Vec::new();
        for link in &links {
            sums.push([take(gradients, &link.weight)?, take(gradients, &link.bias)?]);
        }
        let mut dx = learns.then(|| take(gradients, &x)).transpose()?;
        let (layers, pixels) = (layers(&links), storage.read(&x));
        let codes = codes(&stored, raw::stored(&outputs).unwrap_or_default());
        let mut part = |dx: Option<&mut [f32]>| {
            backward_slices(&layers, &pixels, (dy, codes), dx, &mut sums);
        };
        match &mut dx {
            Some(dx) => storage.change(dx, |dx| part(Some(dx))),
            None => part(None),
        }
        for (link, [dw, db]) in links.iter().zip(sums) {
            **gradients.get_or_alloc_mut(&link.weight)? = dw;
            **gradients.get_or_alloc_mut(&link.bias)? = db;
        }
        if let Some(dx) = dx {
            **gradients.get_or_alloc_mut(&x)? = dx;
        }
        Ok(())
    }))
}

fn layers(links: &[Link]) -> Vec<Layer<'_>> {
    links.iter().map(Link::layer).collect()
}

/// Takes a gradient out of the others, as dfdx lends one at a time; whoever takes it puts it back.
fn take<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &Tensor<S, f32, Cpu>,
) -> Result<Vec<f32>, CpuError> {
    Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(t)?))
}
