//! Adadelta: steps in the unit of the parameters, for which no learning rate has to be chosen.

use dfdx::prelude::*;

use super::{UpdateRule, in_place, not_denormal, optimizer};

/// Settings of [`Adadelta`]. By default ρ and ε are Keras's, and the learning rate is the
/// paper's.
#[derive(Clone, Debug, PartialEq)]
pub struct AdadeltaConfig {
    /// η, the factor of every step; 1.0 by default, since the paper has no such factor. (Keras's
    /// default, 0.001, makes every step a thousand times smaller.) It can be changed between steps.
    pub learning_rate: f64,
    /// ρ, the decay rate of both running means, 0 to 1; 0.95 by default.
    pub rho: f64,
    /// ε, added under both roots, so that the quotient is finite and the first step is not zero;
    /// 1e-7 by default.
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
/// A gradient has the unit of 1/θ; the quotient of the two roots gives the step the unit of θ.
///
/// The same rule as Keras's `Adadelta`, where ε is 1e-7 too and η is 0.001 by default, and as
/// PyTorch's, where the defaults are ε = 1e-6, ρ = 0.9 and η = 1.0.
///
/// The running means start at zero and are stored by tensor id, so use one optimiser for one model.
/// A clone of a model has the same ids, and would share the means.
///
/// ```
/// use digits::{dfdx::prelude::*, optim::{Adadelta, Optimizer}};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank1<2>, f32, Cpu> = dev.tensor([1.0, 1.0]);
/// let scale = dev.tensor([100.0, -0.01]);
/// let mut gradients = (theta.leaky_trace() * scale).sum().backward();
/// Adadelta::default().step(&mut theta, &mut gradients)?;
/// // √ε / √(0.05 g²) · |g|, if ε is much smaller than g²
/// let first_step = (1e-7_f32 / 0.05).sqrt();
/// assert!((1.0 - theta.array()[0] - first_step).abs() < 1e-6);
/// assert!((theta.array()[1] - 1.0 - first_step).abs() < 2e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Adadelta {
    /// The settings; they can be changed between steps.
    pub config: AdadeltaConfig,
    /// a: running means of squared gradients, by tensor id.
    gradients: Gradients<f32, Cpu>,
    /// d: running means of squared steps, by tensor id.
    steps: Gradients<f32, Cpu>,
}

impl Adadelta {
    /// Creates an optimiser with these settings; all running means are zero.
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

impl UpdateRule for Adadelta {
    fn update<S: Shape>(
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

    fn learning_rate(&mut self) -> &mut f64 {
        &mut self.config.learning_rate
    }
}

optimizer!(Adadelta);
