//! Gradient descent: every parameter takes a step against its gradient.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::optim::{Optimizer, OptimizerUpdateError};
use dfdx::prelude::*;

use super::{Rule, in_place, optimizer};

/// θ ← θ − η·g, with the learning rate η: Keras's `SGD` without momentum.
///
/// On the gradient of a mini-batch this is *stochastic* gradient descent
/// (Robbins and Monro, 1951); on that of the whole training set, the plain one.
///
/// ```
/// use digits::{dfdx::{optim::Optimizer, prelude::*}, optim::GradientDescent};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank1<1>, f32, Cpu> = dev.tensor([1.0]);
/// let gradients = (theta.leaky_trace() * 3.0).sum().backward(); // g = 3
/// GradientDescent::new(0.5).update(&mut theta, &gradients)?;
/// assert_eq!(theta.array(), [1.0 - 0.5 * 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GradientDescent {
    /// η. May be changed between steps.
    pub learning_rate: f64,
}

impl GradientDescent {
    /// Gradient descent with the given learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate }
    }
}

impl Default for GradientDescent {
    /// Keras's default learning rate, 0.01.
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl Rule for GradientDescent {
    fn step<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &mut [f32],
    ) -> Result<(), CpuError> {
        let eta = self.learning_rate as f32;
        in_place(
            parameter,
            [gradient],
            #[inline(always)]
            |theta, [g]| {
                for (theta, g) in theta.iter_mut().zip(g) {
                    *theta -= eta * *g;
                    *g = 0.0;
                }
            },
        );
        Ok(())
    }

    fn rate(&mut self) -> &mut f64 {
        &mut self.learning_rate
    }
}

optimizer!(GradientDescent);
