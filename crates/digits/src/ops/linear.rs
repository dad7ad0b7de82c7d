//! The dense layer: inputs `(B, I)`, weights `(O, I)`, bias `(O)` → `(B, O)`, with or without a
//! ReLU after it.
//!
//! ```text
//! y[o] = b[o] + Σ_i w[o, i] · x[i]          with a ReLU: the larger of that and 0
//! ```
//!
//! The forward product skips the zeros of `x` ([`kernels::sparse`]); the products of the backward
//! pass skip the zeros of `dy` if there are enough of them. Each sum keeps its order, so that the
//! result is the same to the last bit where the CPU has a fused multiply-add.
use dfdx::prelude::Tensor;
use dfdx::prelude::{Const, Cpu, CpuError, Dim, HasShape, Rank1, Rank2, Shape, Tape};
use kernels::sparse::{self, PackedSparse};
use kernels::transpose::{self, Strides};
use kernels::{Matrix, buffer_pool::Buffer, par_matmul, simd::Isa};

use super::scope::{output, wants_gradient};
use super::tape::{contiguous, gradient_of, record};
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

/// `x wᵀ + bias` for `x` of shape `(I)` or `(B, I)`: `(O)` or `(B, O)`. Differentiable in all
/// three.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::linear;
/// let dev = Cpu::default();
/// let y = linear(dev.tensor([1.0, 2.0]), &dev.tensor([[3.0, 4.0]]), &dev.tensor([5.0]));
/// assert_eq!(y.array(), [1.0 * 3.0 + 2.0 * 4.0 + 5.0]);
/// ```
///
/// # Panics
/// If there is no memory for the output: see [`try_linear`].
pub fn linear<Sh, T, const I: usize, const O: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank2<O, I>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
) -> Tensor<Sh::Out, f32, Cpu, T>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    try_linear(x, weight, bias).unwrap()
}

/// Computes what [`linear`] does, but returns an error where that one panics.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn try_linear<Sh, T, const I: usize, const O: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank2<O, I>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    dense(x, weight, bias, false)
}

/// `relu(x wᵀ + bias)` for `x` of shape `(I)` or `(B, I)`; differentiable in all three.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub(crate) fn try_linear_relu<Sh, T, const I: usize, const O: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank2<O, I>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    dense(x, weight, bias, true)
}

/// [`try_linear`], or [`try_linear_relu`] if `relu`.
fn dense<Sh, T, const I: usize, const O: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank2<O, I>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
    relu: bool,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    const { assert!(I > 0 && O > 0, "a dense layer needs inputs and outputs") };
    let isa = Isa::best();
    let shape = InputsOf::out(x.shape());
    let (x, weight, bias, tape) = contiguous(x, weight, bias)?;
    let y = output(&shape, x.device(), |y| {
        y.chunks_exact_mut(O)
            .for_each(|y| y.copy_from_slice(&elements(&bias)));
        let inputs = PackedSparse::new(isa, &elements(&x), I);
        sparse::add_product_transposed(isa, &inputs, &elements(&weight), y);
        if relu {
            self::relu(isa, y);
        }
    })?;
    let (learns, outputs) = (wants_gradient(&x), y.clone());
    Ok(record(y, tape, move |gradients, dy| {
        let through_relu = relu.then(|| through_relu(isa, &elements(&outputs), dy));
        let dy = through_relu.as_deref().unwrap_or(dy);
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

/// Sets every number of `y` below zero to zero.
///
/// ```
/// let mut y = [-1.0, 2.0];
/// digits::ops::linear::relu(digits::kernels::simd::Isa::best(), &mut y);
/// assert_eq!(y, [0.0, 2.0]);
/// ```
pub fn relu(isa: Isa, y: &mut [f32]) {
    isa.vectorize(
        #[inline(always)]
        || {
            y.iter_mut()
                .for_each(|y| *y = if *y <= 0.0 { 0.0 } else { *y })
        },
    );
}

/// The gradient with respect to the input of ReLU, given its outputs `y` and their gradient `dy`:
/// `dy`, or zero where the output is zero.
///
/// ```
/// use digits::{kernels::simd::Isa, ops::linear::through_relu};
/// assert_eq!(through_relu(Isa::best(), &[0.0, 2.0], &[5.0, 7.0])[..], [0.0, 7.0]);
/// ```
pub fn through_relu(isa: Isa, y: &[f32], dy: &[f32]) -> Buffer {
    let mut dz = Buffer::stale(dy.len());
    let numbers = &mut dz[..];
    isa.vectorize(
        #[inline(always)]
        || {
            for ((dz, y), dy) in numbers.iter_mut().zip(y).zip(dy) {
                *dz = if *y == 0.0 { 0.0 } else { *dy };
            }
        },
    );
    dz
}

/// Sets `y` to `x wᵀ + bias`; `x`: `(B, I)`, `w`: `(O, I)`, `bias`: `(O)`, `y`: `(B, O)`, all
/// row-major.
///
/// ```
/// let mut y = [0.0];
/// digits::ops::linear::forward(&[1.0, 2.0], &[3.0, 4.0], &[5.0], &mut y);
/// assert_eq!(y, [1.0 * 3.0 + 2.0 * 4.0 + 5.0]);
/// ```
pub fn forward(x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
    y.chunks_exact_mut(bias.len())
        .for_each(|y| y.copy_from_slice(bias));
    let isa = Isa::best();
    let x = PackedSparse::new(isa, x, w.len() / bias.len());
    sparse::add_product_transposed(isa, &x, w, y);
}

/// Adds to `dx`, `(B, I)`, the gradient of the loss, given `dy`, the gradient with respect to the
/// output; `inputs` is `I`.
///
/// ```text
/// dx += dy w        (B, O) (O, I)
/// ```
pub fn backward_input(inputs: usize, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (batch, outputs) = (dx.len() / inputs, w.len() / inputs);
    let isa = Isa::best();
    if sparse::is_profitable(isa, dy, outputs) {
        return sparse::add_product(isa, &PackedSparse::new(isa, dy, outputs), w, dx);
    }
    let dy = Matrix::new(dy, batch, outputs);
    par_matmul(dx, dy, Matrix::new(w, outputs, inputs), true);
}

/// Adds to `dw`, `(O, I)`, the gradient of the loss, given `dy`; `inputs` is `I`.
///
/// ```text
/// dw += dyᵀ x       (O, B) (B, I)
/// ```
pub fn backward_weight(inputs: usize, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (batch, outputs) = (x.len() / inputs, dw.len() / inputs);
    let isa = Isa::best();
    if sparse::is_profitable(isa, dy, batch) {
        let mut transposed = Buffer::stale(dy.len()); // (O, B)
        let size = Strides {
            rows: batch,
            columns: outputs,
            from: outputs,
            to: batch,
        };
        transpose::copy(size, dy, &mut transposed);
        return sparse::add_product(isa, &PackedSparse::new(isa, &transposed, batch), x, dw);
    }
    let dy = Matrix::new(dy, batch, outputs).transposed();
    par_matmul(dw, dy, Matrix::new(x, batch, inputs), true);
}

/// Adds to `db`, `(O)`, the sum of `dy`, `(B, O)`, over the batch.
///
/// ```
/// let mut db = [0.0, 1.0];
/// digits::ops::linear::backward_bias(&[1.0, 2.0, 3.0, 4.0], &mut db);
/// assert_eq!(db, [4.0, 7.0]);
/// ```
pub fn backward_bias(dy: &[f32], db: &mut [f32]) {
    for dy in dy.chunks_exact(db.len()) {
        for (db, dy) in db.iter_mut().zip(dy) {
            *db += dy;
        }
    }
}
