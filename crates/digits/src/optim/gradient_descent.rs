//! Gradient descent: every parameter takes a step against its gradient.

use dfdx::prelude::*;

use super::{UpdateRule, in_place, optimizer};

/// θ ← θ − η·g, with the learning rate η: Keras's `SGD` without momentum.
///
/// With the gradients of mini-batches this is *stochastic* gradient descent (Robbins and Monro, "A
/// stochastic approximation method", 1951); with those of the whole training set, *batch* gradient
/// descent.
///
/// ```
/// use digits::{dfdx::prelude::*, optim::{GradientDescent, Optimizer}};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank1<1>, f32, Cpu> = dev.tensor([1.0]);
/// let mut gradients = (theta.leaky_trace() * 3.0).sum().backward(); // g = 3
/// GradientDescent::new(0.5).step(&mut theta, &mut gradients)?;
/// assert_eq!(theta.array(), [1.0 - 0.5 * 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GradientDescent {
    /// η; it can be changed between steps.
    pub learning_rate: f64,
}

impl GradientDescent {
    /// Creates an optimiser with this learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate }
    }
}

impl Default for GradientDescent {
    /// Creates an optimiser with Keras's default learning rate, 0.01.
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl UpdateRule for GradientDescent {
    fn update<S: Shape>(
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

    fn learning_rate(&mut self) -> &mut f64 {
        &mut self.learning_rate
    }
}

optimizer!(GradientDescent);
