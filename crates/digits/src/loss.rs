//! Logits and targets → the loss, the scalar that training minimises.
//!
//! | loss | from | for |
//! |---|---|---|
//! | [`softmax_cross_entropy`] | logits | classes |
//! | [`mean_squared_error`] | predictions | quantities |
//!
//! Softmax turns the logits `z` of an image into probabilities `p`. Cross-entropy is the negative
//! logarithm of the probability of the true class, averaged over the batch:
//!
//! ```text
//! pₙ = exp(zₙ) / Σₘ exp(zₘ)     L = −(1/B) Σᵦ Σₙ yᵦₙ · ln pᵦₙ     ∂L/∂z = (p − y) / B
//! ```
//!
//! Here both are one operation. The logarithm and the exponential cancel, so that no logit
//! overflows and no probability is rounded to zero before its logarithm is taken, and the gradient
//! is a difference.
//!
//! Each loss has a form that panics and, as in dfdx, a form `try_…` that returns an error.
//!
//! ```
//! use digits::{dfdx::prelude::*, loss::softmax_cross_entropy};
//!
//! let dev = Cpu::default();
//! let logits: Tensor<Rank2<1, 2>, f32, Cpu> = dev.tensor([[0.0, 0.0]]); // (B, N)
//! let targets = dev.tensor([[1.0, 0.0]]); //                               (B, N)
//! let loss = softmax_cross_entropy(logits.leaky_trace(), targets);
//! assert_eq!(loss.array(), std::f32::consts::LN_2);
//! assert_eq!(loss.backward().get(&logits).array(), [[-0.5, 0.5]]);
//! ```

mod squared;

pub use squared::{mean_squared_error, try_mean_squared_error};

use dfdx::prelude::*;

use crate::raw;

/// Softmax followed by cross-entropy: the mean over the batch of −Σₙ yₙ · ln softmax(z)ₙ,
/// in nats.
///
/// - `logits` z: `(B, N)`, the output of a model without softmax.
/// - `targets` y: `(B, N)`, a probability for each class; each row sums to 1 (one-hot or smoothed).
///
/// The same as `keras.losses.CategoricalCrossentropy(from_logits=True)`, as PyTorch's
/// `cross_entropy` with class probabilities, and as dfdx's `cross_entropy_with_logits_loss`.
///
/// ```
/// use digits::{dfdx::prelude::*, loss::softmax_cross_entropy};
///
/// let dev = Cpu::default();
/// let logits: Tensor<Rank2<2, 4>, f32, Cpu> = dev.zeros(); // (B, N)
/// let targets = dev.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
/// let loss = softmax_cross_entropy(logits, targets).array();
/// assert!((loss - 4_f32.ln()).abs() < 1e-6); // four equally probable classes
/// ```
///
/// # Panics
/// If the batch sizes differ or memory runs out; [`try_softmax_cross_entropy`] returns an error.
#[track_caller]
pub fn softmax_cross_entropy<B: Dim, const N: usize, T: Tape<f32, Cpu>>(
    logits: Tensor<(B, Const<N>), f32, Cpu, T>,
    targets: Tensor<(B, Const<N>), f32, Cpu>,
) -> Tensor<Rank0, f32, Cpu, T> {
    let sizes = [logits.shape().0.size(), targets.shape().0.size()];
    match try_softmax_cross_entropy(logits, targets) {
        Ok(loss) => loss,
        Err(error) => panic!(
            "expected targets for as many images as there are logits for, {}, found {}: {error}",
            sizes[0], sizes[1]
        ),
    }
}

/// The form of [`softmax_cross_entropy`] that returns an error.
///
/// # Errors
/// [`CpuError::WrongNumElements`] if the batch sizes differ, [`CpuError::OutOfMemory`] if memory
/// runs out.
pub fn try_softmax_cross_entropy<B: Dim, const N: usize, T: Tape<f32, Cpu>>(
    logits: Tensor<(B, Const<N>), f32, Cpu, T>,
    targets: Tensor<(B, Const<N>), f32, Cpu>,
) -> Result<Tensor<Rank0, f32, Cpu, T>, CpuError> {
    if logits.shape() != targets.shape() {
        return Err(CpuError::WrongNumElements);
    }
    // The gradients have the layout of the logits.
    let (logits, mut tape) = logits.try_contiguous()?.split_tape();
    let y = raw::elements(&targets);
    let (loss, probabilities) = forward(&raw::elements(&logits), &y, N);
    let dev = logits.device();
    let loss: Tensor<Rank0, f32, Cpu> = dev.try_tensor(loss)?;

    if T::OWNS_TAPE {
        let (logits_ghost, loss_ghost, y) = (logits.ghost(), loss.ghost(), y.into_owned());
        tape.add_backward_op(move |gradients| {
            let from_above = gradients.get_or_alloc_mut(&loss_ghost)?[0];
            let grad_logits = gradients.get_or_alloc_mut(&logits_ghost)?;
            backward(&probabilities, &y, N, from_above, grad_logits);
            Ok(())
        });
    }
    Ok(loss.put_tape(tape))
}

/// Logits `z` and targets `y`, `(B, N)` with `N` = `classes` → the loss, and the probabilities
/// `(B, N)` that its gradient needs.
fn forward(z: &[f32], y: &[f32], classes: usize) -> (f32, Vec<f32>) {
    let mut probabilities = vec![0.0; z.len()];
    let mut total = 0.0_f64; // over the batch
    let rows = z.chunks_exact(classes).zip(y.chunks_exact(classes));
    for ((z, y), p) in rows.zip(probabilities.chunks_exact_mut(classes)) {
        let max = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for (p, z) in p.iter_mut().zip(z) {
            *p = (z - max).exp(); // at most 1: no overflow
        }
        let sum: f32 = p.iter().sum();
        p.iter_mut().for_each(|p| *p /= sum);

        let ln_sum = max + sum.ln();
        for (z, y) in z.iter().zip(y) {
            if *y != 0.0 {
                total += f64::from(y * (ln_sum - z)); // −y ln p
            }
        }
    }
    let batch = z.len() / classes;
    ((total / batch as f64) as f32, probabilities)
}

/// Adds ∂L/∂z = (p − y) / B, times `from_above`, the gradient of the loss, to `grad_z`. `p`,
/// `y` and `grad_z` are `(B, N)` with `N` = `classes`.
fn backward(p: &[f32], y: &[f32], classes: usize, from_above: f32, grad_z: &mut [f32]) {
    let batch = p.len() / classes;
    let scale = from_above / batch as f32;
    for ((grad, p), y) in grad_z.iter_mut().zip(p).zip(y) {
        *grad += scale * (p - y);
    }
}

#[cfg(test)]
mod tests;
