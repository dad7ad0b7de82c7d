//! Muon: steps that are about equally long in all directions of a weight matrix.

use dfdx::prelude::*;

use super::{Adam, AdamConfig, UpdateRule, in_place, not_denormal, optimizer};
use crate::raw;
use kernels::{Matrix, par_matmul};

/// Settings of [`Muon`]. The defaults are those of Jordan and others.
#[derive(Clone, Debug, PartialEq)]
pub struct MuonConfig {
    /// η, about the size of all singular values of a matrix's step; 0.02 by default. It can be
    /// changed between steps.
    pub learning_rate: f64,
    /// μ, the decay rate of the running sum of gradients, 0 to 1; 0.95 by default.
    pub momentum: f64,
    /// The number of iterations of [`orthogonalize`]; 5 by default.
    pub iterations: usize,
    /// Adam's learning rate divided by η, for parameters that are not matrices; 0.1 by default.
    pub vector_rate: f64,
    /// Adam's β₁, β₂ and ε for those parameters; the learning rate in it is ignored.
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

/// Muon (Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024; Liu
/// and others, "Muon is scalable for LLM training", arXiv 2502.16982):
///
/// ```text
/// m ← μ·m + g                                running sum of gradients
/// u = g + μ·m                                Nesterov momentum
/// θ ← θ − η·√max(1, R/C)·orthogonalize(u)    for a matrix with R rows and C columns
/// ```
///
/// A gradient has a few strong directions and many weak ones: in its singular value decomposition
/// Σ σₖ·aₖ·bₖᵀ, the σₖ are of very different size, and a step along the gradient
/// goes far only in the directions of the largest. Muon makes all σₖ about 1.
///
/// Every parameter with two or more axes is treated as a matrix whose rows are counted by its first
/// axis: kernels of shape `(O, C, K, K)` are a matrix with `O` rows and `C · K · K` columns.
/// Other parameters, above all biases, are updated by [`Adam`]'s rule, as are parameters that are
/// views. (Jordan and others use Adam for the last layer too; in networks as small as those of this
/// book that makes no difference.)
///
/// The same rule as PyTorch's `torch.optim.Muon`, which orthogonalises in 16-bit precision, and as
/// Keras's `Muon` with `rms_rate=None`, which lacks the factor √max(1, R/C).
///
/// The running sums start at zero and are stored by tensor id, so use one optimiser for one model.
/// A clone of a model has the same ids, and would share the sums.
///
/// ```
/// use digits::{dfdx::prelude::*, optim::{Muon, Optimizer}};
///
/// let dev = Cpu::default();
/// let mut theta: Tensor<Rank2<2, 2>, f32, Cpu> = dev.zeros();
/// let scale = dev.tensor([[100.0, 0.0], [0.0, -1.0]]);
/// let mut gradients = (theta.leaky_trace() * scale).sum().backward();
/// Muon::default().step(&mut theta, &mut gradients)?;
/// let [[strong, _], [_, weak]] = theta.array();
/// // Both changes are about η = 0.02, although the gradients are as 100 to 1.
/// assert!((-0.03..-0.01).contains(&strong) && (0.01..0.03).contains(&weak));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Muon {
    /// The settings; they can be changed between steps.
    pub config: MuonConfig,
    /// Running sums of gradients, by tensor id.
    m: Gradients<f32, Cpu>,
    /// The optimiser of parameters that are not matrices.
    vectors: Adam,
}

impl Muon {
    /// Creates an optimiser with these settings; all running sums and means are zero.
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

impl UpdateRule for Muon {
    fn begin_step(&mut self) {
        self.vectors.config = AdamConfig {
            learning_rate: self.config.learning_rate * self.config.vector_rate,
            ..self.config.vectors.clone()
        };
        self.vectors.begin_step();
    }

    fn update<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &mut [f32],
    ) -> Result<(), CpuError> {
        let rows = parameter.shape().concrete().as_ref().first().copied();
        let is_view = raw::elements_mut(parameter).is_none();
        let Some(rows) = rows.filter(|rows| S::NUM_DIMS > 1 && *rows > 0 && !is_view) else {
            return self.vectors.update(parameter, gradient);
        };
        let mu = self.config.momentum as f32;
        let m: &mut [f32] = self.m.get_or_alloc_mut(parameter)?;
        for (m, g) in m.iter_mut().zip(&mut *gradient) {
            *m = not_denormal(mu * *m + *g);
            *g += mu * *m;
        }
        let mut direction = orthogonalize(gradient, rows, self.config.iterations);
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

    fn learning_rate(&mut self) -> &mut f64 {
        &mut self.config.learning_rate
    }
}

optimizer!(Muon);

/// Coefficients a, b and c of the polynomial, from Jordan and others: they increase small singular
/// values fast, and repeated application brings all of them to between about 0.7 and 1.2.
const POLYNOMIAL: [f32; 3] = [3.4445, -4.7750, 2.0315];

/// Returns a matrix with the same singular vectors as `matrix`, and all singular values about 1.
///
/// `matrix` has `rows` rows and is stored in row-major order, as is the result. After `iterations`
/// iterations, small singular values may still be below 1: each iteration multiplies them by up to
/// 3.4.
///
/// This is the Newton–Schulz iteration with a polynomial that converges faster, to about 1 only:
///
/// ```text
/// X₀ = M / ‖M‖                     Frobenius norm: all singular values are at most 1
/// Xₖ₊₁ = (a + b·Gₖ + c·Gₖ²)·Xₖ     Gₖ = Xₖ·Xₖᵀ; σ becomes a·σ + b·σ³ + c·σ⁵
/// ```
///
/// All factors are polynomials in G₀ and therefore commute. They are multiplied with each other
/// first, as square matrices whose size is the *shorter* side of M, and with X₀ once, at the end.
///
/// ```
/// use digits::optim::orthogonalize;
///
/// let matrix = [5.0, 0.0, 0.0, 0.0, 0.2, 0.0]; // (2, 3), with singular values 5 and 0.2
/// let result = orthogonalize(&matrix, 2, 8);
/// assert!((0.6..1.3).contains(&result[0]) && (0.6..1.3).contains(&result[4]));
/// ```
///
/// # Panics
/// If `rows` is 0, or the number of elements is not a multiple of `rows`.
pub fn orthogonalize(matrix: &[f32], rows: usize, iterations: usize) -> Vec<f32> {
    let columns = matrix.len() / rows;
    assert_eq!(
        matrix.len(),
        rows * columns,
        "expected a matrix with {rows} rows of equal length"
    );
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
    let mut all = Vec::new(); // product of the factors so far
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

/// The matrix product `a b`, which has `len` elements, in row-major order.
fn product(a: Matrix<'_>, b: Matrix<'_>, len: usize) -> Vec<f32> {
    let mut out = vec![0.0; len];
    par_matmul(&mut out, a, b, false);
    out
}

#[cfg(test)]
mod tests;
