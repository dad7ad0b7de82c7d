//! What every operation does on dfdx's tape around its own arithmetic.
use dfdx::prelude::{Cpu, CpuError, Gradients, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor};

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
    let weight = weight.clone().put_tape(tape);
    let (weight, tape) = weight.try_contiguous()?.split_tape();
    let bias = bias.clone().put_tape(tape);
    let (bias, tape) = bias.try_contiguous()?.split_tape();
    Ok((x, weight, bias, tape))
}

/// The output `y` of an operation, with the operation's gradient on its tape.
///
/// `backward` gets the gradients and, taken out of them because dfdx lends one at a time, that of `y` in row-major order.
pub fn record<S: Shape, T: Tape<f32, Cpu>>(
    y: NoTape<S>,
    mut tape: T,
    backward: impl 'static + FnOnce(&mut Gradients<f32, Cpu>, &[f32]) -> Result<(), CpuError>,
) -> Tensor<S, f32, Cpu, T> {
    let y_ghost = y.ghost();
    tape.add_backward_op(move |gradients| {
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let done = backward(gradients, &dy);
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        done
    });
    y.put_tape(tape)
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
