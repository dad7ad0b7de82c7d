//! The dense layer's product: inputs `(B, I)`, weights `(O, I)`, bias `(O)` → `(B, O)`.
//!
//! ```text
//! y[o] = b[o] + Σ_i w[o, i] · x[i]
//! ```
use dfdx::prelude::{Const, Cpu, CpuError, Dim, HasShape, Rank1, Rank2, Shape, Tape};
use dfdx::prelude::{Tensor, TensorFromVec};

use super::tape::{contiguous, gradient_of, record, wants_gradient};
use super::{Matrix, par_matmul};
use crate::raw::elements;

/// A shape whose last axis has `I` elements: one input `(I)` or a batch `(B, I)`.
#[diagnostic::on_unimplemented(
    message = "a dense layer of {I} inputs cannot take a tensor of shape `{Self}`",
    label = "expected `(I)` or `(B, I)` with I = {I}",
    note = "I is the number of elements the layer before gives; images are flattened first: `Flatten<N>` with N = C · H · W"
)]
pub trait InputsOf<const I: usize, O: Dim>: Shape {
    /// `(O)` or `(B, O)`.
    type Out: Shape;
    /// The output's shape.
    fn out(&self) -> Self::Out;
}

impl<const I: usize, const O: usize> InputsOf<I, Const<O>> for (Const<I>,) {
    type Out = (Const<O>,);
    fn out(&self) -> Self::Out {
        (Const,)
    }
}

impl<B: Dim, const I: usize, const O: usize> InputsOf<I, Const<O>> for (B, Const<I>) {
    type Out = (B, Const<O>);
    fn out(&self) -> Self::Out {
        (self.0, Const)
    }
}

/// `x wᵀ + bias` for `x` of shape `(I)` or `(B, I)`; differentiable in all three.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::linear;
/// let dev = Cpu::default();
/// let y = linear(dev.tensor([1.0, 2.0]), &dev.tensor([[3.0, 4.0]]), &dev.tensor([5.0])).unwrap();
/// assert_eq!(y.array(), [1.0 * 3.0 + 2.0 * 4.0 + 5.0]);
/// ```
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn linear<Sh, T, const I: usize, const O: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank2<O, I>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    const { assert!(I > 0 && O > 0, "a dense layer needs inputs and outputs") };
    let shape = InputsOf::out(x.shape());
    let (x, weight, bias, tape) = contiguous(x, weight, bias)?;
    let mut y = vec![0.0; shape.num_elements()];
    forward(&elements(&x), &elements(&weight), &elements(&bias), &mut y);
    let y = x.device().try_tensor_from_vec(y, shape)?;
    let learns = wants_gradient(&x);
    Ok(record(y, tape, move |gradients, dy| {
        if learns {
            gradient_of(gradients, &x, |dx| {
                backward_input(I, &elements(&weight), dy, dx)
            })?;
        }
        gradient_of(gradients, &weight, |dw| {
            backward_weight(I, &elements(&x), dy, dw)
        })?;
        gradient_of(gradients, &bias, |db| backward_bias(dy, db))
    }))
}

/// `y` = `x wᵀ + bias`; `x`: `(B, I)`, `w`: `(O, I)`, `bias`: `(O)`, `y`: `(B, O)`, all row-major.
pub fn forward(x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
    let (outputs, inputs) = (bias.len(), w.len() / bias.len());
    for y in y.chunks_exact_mut(outputs) {
        y.copy_from_slice(bias);
    }
    let batch = y.len() / outputs;
    let (x, w) = (
        Matrix::new(x, batch, inputs),
        Matrix::new(w, outputs, inputs),
    );
    par_matmul(y, x, w.transposed(), true);
}

/// Adds to `dx` the gradient of the loss, given `dy`, the gradient with respect to the output; `inputs` is `I`.
///
/// ```text
/// dx += dy w        (B, O) (O, I)
/// ```
pub fn backward_input(inputs: usize, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (outputs, batch) = (w.len() / inputs, dx.len() / inputs);
    let (dy, w) = (
        Matrix::new(dy, batch, outputs),
        Matrix::new(w, outputs, inputs),
    );
    par_matmul(dx, dy, w, true);
}

/// Adds to `dw` the gradient of the loss, given `dy`; `inputs` is `I`.
///
/// ```text
/// dw += dyᵀ x       (O, B) (B, I)
/// ```
pub fn backward_weight(inputs: usize, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (outputs, batch) = (dw.len() / inputs, x.len() / inputs);
    let (dy, x) = (
        Matrix::new(dy, batch, outputs),
        Matrix::new(x, batch, inputs),
    );
    par_matmul(dw, dy.transposed(), x, true);
}

/// Adds to `db` the sum of `dy` over the batch.
pub fn backward_bias(dy: &[f32], db: &mut [f32]) {
    for dy in dy.chunks_exact(db.len()) {
        for (db, dy) in db.iter_mut().zip(dy) {
            *db += dy;
        }
    }
}
