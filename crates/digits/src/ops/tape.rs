//! What every operation does on dfdx's tape around its own arithmetic.
use std::cell::Cell;

use dfdx::prelude::{Cpu, CpuError, Gradients, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor};

use super::kept;
use crate::cpu::team;
use crate::raw;

type NoTape<S> = Tensor<S, f32, Cpu>;

/// Input, weight and bias with their elements in row-major order, and the input's tape.
///
/// A view (broadcast, permuted) is copied *on the tape*, so that its gradient finds the way back to what it is a view of.
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

/// The same for weight and bias alone.
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

thread_local! {
    /// Where the elements of the input that learns nothing lie.
    static INPUT: Cell<Option<*const f32>> = const { Cell::new(None) };
}

/// Calls `forward` with `x`, telling the operations of this crate that nobody will read the gradient of `x`.
///
/// dfdx computes a gradient for everything on the tape. That of the images is as much work as the rest of the first
/// layer's backward pass, and training throws it away. (Keras and PyTorch compute it only if asked.)
///
/// Until `forward` returns a clone of `x` is held, so that its memory cannot be reused for another tensor: what lies at
/// that address then *is* `x`, or `x` in another shape.
///
/// ```
/// use digits::{dfdx::prelude::*, ops::{linear, without_gradient}};
/// let dev = Cpu::default();
/// let (x, w, b) = (dev.tensor([3.0]), dev.tensor([[2.0]]), dev.tensor([0.0]));
/// let y = without_gradient(&x, |x| linear(x.leaky_trace(), &w, &b)).unwrap();
/// let gradients = y.sum().backward();
/// assert_eq!(gradients.get(&w).array(), [[3.0]]); // and there is none for x
/// ```
pub fn without_gradient<S: Shape, R>(x: &NoTape<S>, forward: impl FnOnce(NoTape<S>) -> R) -> R {
    struct Reset(Option<*const f32>);
    impl Drop for Reset {
        fn drop(&mut self) {
            INPUT.set(self.0);
        }
    }
    let _reset = Reset(INPUT.replace(raw::address(x)));
    forward(x.clone())
}

/// Whether the gradient of `x` is to be computed.
pub fn wants_gradient<S: Shape>(x: &NoTape<S>) -> bool {
    raw::address(x).is_none_or(|address| INPUT.get() != Some(address))
}

/// The output `y` of an operation, with the operation's gradient on its tape.
///
/// `backward` gets the gradients and, taken out of them because dfdx lends one at a time, that of `y` in row-major order. If outputs
/// are [kept](super::kept), it is zero afterwards, for the next pass to add to.
pub fn record<S: Shape, T: Tape<f32, Cpu>>(
    y: NoTape<S>,
    tape: T,
    backward: impl 'static + FnOnce(&mut Gradients<f32, Cpu>, &[f32]) -> Result<(), CpuError>,
) -> Tensor<S, f32, Cpu, T> {
    record_with(y, tape, move |gradients, dy, kept| {
        let done = backward(gradients, dy);
        if kept {
            set_to_zero(dy);
        }
        done
    })
}

/// [`record`] of an operation whose `backward` leaves zeros where it has read the gradient of `y`: best at once, while it is in the
/// cache. If outputs are not kept, it does so in a copy: whoever wants to see the gradient finds it.
pub fn record_clearing<S: Shape, T: Tape<f32, Cpu>>(
    y: NoTape<S>,
    tape: T,
    backward: impl 'static + FnOnce(&mut Gradients<f32, Cpu>, &mut [f32]) -> Result<(), CpuError>,
) -> Tensor<S, f32, Cpu, T> {
    record_with(y, tape, move |gradients, dy, kept| match kept {
        true => backward(gradients, dy),
        false => backward(gradients, &mut dy.to_vec()),
    })
}

/// `backward` also gets whether outputs are kept, and with them their gradients, which must be zero afterwards.
fn record_with<S: Shape, T: Tape<f32, Cpu>>(
    y: NoTape<S>,
    mut tape: T,
    backward: impl 'static + FnOnce(&mut Gradients<f32, Cpu>, &mut [f32], bool) -> Result<(), CpuError>,
) -> Tensor<S, f32, Cpu, T> {
    let (y_ghost, kept) = (y.ghost(), kept::are_kept());
    tape.add_backward_op(move |gradients| {
        let mut dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let done = backward(gradients, &mut dy, kept);
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        done
    });
    y.put_tape(tape)
}

/// On all threads, each beginning with the numbers that it has read before.
fn set_to_zero(numbers: &mut [f32]) {
    const PARTS: usize = 8;
    let size = numbers.len().div_ceil(PARTS).max(1 << 14);
    team::for_each(numbers.chunks_mut(size), |_, part| part.fill(0.0));
}

/// Lets `add` add to the gradient of `t`, whose elements it gets in row-major order; `t` must be contiguous.
pub fn gradient_of<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &NoTape<S>,
    add: impl FnOnce(&mut [f32]),
) -> Result<(), CpuError> {
    add(gradients.get_or_alloc_mut(t)?);
    Ok(())
}
