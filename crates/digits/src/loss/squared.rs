//! Predictions and targets → the mean of their squared differences.
//!
//! ```text
//! L = (1/M) Σₘ (ŷₘ − yₘ)²          ∂L/∂ŷₘ = 2 (ŷₘ − yₘ) / M
//! ```
//!
//! `M` counts all elements: for predictions `(B, N)` it is B · N, not B.

use dfdx::prelude::*;

use crate::raw;

/// Mean squared error: the mean over *all* elements of (ŷ − y)².
///
/// - `predictions`: ŷ, of any shape; for ten probabilities an image `(B, 10)`.
/// - `targets`: y, of the same shape; one-hot rows for classes.
///
/// The same as `keras.losses.MeanSquaredError()`, as PyTorch's `mse_loss` and as dfdx's; the sum runs in `f64`.
/// It is the loss of maximum likelihood when targets scatter normally about the predictions
/// (Bishop, *Pattern Recognition and Machine Learning*, 2006, section 1.2.5).
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
/// If the shapes differ, as dfdx's own losses do: see [`try_mean_squared_error`].
#[track_caller]
pub fn mean_squared_error<S: Shape, T: Tape<f32, Cpu>>(
    predictions: Tensor<S, f32, Cpu, T>,
    targets: Tensor<S, f32, Cpu>,
) -> Tensor<Rank0, f32, Cpu, T> {
    let shapes = [*predictions.shape(), *targets.shape()];
    match try_mean_squared_error(predictions, targets) {
        Ok(loss) => loss,
        Err(error) => panic!(
            "predictions of shape {:?}, targets of shape {:?}: {error}",
            shapes[0], shapes[1]
        ),
    }
}

/// [`mean_squared_error`] that returns an error.
///
/// # Errors
/// [`CpuError::WrongNumElements`] if the shapes differ.
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

/// ŷ − y.
pub(super) fn forward(predictions: &[f32], targets: &[f32]) -> Vec<f32> {
    let pairs = predictions.iter().zip(targets);
    pairs.map(|(p, y)| p - y).collect()
}

/// The mean of the squares.
pub(super) fn mean(differences: &[f32]) -> f32 {
    let squares = differences.iter().map(|&d| f64::from(d) * f64::from(d));
    (squares.sum::<f64>() / differences.len() as f64) as f32
}

/// ∂L/∂ŷ = 2 (ŷ − y) / M, times the gradient from above, added to `grad`.
pub(super) fn backward(differences: &[f32], from_above: f32, grad: &mut [f32]) {
    let scale = 2.0 * from_above / differences.len() as f32;
    for (grad, difference) in grad.iter_mut().zip(differences) {
        *grad += scale * difference;
    }
}

#[cfg(test)]
mod tests;
