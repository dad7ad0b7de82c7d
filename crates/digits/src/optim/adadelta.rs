//! Adadelta: steps in the units of the parameters, with hardly a learning rate.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::optim::{Optimizer, OptimizerUpdateError};
use dfdx::prelude::*;

use super::{Rule, in_place, not_denormal, optimizer};

/// Settings of [`Adadelta`]. The defaults are Keras's ρ and ε, and the paper's learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct AdadeltaConfig {
    /// η, 1.0: the paper has none, which is to say 1. (Keras's default, 0.001, makes every step a thousand times smaller.)
    /// May be changed between steps.
    pub learning_rate: f64,
    /// ρ, 0.95: the share of both running means that is kept in each step.
    pub rho: f64,
    /// ε, 1e-7: keeps the quotient finite, and gives the first step a size.
    pub epsilon: f64,
}

impl Default for AdadeltaConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1.0,
            rho: 0.95,
            epsilon: 1e-7,
        }
    }
}

/// Adadelta (Zeiler, 2012, arXiv 1212.5701, algorithm 1):
///
/// ```text
/// a ← ρ·a + (1 − ρ)·g²                running mean of squared gradients
/// Δ = −√(d + ε) / √(a + ε) · g        d: running mean of squared steps, before this one
/// d ← ρ·d + (1 − ρ)·Δ²
/// θ ← θ + η·Δ
/// ```
///
/// A gradient has the unit of 1/θ; the quotient of the two roots gives the step the unit of θ. Keras's `Adadelta`, where
/// ε is 1e-7 as well and η is 0.001 unless told; PyTorch's, where ε is 1e-6, ρ 0.9 and η 1.0.
///
/// The running means are kept for each tensor id, beginning at zero: an optimiser stays with the model it has been training.
///
/// ```
/// use digits::{dfdx::{optim::Optimizer, prelude::*}, optim::Adadelta};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank1<2>, f32, Cpu> = dev.tensor([1.0, 1.0]);
/// let scale = dev.tensor([100.0, -0.01]);
/// let gradients = (theta.leaky_trace() * scale).sum().backward();
/// Adadelta::default().update(&mut theta, &gradients)?;
/// let first_step = (1e-7_f32 / 0.05).sqrt(); // √ε / √(0.05 g²) · g, while ε is small beside g²
/// assert!((1.0 - theta.array()[0] - first_step).abs() < 1e-6);
/// assert!((theta.array()[1] - 1.0 - first_step).abs() < 2e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Adadelta {
    /// Settings.
    pub config: AdadeltaConfig,
    gradients: Gradients<f32, Cpu>,
    steps: Gradients<f32, Cpu>,
}

impl Adadelta {
    /// Adadelta with the given settings, before its first step.
    pub fn new(config: AdadeltaConfig) -> Self {
        Self {
            config,
            gradients: Gradients::leaky(),
            steps: Gradients::leaky(),
        }
    }
}

impl Default for Adadelta {
    fn default() -> Self {
        Self::new(AdadeltaConfig::default())
    }
}

impl Rule for Adadelta {
    fn step<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &mut [f32],
    ) -> Result<(), CpuError> {
        let eta = self.config.learning_rate as f32;
        let (kept, new) = (self.config.rho as f32, (1.0 - self.config.rho) as f32);
        let epsilon = self.config.epsilon as f32;
        let a: &mut [f32] = self.gradients.get_or_alloc_mut(parameter)?;
        let d: &mut [f32] = self.steps.get_or_alloc_mut(parameter)?;
        in_place(
            parameter,
            [gradient, a, d],
            #[inline(always)]
            |theta, [g, a, d]| {
                let means = a.iter_mut().zip(d);
                for ((theta, g), (a, d)) in theta.iter_mut().zip(g).zip(means) {
                    *a = not_denormal(kept * *a + new * *g * *g);
                    let step = -((*d + epsilon) / (*a + epsilon)).sqrt() * *g;
                    *d = not_denormal(kept * *d + new * step * step);
                    *theta += eta * step;
                    *g = 0.0;
                }
            },
        );
        Ok(())
    }

    fn rate(&mut self) -> &mut f64 {
        &mut self.config.learning_rate
    }
}

optimizer!(Adadelta);
