//! How an operation records its gradient on dfdx's tape.
use dfdx::prelude::{Cpu, CpuError, Gradients, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor};

use kernels::thread_pool;

use super::scope::reuses_activations;

/// A tensor without a tape.
type NoTape<S> = Tensor<S, f32, Cpu>;

/// Input, weight and bias with their elements in row-major order, and the input's tape.
///
/// A view (broadcast, permuted) is copied *on the tape*, so that its gradient reaches the tensor
/// that it is a view of.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if a view cannot be copied.
#[allow(clippy::type_complexity)]
pub fn contiguous<X: Shape, W: Shape, B: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<X, f32, Cpu, T>,
    weight: &NoTape<W>,
    bias: &NoTape<B>,
) -> Result<(NoTape<X>, NoTape<W>, NoTape<B>, T), CpuError> {
    let (x, tape) = x.try_contiguous()?.split_tape();
    let (weight, bias, tape) = contiguous_pair(weight, bias, tape)?;
    Ok((x, weight, bias, tape))
}

/// [`contiguous`] for weight and bias alone.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if a view cannot be copied.
#[allow(clippy::type_complexity)]
pub fn contiguous_pair<W: Shape, B: Shape, T: Tape<f32, Cpu>>(
    weight: &NoTape<W>,
    bias: &NoTape<B>,
    tape: T,
) -> Result<(NoTape<W>, NoTape<B>, T), CpuError> {
    let weight = weight.clone().put_tape(tape);
    let (weight, tape) = weight.try_contiguous()?.split_tape();
    let bias = bias.clone().put_tape(tape);
    let (bias, tape) = bias.try_contiguous()?.split_tape();
    Ok((weight, bias, tape))
}

/// Puts the output `y` of an operation on `tape`, with `backward` as the operation's backward pass.
///
/// `backward` gets all gradients and, as a slice in row-major order, the gradient of `y`, which is
/// taken out of the others meanwhile, because dfdx borrows one gradient at a time. In a scope that
/// reuses activations ([`Scope::reusing`](super::scope::Scope::reusing)) the gradient of `y` is set
/// to zero afterwards, for the next pass to add to.
pub fn record<S: Shape, T: Tape<f32, Cpu>>(
    y: NoTape<S>,
    tape: T,
    backward: impl 'static + FnOnce(&mut Gradients<f32, Cpu>, &[f32]) -> Result<(), CpuError>,
) -> Tensor<S, f32, Cpu, T> {
    record_with(y, tape, move |gradients, dy, reused| {
        let done = backward(gradients, dy);
        if reused {
            set_to_zero(dy);
        }
        done
    })
}

/// [`record`] for an operation whose `backward` itself sets the gradient of `y` to zero, while it
/// is still in the cache. Where activations are not reused, `backward` gets a copy, so that the
/// caller can still read the gradient.
pub fn record_clearing<S: Shape, T: Tape<f32, Cpu>>(
    y: NoTape<S>,
    tape: T,
    backward: impl 'static + FnOnce(&mut Gradients<f32, Cpu>, &mut [f32]) -> Result<(), CpuError>,
) -> Tensor<S, f32, Cpu, T> {
    record_with(y, tape, move |gradients, dy, reused| match reused {
        true => backward(gradients, dy),
        false => backward(gradients, &mut dy.to_vec()),
    })
}

/// [`record`] for a `backward` that also gets whether activations are reused, in which case it must
/// set the gradient of `y` to zero.
fn record_with<S: Shape, T: Tape<f32, Cpu>>(
    y: NoTape<S>,
    mut tape: T,
    backward: impl 'static + FnOnce(&mut Gradients<f32, Cpu>, &mut [f32], bool) -> Result<(), CpuError>,
) -> Tensor<S, f32, Cpu, T> {
    let (y_ghost, reused) = (y.ghost(), reuses_activations());
    tape.add_backward_op(move |gradients| {
        let mut dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let done = backward(gradients, &mut dy, reused);
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        done
    });
    y.put_tape(tape)
}

/// Sets `numbers` to zero on all threads. Each begins with its share of the parts, which it has
/// read before and may still hold in its cache.
fn set_to_zero(numbers: &mut [f32]) {
    const MAX_PARTS: usize = 8;
    let size = numbers.len().div_ceil(MAX_PARTS).max(1 << 14);
    thread_pool::for_each(numbers.chunks_mut(size), |_, part| part.fill(0.0));
}

/// Calls `add` with the gradient of the contiguous tensor `t`, in row-major order.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if there is no such gradient yet and it cannot be allocated.
pub fn gradient_of<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &NoTape<S>,
    add: impl FnOnce(&mut [f32]),
) -> Result<(), CpuError> {
    add(gradients.get_or_alloc_mut(t)?);
    Ok(())
}
