//! Adam: gradient descent with a step size for each parameter, from the gradients so far.

use dfdx::prelude::*;

use super::{UpdateRule, in_place, not_denormal, optimizer};

/// Settings of [`Adam`]. The defaults are Keras's.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamConfig {
    /// η, about the largest change of a parameter in one step; 0.001 by default. It can be changed
    /// between steps.
    pub learning_rate: f64,
    /// β₁, the decay rate of the running mean of gradients, 0 to 1; 0.9 by default.
    pub beta_1: f64,
    /// β₂, the decay rate of the running mean of squared gradients, 0 to 1; 0.999 by default.
    pub beta_2: f64,
    /// ε, added to the root, so that the quotient is finite if all gradients were zero; 1e-7 by
    /// default.
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
/// α = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ)        both start at zero: correction in step t, from 1
/// θ ← θ − α·m / (√v + ε)
/// ```
///
/// This is the short form at the end of the paper's section 2. PyTorch and dfdx use the long form,
/// `η·m̂ / (√v̂ + ε)`, in which ε is added to the *corrected* root. With the same ε, the
/// two differ if gradients are as small as ε, most of all in the first steps.
///
/// The running means start at zero and are stored by tensor id, so use one optimiser for one model.
/// A clone of a model has the same ids, and would share the means.
///
/// ```
/// use digits::{dfdx::prelude::*, optim::{Adam, Optimizer}};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank1<2>, f32, Cpu> = dev.tensor([1.0, 1.0]);
/// let scale = dev.tensor([100.0, -0.01]);
/// let mut gradients = (theta.leaky_trace() * scale).sum().backward();
/// Adam::default().step(&mut theta, &mut gradients)?;
/// for (theta, expected) in theta.array().into_iter().zip([0.999, 1.001]) {
///     assert!((theta - expected).abs() < 1e-6); // the first step is η for any gradient
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Adam {
    /// The settings; they can be changed between steps.
    pub config: AdamConfig,
    /// t: the number of steps so far.
    steps: u64,
    /// Running means of gradients, by tensor id.
    pub(super) m: Gradients<f32, Cpu>,
    /// Running means of squared gradients, by tensor id.
    v: Gradients<f32, Cpu>,
}

impl Adam {
    /// Creates an optimiser with these settings; all running means are zero.
    pub fn new(config: AdamConfig) -> Self {
        Self {
            config,
            steps: 0,
            m: Gradients::leaky(),
            v: Gradients::leaky(),
        }
    }

    /// The number of steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// α: the learning rate times the correction of both running means, for step number `steps`.
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

impl UpdateRule for Adam {
    fn begin_step(&mut self) {
        self.steps += 1;
    }

    fn update<S: Shape>(
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

    fn learning_rate(&mut self) -> &mut f64 {
        &mut self.config.learning_rate
    }
}

optimizer!(Adam);
