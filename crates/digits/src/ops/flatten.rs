//! Flattening: images `(B, C, H, W)` → vectors `(B, C H W)`, in row-major order, independent of the
//! order in memory.
use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor};

use super::layout::ImageLayout;
use super::scope::{output, wants_gradient};
use super::tape::record;
use crate::raw::{self, Order};

/// `x` with the shape `shape`, which must have as many elements, in row-major order.
/// Differentiable.
///
/// Images stored in row-major order only change their shape; those stored with channels last are
/// copied.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::flatten;
/// let x = Cpu::default().tensor([[[1.0, 2.0]], [[3.0, 4.0]]]); // (C, H, W)
/// assert_eq!(flatten(x, (Const::<4>,)).array(), [1.0, 2.0, 3.0, 4.0]);
/// ```
///
/// # Panics
/// If there is no memory for the output: see [`try_flatten`].
pub fn flatten<Sh: Shape, Out: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<Sh, f32, Cpu, T>,
    shape: Out,
) -> Tensor<Out, f32, Cpu, T> {
    try_flatten(x, shape).unwrap()
}

/// Computes what [`flatten`] does, but returns an error where that one panics.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn try_flatten<Sh: Shape, Out: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<Sh, f32, Cpu, T>,
    shape: Out,
) -> Result<Tensor<Out, f32, Cpu, T>, CpuError> {
    if raw::order(&x) != Some(Order::ChannelsLast) {
        let (x, tape) = x.split_tape();
        if !wants_gradient(&x) {
            return Ok(x.try_reshape_like(&shape)?.put_tape(tape)); // nothing to record
        }
        return x.put_tape(tape).try_reshape_like(&shape);
    }
    let (x, tape) = x.split_tape();
    let sides = x.shape().concrete();
    let storage = ImageLayout::of(&x, sides.as_ref()[Sh::NUM_DIMS - 3]);
    let y = output(&shape, x.device(), |y| {
        storage.copy_row_major(raw::stored(&x).unwrap_or_default(), y)
    })?;
    let x_ghost = x.ghost();
    Ok(record(y, tape, move |gradients, dy| {
        storage.add_channels_last(dy, gradients.get_or_alloc_mut(&x_ghost)?);
        Ok(())
    }))
}
