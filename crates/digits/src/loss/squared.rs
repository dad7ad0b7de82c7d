//! Predictions and targets → the mean of their squared differences.
//!
//! ```text
//! L = (1/M) Σₘ (ŷₘ − yₘ)²          ∂L/∂ŷₘ = 2 (ŷₘ − yₘ) / M
//! ```
//!
//! `M` is the number of elements: for predictions of shape `(B, N)` it is B · N.

use dfdx::prelude::*;

use crate::raw;

/// Mean squared error: the mean over *all* elements of (ŷ − y)².
///
/// - `predictions` ŷ: any shape; `(B, 10)` for ten probabilities per image.
/// - `targets` y: the same shape; for classes, each row is one-hot.
///
/// The same as `keras.losses.MeanSquaredError()` and as the `mse_loss` of PyTorch and of dfdx; the
/// sum is computed in `f64`. Minimising it maximises the likelihood of targets that are normally
/// distributed around the predictions (Bishop, *Pattern Recognition and Machine Learning*, 2006,
/// section 1.2.5).
///
/// ```
/// use digits::{dfdx::prelude::*, loss::mean_squared_error};
///
/// let dev = Cpu::default();
/// let predictions: Tensor<Rank2<1, 2>, f32, Cpu> = dev.tensor([[0.5, 1.0]]); // (B, N)
/// let targets = dev.tensor([[0.0, 3.0]]); //                                    (B, N)
/// let loss = mean_squared_error(predictions.leaky_trace(), targets);
/// assert_eq!(loss.array(), (0.25 + 4.0) / 2.0);
/// assert_eq!(loss.backward().get(&predictions).array(), [[0.5, -2.0]]);
/// ```
///
/// # Panics
/// If the shapes differ or memory runs out; [`try_mean_squared_error`] returns an error.
#[track_caller]
pub fn mean_squared_error<S: Shape, T: Tape<f32, Cpu>>(
    predictions: Tensor<S, f32, Cpu, T>,
    targets: Tensor<S, f32, Cpu>,
) -> Tensor<Rank0, f32, Cpu, T> {
    let shapes = [*predictions.shape(), *targets.shape()];
    match try_mean_squared_error(predictions, targets) {
        Ok(loss) => loss,
        Err(error) => panic!(
            "expected targets of the shape of the predictions, {:?}, found {:?}: {error}",
            shapes[0], shapes[1]
        ),
    }
}

/// The form of [`mean_squared_error`] that returns an error.
///
/// # Errors
/// [`CpuError::WrongNumElements`] if the shapes differ, [`CpuError::OutOfMemory`] if memory runs
/// out.
pub fn try_mean_squared_error<S: Shape, T: Tape<f32, Cpu>>(
    predictions: Tensor<S, f32, Cpu, T>,
    targets: Tensor<S, f32, Cpu>,
) -> Result<Tensor<Rank0, f32, Cpu, T>, CpuError> {
    if predictions.shape() != targets.shape() {
        return Err(CpuError::WrongNumElements);
    }
    let (predictions, mut tape) = predictions.try_contiguous()?.split_tape();
    let differences = forward(&raw::elements(&predictions), &raw::elements(&targets));
    let loss: Tensor<Rank0, f32, Cpu> = predictions.device().try_tensor(mean(&differences))?;

    if T::OWNS_TAPE {
        let (predictions_ghost, loss_ghost) = (predictions.ghost(), loss.ghost());
        tape.add_backward_op(move |gradients| {
            let from_above = gradients.get_or_alloc_mut(&loss_ghost)?[0];
            backward(
                &differences,
                from_above,
                gradients.get_or_alloc_mut(&predictions_ghost)?,
            );
            Ok(())
        });
    }
    Ok(loss.put_tape(tape))
}

/// The differences ŷ − y of corresponding elements.
pub(super) fn forward(predictions: &[f32], targets: &[f32]) -> Vec<f32> {
    let pairs = predictions.iter().zip(targets);
    pairs.map(|(p, y)| p - y).collect()
}

/// The mean of the squares of `differences`; NaN if empty.
pub(super) fn mean(differences: &[f32]) -> f32 {
    let squares = differences.iter().map(|&d| f64::from(d) * f64::from(d));
    (squares.sum::<f64>() / differences.len() as f64) as f32
}

/// Adds ∂L/∂ŷ = 2 (ŷ − y) / M, times `from_above`, the gradient of the loss, to `grad`.
pub(super) fn backward(differences: &[f32], from_above: f32, grad: &mut [f32]) {
    let scale = 2.0 * from_above / differences.len() as f32;
    for (grad, difference) in grad.iter_mut().zip(differences) {
        *grad += scale * difference;
    }
}

#[cfg(test)]
mod tests;
