//! Logits and targets → the scalar that training lowers.
//!
//! | loss | from | for |
//! |---|---|---|
//! | [`softmax_cross_entropy`] | logits | classes |
//! | [`mean_squared_error`] | predictions | quantities |
//!
//! Softmax turns the logits `z` of one image into probabilities, cross-entropy
//! takes the mean negative logarithm of the probability of the true class:
//!
//! ```text
//! pₙ = exp(zₙ) / Σₘ exp(zₘ)          L = −(1/B) Σᵦ Σₙ yᵦₙ · ln pᵦₙ          ∂L/∂z = (p − y) / B
//! ```
//!
//! Both are one operation here: the logarithm undoes the exponential, so that
//! no logit overflows and no probability is rounded to zero before its
//! logarithm is taken, and the gradient is one subtraction.
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

/// Softmax and cross-entropy in one: the mean over the batch of −Σₙ yₙ · ln softmax(z)ₙ.
///
/// - `logits`: `(B, N)`, a model's output before any softmax.
/// - `targets`: `(B, N)`, one probability for each class, each row summing to one: one-hot, or smoothed.
///
/// The same as `keras.losses.CategoricalCrossentropy(from_logits=True)`, as PyTorch's
/// `cross_entropy` with class probabilities, and as dfdx's `cross_entropy_with_logits_loss`.
///
/// # Panics
/// If the two batches differ in size, as dfdx's own losses do: see [`try_softmax_cross_entropy`].
#[track_caller]
pub fn softmax_cross_entropy<B: Dim, const N: usize, T: Tape<f32, Cpu>>(
    logits: Tensor<(B, Const<N>), f32, Cpu, T>,
    targets: Tensor<(B, Const<N>), f32, Cpu>,
) -> Tensor<Rank0, f32, Cpu, T> {
    let sizes = [logits.shape().0.size(), targets.shape().0.size()];
    match try_softmax_cross_entropy(logits, targets) {
        Ok(loss) => loss,
        Err(error) => panic!(
            "logits for {} images, targets for {}: {error}",
            sizes[0], sizes[1]
        ),
    }
}

/// [`softmax_cross_entropy`] that returns an error.
///
/// # Errors
/// [`CpuError::WrongNumElements`] if the two batches differ in size.
pub fn try_softmax_cross_entropy<B: Dim, const N: usize, T: Tape<f32, Cpu>>(
    logits: Tensor<(B, Const<N>), f32, Cpu, T>,
    targets: Tensor<(B, Const<N>), f32, Cpu>,
) -> Result<Tensor<Rank0, f32, Cpu, T>, CpuError> {
    if logits.shape() != targets.shape() {
        return Err(CpuError::WrongNumElements);
    }
    let (logits, mut tape) = logits.try_contiguous()?.split_tape(); // gradients lie as the logits do
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

/// `(B, N)` logits `z` and targets `y` → the loss, and the `(B, N)` probabilities its gradient needs.
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

/// ∂L/∂z = (p − y) / B, times the gradient from above, added to `grad_z`.
fn backward(p: &[f32], y: &[f32], classes: usize, from_above: f32, grad_z: &mut [f32]) {
    let batch = p.len() / classes;
    let scale = from_above / batch as f32;
    for ((grad, p), y) in grad_z.iter_mut().zip(p).zip(y) {
        *grad += scale * (p - y);
    }
}

#[cfg(test)]
mod tests;
