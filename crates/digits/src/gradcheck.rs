//! Central differences against any gradient.
//!
//! In: a function of tensors, differentiable on dfdx's tape, and the point at
//! which to look. Out: how far its gradient is from the slope that two forward
//! passes measure,
//!
//! ```text
//! ∂L/∂xᵢ  ≈  (L(x + h·eᵢ) − L(x − h·eᵢ)) / 2h
//! ```
//!
//! The function may return a tensor of any shape: its elements are weighted by
//! fixed numbers between 0.5 and 1.5, of either sign, and summed to the scalar
//! `L`, so that errors in two elements cannot cancel. Sums run in `f64`;
//! the forward pass itself is `f32`, which leaves about three exact decimal
//! places with [`STEP`].
//!
//! ```
//! use digits::dfdx::prelude::*;
//! use digits::gradcheck;
//!
//! let dev = Cpu::default();
//! let x: Tensor<Rank2<2, 3>, f32, Cpu> = dev.tensor([[0.1, -0.7, 1.3], [2.0, 0.4, -1.1]]);
//! let checked = gradcheck::tensor(&x, gradcheck::STEP, |x| x.leaky_trace().square());
//! assert!(checked.relative < 1e-3, "{checked}");
//! ```
//!
//! A function with a kink (a maximum, a ReLU) is only differentiable away from
//! it: choose values that lie further than the step from the nearest tie.
//! [`crossings`] names those that do not.

mod walk;

use std::fmt;

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::*;

/// The step `h` that suits functions of `f32` whose values are near one:
/// smaller steps drown in rounding, larger ones in curvature. A function that
/// is linear in the argument under test may take a larger one.
pub const STEP: f32 = 1e-2;

/// How far a gradient lies from central differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Largest absolute difference over all elements; infinite if either side is not a number.
    pub absolute: f64,
    /// `absolute` divided by the largest magnitude on either side; 0 if both sides are all zero.
    pub relative: f64,
    /// Position of the largest difference, counted in row-major order.
    pub index: usize,
    /// The gradient's value there.
    pub gradient: f64,
    /// The central difference there.
    pub measured: f64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "largest difference {:.3e} ({:.3e} of the largest value) at element {}: gradient {:.6e}, measured {:.6e}",
            self.absolute, self.relative, self.index, self.gradient, self.measured
        )
    }
}

/// Compares a gradient with measured slopes, element by element.
///
/// # Panics
/// If the two slices differ in length.
///
/// ```
/// let d = digits::gradcheck::compare(&[1.0, 2.0], &[1.0, 2.5]);
/// assert_eq!((d.absolute, d.relative, d.index), (0.5, 0.2, 1));
/// ```
#[track_caller]
pub fn compare(gradient: &[f32], measured: &[f64]) -> Difference {
    assert_eq!(gradient.len(), measured.len(), "as many slopes as elements");
    let mut worst = Difference {
        absolute: 0.0,
        relative: 0.0,
        index: 0,
        gradient: 0.0,
        measured: 0.0,
    };
    let mut largest = 0.0_f64;
    for (index, (&g, &measured)) in gradient.iter().zip(measured).enumerate() {
        let gradient = f64::from(g);
        let gap = (gradient - measured).abs();
        let absolute = if gap.is_nan() { f64::INFINITY } else { gap };
        largest = largest.max(gradient.abs()).max(measured.abs());
        if index == 0 || absolute > worst.absolute {
            worst = Difference {
                absolute,
                relative: 0.0,
                index,
                gradient,
                measured,
            };
        }
    }
    worst.relative = match worst.absolute {
        0.0 => 0.0,
        absolute if absolute.is_infinite() => f64::INFINITY,
        absolute => absolute / largest,
    };
    worst
}

/// Slopes of `f` at `x` by central differences with step `h`, one for each
/// element: `2 · x.len()` calls of `f`.
///
/// ```
/// let slopes = digits::gradcheck::slopes(&[3.0, -1.0], 1e-2, |x| f64::from(x[0] * x[0] + 2.0 * x[1]));
/// assert!((slopes[0] - 6.0).abs() < 1e-3 && (slopes[1] - 2.0).abs() < 1e-3);
/// ```
pub fn slopes(x: &[f32], h: f32, mut f: impl FnMut(&[f32]) -> f64) -> Vec<f64> {
    let mut point = x.to_vec();
    (0..x.len())
        .map(|i| {
            let (above, below) = (x[i] + h, x[i] - h);
            point[i] = above;
            let up = f(&point);
            point[i] = below;
            let down = f(&point);
            point[i] = x[i];
            (up - down) / (f64::from(above) - f64::from(below)) // the step f32 really took
        })
        .collect()
}

/// The elements of `x` whose own step of `h`, up or down, takes another `branch`: there the function has a kink nearer
/// than the step, and its central difference is a mixture of two slopes.
///
/// `branch` says which way the function goes at a point: which units of a ReLU are on, which pixel wins each window of
/// a pooling. It is called `1 + 2 · x.len()` times.
///
/// ```
/// use digits::gradcheck::{STEP, crossings};
/// let on = |z: &[f32]| z.iter().map(|&z| z > 0.0).collect::<Vec<bool>>();
/// assert_eq!(crossings(&[0.3, -0.004, 0.009, -2.0], STEP, on), [1, 2]);
/// ```
pub fn crossings<P: PartialEq>(
    x: &[f32],
    h: f32,
    mut branch: impl FnMut(&[f32]) -> P,
) -> Vec<usize> {
    let here = branch(x);
    let mut point = x.to_vec();
    let mut crosses = |i: usize| {
        let other = [x[i] + h, x[i] - h].into_iter().any(|moved| {
            point[i] = moved;
            branch(&point) != here
        });
        point[i] = x[i];
        other
    };
    (0..x.len()).filter(|&i| crosses(i)).collect()
}

/// Checks the gradient of `f` with respect to the tensor it is called with.
///
/// `f` puts the tape where it belongs: on the argument itself
/// (`|x| x.leaky_trace().exp()`), or, for an operation's second argument, on
/// the first (`|w| conv2d(x.leaky_trace(), w.clone())`).
pub fn tensor<S: Shape, Y: Shape>(
    x: &Tensor<S, f32, Cpu>,
    h: f32,
    f: impl Fn(&Tensor<S, f32, Cpu>) -> Tensor<Y, f32, Cpu, OwnedTape<f32, Cpu>>,
) -> Difference {
    let (dev, shape, values) = (x.device().clone(), *x.shape(), x.as_vec());
    let at = |values: &[f32]| dev.tensor_from_vec(values.to_vec(), shape);
    let x = at(&values); // contiguous, whatever the caller's strides
    let mut gradients = backward(f(&x));
    let gradient = read(&mut gradients, &x);
    let measured = slopes(&values, h, |values| weighted_sum(&f(&at(values))));
    compare(&gradient, &measured)
}

/// Checks the gradient of `f` with respect to every trainable parameter of a
/// dfdx module: one named [`Difference`] for each, in the module's order.
/// The parameters are back at their values afterwards.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::gradcheck;
///
/// let dev = Cpu::default();
/// let mut model = dev.build_module::<(Linear<3, 4>, Tanh, Linear<4, 2>), f32>();
/// let x: Tensor<Rank2<5, 3>, f32, Cpu> = dev.sample_normal();
/// let checked = gradcheck::module(&mut model, gradcheck::STEP, |model| model.forward(x.leaky_trace()));
/// assert_eq!(checked.len(), 4);
/// for (name, difference) in &checked {
///     assert!(difference.relative < 2e-3, "{name}: {difference}");
/// }
/// ```
pub fn module<M: TensorCollection<f32, Cpu>, Y: Shape>(
    model: &mut M,
    h: f32,
    f: impl Fn(&M) -> Tensor<Y, f32, Cpu, OwnedTape<f32, Cpu>>,
) -> Vec<(String, Difference)> {
    let found = walk::parameters(model, backward(f(model)));
    let mut checked = Vec::with_capacity(found.len());
    for (position, parameter) in found.into_iter().enumerate() {
        let measured = slopes(&parameter.values, h, |values| {
            walk::write(model, position, values);
            weighted_sum(&f(model))
        });
        walk::write(model, position, &parameter.values);
        checked.push((parameter.name, compare(&parameter.gradient, &measured)));
    }
    checked
}

/// Weight of output element `i` in the scalar `L`: ±(0.5 … 1.5), without a pattern
/// that a wrong index could repeat.
fn weight(i: usize) -> f32 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let sign = if mixed >> 63 == 0 { 1.0 } else { -1.0 };
    let fraction = ((mixed >> 32) & 0xFFFF) as f32 / 65_536.0;
    sign * (0.5 + fraction)
}

/// `L` = Σ weight · y, in `f64`.
fn weighted_sum<Y: Shape, T>(y: &Tensor<Y, f32, Cpu, T>) -> f64 {
    let terms = y.as_vec().into_iter().enumerate();
    terms
        .map(|(i, y)| f64::from(weight(i)) * f64::from(y))
        .sum()
}

/// Runs `y`'s tape with ∂L/∂y = weight.
fn backward<Y: Shape>(y: Tensor<Y, f32, Cpu, OwnedTape<f32, Cpu>>) -> Gradients<f32, Cpu> {
    let weights = (0..y.shape().num_elements()).map(weight).collect();
    let weights = y.device().tensor_from_vec(weights, *y.shape());
    let (product, mut tape) = (y * weights).split_tape(); // contiguous, whatever y's strides
    let ghost = product.ghost();
    tape.add_backward_op(move |gradients| {
        gradients.get_or_alloc_mut(&ghost)?.fill(1.0);
        Ok(())
    });
    let scalar: Tensor<Rank0, f32, Cpu> = product.device().zeros();
    scalar.put_tape(tape).backward()
}

/// The gradient of `x` in row-major order; zeros if `x` was not part of the graph.
fn read<S: Shape>(gradients: &mut Gradients<f32, Cpu>, x: &Tensor<S, f32, Cpu>) -> Vec<f32> {
    let allocated = gradients.get_or_alloc_mut(x);
    allocated.expect("memory for one more gradient");
    gradients.get(x).as_vec()
}

#[cfg(test)]
mod tests;
