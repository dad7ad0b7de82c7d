//! Adam: gradient descent whose step is scaled, parameter by parameter, to the gradients seen so far.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::optim::{Optimizer, OptimizerUpdateError};
use dfdx::prelude::*;

use super::{Rule, in_place, not_denormal, optimizer};

/// Settings of [`Adam`]. The defaults are Keras's.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamConfig {
    /// η, 0.001: about the largest step a parameter takes. May be changed between steps.
    pub learning_rate: f64,
    /// β₁, 0.9: the share of the running mean of gradients that is kept in each step.
    pub beta_1: f64,
    /// β₂, 0.999: the same for the running mean of squared gradients.
    pub beta_2: f64,
    /// ε, 1e-7: keeps the quotient finite where no gradient has been seen.
    pub epsilon: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
        }
    }
}

/// Adam (Kingma and Ba, 2015, arXiv 1412.6980), with Keras's defaults and Keras's update rule:
///
/// ```text
/// m ← m + (1 − β₁)·(g − m)            running mean of gradients
/// v ← v + (1 − β₂)·(g² − v)           running mean of squared gradients
/// α = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ)        corrects that both start at zero; t counts steps from 1
/// θ ← θ − α·m / (√v + ε)
/// ```
///
/// This is the short form at the end of the paper's section 2. PyTorch and dfdx use the long one,
/// `η·m̂ / (√v̂ + ε)`, in which ε is added to the *corrected* root: with the same ε, the two differ
/// where gradients are as small as ε, most of all in the first steps.
///
/// The running means are kept for each tensor id, beginning at zero: an optimiser stays with the model it has
/// been training. A clone of a model keeps the ids, and so shares the means.
///
/// ```
/// use digits::{dfdx::{optim::Optimizer, prelude::*}, optim::Adam};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank1<2>, f32, Cpu> = dev.tensor([1.0, 1.0]);
/// let scale = dev.tensor([100.0, -0.01]);
/// let gradients = (theta.leaky_trace() * scale).sum().backward();
/// Adam::default().update(&mut theta, &gradients)?;
/// for (theta, expected) in theta.array().into_iter().zip([0.999, 1.001]) {
///     assert!((theta - expected).abs() < 1e-6); // the first step is η, whatever the gradient's size
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Adam {
    /// Settings.
    pub config: AdamConfig,
    steps: u64,
    pub(super) m: Gradients<f32, Cpu>,
    v: Gradients<f32, Cpu>,
}

impl Adam {
    /// Adam with the given settings, before its first step.
    pub fn new(config: AdamConfig) -> Self {
        Self {
            config,
            steps: 0,
            m: Gradients::leaky(),
            v: Gradients::leaky(),
        }
    }

    /// How many steps have been taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// α: the learning rate times the correction of both running means, in step `self.steps`.
    fn corrected_rate(&self) -> f64 {
        let AdamConfig {
            learning_rate,
            beta_1,
            beta_2,
            ..
        } = self.config;
        let t = self.steps as f64;
        learning_rate * (1.0 - beta_2.powf(t)).sqrt() / (1.0 - beta_1.powf(t))
    }
}

impl Default for Adam {
    fn default() -> Self {
        Self::new(AdamConfig::default())
    }
}

impl Rule for Adam {
    fn begin(&mut self) {
        self.steps += 1;
    }

    fn step<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &mut [f32],
    ) -> Result<(), CpuError> {
        let alpha = self.corrected_rate() as f32;
        let epsilon = self.config.epsilon as f32;
        let new_1 = (1.0 - self.config.beta_1) as f32;
        let new_2 = (1.0 - self.config.beta_2) as f32;
        let m: &mut [f32] = self.m.get_or_alloc_mut(parameter)?;
        let v: &mut [f32] = self.v.get_or_alloc_mut(parameter)?;
        in_place(
            parameter,
            [gradient, m, v],
            #[inline(always)]
            |theta, [g, m, v]| {
                let means = m.iter_mut().zip(v);
                for ((theta, g), (m, v)) in theta.iter_mut().zip(g).zip(means) {
                    *m = not_denormal(*m + new_1 * (*g - *m));
                    *v = not_denormal(*v + new_2 * (*g * *g - *v));
                    *theta -= alpha * *m / (v.sqrt() + epsilon);
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

optimizer!(Adam);
