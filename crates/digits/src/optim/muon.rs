//! Muon: steps that are equally long in all directions of a weight matrix.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::optim::{Optimizer, OptimizerUpdateError};
use dfdx::prelude::*;

use super::{Adam, AdamConfig, Rule, in_place, not_denormal, optimizer};
use crate::raw;
use kernels::{Matrix, par_matmul};

/// Settings of [`Muon`]. The defaults are Jordan's.
#[derive(Clone, Debug, PartialEq)]
pub struct MuonConfig {
    /// η, 0.02: the length of a matrix's step in each of its directions. May be changed between steps.
    pub learning_rate: f64,
    /// μ, 0.95: the share of the running sum of gradients that is kept in each step.
    pub momentum: f64,
    /// 5: how often the polynomial of [`orthogonal`] is applied.
    pub iterations: usize,
    /// 0.1: Adam's learning rate as a share of η, for parameters that are no matrices.
    pub vector_rate: f64,
    /// Adam's β₁, β₂ and ε for those; its learning rate is not read.
    pub vectors: AdamConfig,
}

impl Default for MuonConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.02,
            momentum: 0.95,
            iterations: 5,
            vector_rate: 0.1,
            vectors: AdamConfig::default(),
        }
    }
}

/// Muon (Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024; Liu and others, "Muon is scalable for
/// LLM training", arXiv 2502.16982):
///
/// ```text
/// m ← μ·m + g                          running sum of gradients
/// u = g + μ·m                          Nesterov's look ahead
/// θ ← θ − η·√max(1, R/C)·orthogonal(u) for a matrix of R rows and C columns
/// ```
///
/// A gradient has a few strong directions and many weak ones: written as Σ σₖ·aₖ·bₖᵀ, its singular values σₖ are of very
/// different size, and a step along it goes far in the first directions only. Muon puts all σₖ to about 1.
///
/// Every parameter of two axes or more is such a matrix: the first axis counts its rows, so that kernels `(O, C, K, K)` are `O` rows.
/// The others, biases above all, take [`Adam`]'s steps, as do parameters that are views. (Jordan leaves the last layer to Adam
/// as well; in networks as small as this book's it makes no difference.)
///
/// PyTorch's `torch.optim.Muon`, which orthogonalises in 16 bits, and Keras's `Muon` with `rms_rate=None`, which has no √(R/C).
///
/// The running sums are kept for each tensor id, beginning at zero: an optimiser stays with the model it has been training.
///
/// ```
/// use digits::{dfdx::{optim::Optimizer, prelude::*}, optim::Muon};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank2<2, 2>, f32, Cpu> = dev.zeros();
/// let scale = dev.tensor([[100.0, 0.0], [0.0, -1.0]]);
/// let gradients = (theta.leaky_trace() * scale).sum().backward();
/// Muon::default().update(&mut theta, &gradients)?;
/// let [[strong, _], [_, weak]] = theta.array();
/// assert!((-0.03..-0.01).contains(&strong) && (0.01..0.03).contains(&weak)); // η both, not 100 to 1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Muon {
    /// Settings.
    pub config: MuonConfig,
    m: Gradients<f32, Cpu>,
    vectors: Adam,
}

impl Muon {
    /// Muon with the given settings, before its first step.
    pub fn new(config: MuonConfig) -> Self {
        Self {
            m: Gradients::leaky(),
            vectors: Adam::new(config.vectors.clone()),
            config,
        }
    }
}

impl Default for Muon {
    fn default() -> Self {
        Self::new(MuonConfig::default())
    }
}

impl Rule for Muon {
    fn begin(&mut self) {
        self.vectors.config = AdamConfig {
            learning_rate: self.config.learning_rate * self.config.vector_rate,
            ..self.config.vectors.clone()
        };
        self.vectors.begin();
    }

    fn step<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &mut [f32],
    ) -> Result<(), CpuError> {
        let rows = parameter.shape().concrete().as_ref().first().copied();
        let is_view = raw::elements_mut(parameter).is_none();
        let Some(rows) = rows.filter(|rows| S::NUM_DIMS > 1 && *rows > 0 && !is_view) else {
            return self.vectors.step(parameter, gradient);
        };
        let mu = self.config.momentum as f32;
        let m: &mut [f32] = self.m.get_or_alloc_mut(parameter)?;
        for (m, g) in m.iter_mut().zip(&mut *gradient) {
            *m = not_denormal(mu * *m + *g);
            *g += mu * *m;
        }
        let mut direction = orthogonal(gradient, rows, self.config.iterations);
        let columns = gradient.len() / rows;
        let eta = self.config.learning_rate * (rows as f64 / columns as f64).max(1.0).sqrt();
        let eta = eta as f32;
        in_place(
            parameter,
            [gradient, &mut direction],
            #[inline(always)]
            |theta, [g, direction]| {
                for ((theta, g), d) in theta.iter_mut().zip(g).zip(direction) {
                    *theta -= eta * *d;
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

optimizer!(Muon);

/// a, b, c of the polynomial: Jordan's, which lift small singular values fastest and leave all between about 0.7 and 1.2.
const POLYNOMIAL: [f32; 3] = [3.4445, -4.7750, 2.0315];

/// The matrix of `rows` rows in `matrix` (row-major) with all its singular values moved to about 1.
///
/// Newton and Schulz's iteration, with a polynomial that is in more of a hurry than theirs:
///
/// ```text
/// X₀ = M / ‖M‖                          all singular values at most 1
/// Xₖ₊₁ = (a + b·Gₖ + c·Gₖ²)·Xₖ          Gₖ = Xₖ·Xₖᵀ: each singular value σ becomes a·σ + b·σ³ + c·σ⁵
/// ```
///
/// All factors are polynomials of G₀, so that they may change places: they are multiplied with each other first, as matrices of the
/// *shorter* side only, and with X₀ once, at the end.
///
/// ```
/// use digits::optim::orthogonal;
///
/// let stretched = orthogonal(&[5.0, 0.0, 0.0, 0.0, 0.2, 0.0], 2, 8); // singular values 5 and 0.2
/// assert!((0.6..1.3).contains(&stretched[0]) && (0.6..1.3).contains(&stretched[4]));
/// ```
///
/// # Panics
/// If `matrix` does not consist of `rows` rows.
pub fn orthogonal(matrix: &[f32], rows: usize, iterations: usize) -> Vec<f32> {
    let columns = matrix.len() / rows;
    assert_eq!(matrix.len(), rows * columns, "elements of {rows} rows");
    let norm = matrix.iter().map(|x| x * x).sum::<f32>().sqrt() + 1e-7;
    let x: Vec<f32> = matrix.iter().map(|x| x / norm).collect();
    if iterations == 0 || x.is_empty() {
        return x;
    }
    let (m, side) = (Matrix::new(&x, rows, columns), rows.min(columns));
    let wide = rows <= columns;
    let square = |a: &[f32], b: &[f32]| {
        let (a, b) = (Matrix::new(a, side, side), Matrix::new(b, side, side));
        product(a, b, side * side)
    };
    let mut gram = match wide {
        true => product(m, m.transposed(), side * side),
        false => product(m.transposed(), m, side * side),
    };
    let mut all = Vec::new(); // the product of the factors so far
    for k in 0..iterations {
        let [a, b, c] = POLYNOMIAL;
        let mut factor = square(&gram, &gram);
        for (f, g) in factor.iter_mut().zip(&gram) {
            *f = b * g + c * *f;
        }
        factor.iter_mut().step_by(side + 1).for_each(|f| *f += a); // the diagonal
        if k + 1 < iterations {
            gram = square(&square(&factor, &gram), &factor);
        }
        all = if k == 0 {
            factor
        } else {
            square(&factor, &all)
        };
    }
    let all = Matrix::new(&all, side, side);
    match wide {
        true => product(all, m, x.len()),
        false => product(m, all, x.len()),
    }
}

/// `a b`, of `len` elements.
fn product(a: Matrix<'_>, b: Matrix<'_>, len: usize) -> Vec<f32> {
    let mut out = vec![0.0; len];
    par_matmul(&mut out, a, b, false);
    out
}

#[cfg(test)]
mod tests;
