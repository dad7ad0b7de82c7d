//! Flattening: images `(B, C, H, W)` → vectors `(B, C H W)`, in row-major order whatever the order in memory.
use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor};

use super::kept::output;
use super::layout::Storage;
use super::tape::{record, wants_gradient};
use crate::raw::{self, Order};

/// `x` with the shape `shape`, which has as many elements; differentiable.
///
/// Images stored row by row change their shape only; those stored with channels last are copied.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn flatten<Sh: Shape, Out: Shape, T: Tape<f32, Cpu>>(
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
    let storage = Storage::of(&x, sides.as_ref()[Sh::NUM_DIMS - 3]);
    let y = output(&shape, x.device(), |y| {
        storage.copy_row_major(raw::stored(&x).unwrap_or_default(), y)
    })?;
    let x_ghost = x.ghost();
    Ok(record(y, tape, move |gradients, dy| {
        storage.add_channels_last(dy, gradients.get_or_alloc_mut(&x_ghost)?);
        Ok(())
    }))
}
