//! Checks gradients against central differences.
//!
//! In: a function of tensors that is differentiable on dfdx's tape, and the point at which to check
//! it. Out: how far its gradient is from the slopes measured with two forward passes for each
//! element,
//!
//! ```text
//! ∂L/∂xᵢ  ≈  (L(x + h·eᵢ) − L(x − h·eᵢ)) / 2h
//! ```
//!
//! The function may return a tensor of any shape. Its elements are multiplied by fixed weights with
//! magnitudes from 0.5 to 1.5 and either sign, and summed to the scalar `L`, so that errors in two
//! elements do not cancel. Sums are computed in `f64`. The forward pass itself is in `f32`, so that
//! with [`STEP`] about three decimal places of a slope are exact.
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
//! A function with a kink (a maximum, a ReLU) can be checked only at points that are farther from
//! the nearest kink than the step. [`crossings`] finds the elements for which that is not so.

mod walk;

use std::fmt;

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::*;

/// A step `h` for functions in `f32` whose arguments and values have magnitudes near 1. With
/// smaller steps rounding errors grow, with larger ones the error from curvature. Functions that
/// are linear in the argument under test allow larger steps.
pub const STEP: f32 = 1e-2;

/// How far a gradient is from central differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The largest absolute difference of two elements; infinite if a difference is NaN.
    pub absolute: f64,
    /// `absolute` divided by the largest magnitude on either side; 0 if all differences are 0.
    pub relative: f64,
    /// The index of the element with the largest difference, in row-major order.
    pub index: usize,
    /// The gradient of that element.
    pub gradient: f64,
    /// The central difference of that element.
    pub measured: f64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "largest difference {:.3e} ({:.3e} of the largest value) at element {}: \
             gradient {:.6e}, measured {:.6e}",
            self.absolute, self.relative, self.index, self.gradient, self.measured
        )
    }
}

/// Compares a gradient with measured slopes, element by element, and returns the largest
/// difference. For two empty slices it is 0.
///
/// ```
/// let d = digits::gradcheck::compare(&[1.0, 2.0], &[1.0, 2.5]);
/// assert_eq!((d.absolute, d.relative, d.index), (0.5, 0.2, 1));
/// ```
///
/// # Panics
/// If the two slices differ in length.
#[track_caller]
pub fn compare(gradient: &[f32], measured: &[f64]) -> Difference {
    assert_eq!(
        gradient.len(),
        measured.len(),
        "expected one measured slope for each element of the gradient"
    );
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

/// The slope of `f` at `x` in the direction of each element of `x`, from central differences with
/// step `h`. The result is as long as `x`; `f` is called `2 · x.len()` times.
///
/// ```
/// use digits::gradcheck::central_differences;
///
/// let f = |x: &[f32]| f64::from(x[0] * x[0] + 2.0 * x[1]);
/// let slopes = central_differences(&[3.0, -1.0], 1e-2, f);
/// assert!((slopes[0] - 6.0).abs() < 1e-3 && (slopes[1] - 2.0).abs() < 1e-3);
/// ```
pub fn central_differences(x: &[f32], h: f32, mut f: impl FnMut(&[f32]) -> f64) -> Vec<f64> {
    let mut point = x.to_vec();
    (0..x.len())
        .map(|i| {
            let (above, below) = (x[i] + h, x[i] - h);
            point[i] = above;
            let up = f(&point);
            point[i] = below;
            let down = f(&point);
            point[i] = x[i];
            (up - down) / (f64::from(above) - f64::from(below)) // 2h as rounded in `f32`
        })
        .collect()
}

/// The indices of the elements of `x` for which a step of `h`, up or down, changes the value of
/// `branch`. There the function has a kink nearer than the step, and its central difference is a
/// mixture of the slopes on both sides.
///
/// `branch` returns which branches the function takes at a point: for a ReLU, which elements are
/// positive; for max pooling, the index of the maximum in each window. It is called
/// `1 + 2 · x.len()` times.
///
/// ```
/// use digits::gradcheck::{STEP, crossings};
/// let positive = |z: &[f32]| z.iter().map(|&z| z > 0.0).collect::<Vec<bool>>();
/// assert_eq!(crossings(&[0.3, -0.004, 0.009, -2.0], STEP, positive), [1, 2]);
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

/// Checks the gradient of `f` with respect to its argument, at `x`, with step `h`.
///
/// `f` must record a tape: on its argument (`|x| x.leaky_trace().exp()`) or, to check the second
/// argument of an operation, on the first (`|w| conv2d(x.leaky_trace(), w.clone())`).
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::gradcheck::{STEP, tensor};
///
/// let dev = Cpu::default();
/// let x: Tensor<Rank1<3>, f32, Cpu> = dev.tensor([0.5, -1.0, 2.0]);
/// let w: Tensor<Rank1<3>, f32, Cpu> = dev.tensor([1.0, 3.0, -2.0]);
/// let checked = tensor(&w, STEP, |w| x.leaky_trace() * w.clone());
/// assert!(checked.relative < 1e-3, "{checked}");
/// ```
///
/// # Panics
/// If memory runs out, or if `f` panics.
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
    let measured = central_differences(&values, h, |values| weighted_sum(&f(&at(values))));
    compare(&gradient, &measured)
}

/// Checks the gradient of `f` with respect to every trainable parameter of a dfdx module, with step
/// `h`. Returns the name of each parameter and its largest difference, in the module's order. Each
/// parameter is changed during the check and has its old values afterwards.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::gradcheck;
///
/// let dev = Cpu::default();
/// let mut model = dev.build_module::<(Linear<3, 4>, Tanh, Linear<4, 2>), f32>();
/// let x: Tensor<Rank2<5, 3>, f32, Cpu> = dev.sample_normal();
/// let checked = gradcheck::module(&mut model, gradcheck::STEP, |model| {
///     model.forward(x.leaky_trace())
/// });
/// assert_eq!(checked.len(), 4); // two weights, two biases
/// for (name, difference) in &checked {
///     assert!(difference.relative < 2e-3, "{name}: {difference}");
/// }
/// ```
///
/// # Panics
/// If memory runs out, or if `f` panics.
pub fn module<M: TensorCollection<f32, Cpu>, Y: Shape>(
    model: &mut M,
    h: f32,
    f: impl Fn(&M) -> Tensor<Y, f32, Cpu, OwnedTape<f32, Cpu>>,
) -> Vec<(String, Difference)> {
    let found = walk::parameters(model, backward(f(model)));
    let mut checked = Vec::with_capacity(found.len());
    for (position, parameter) in found.into_iter().enumerate() {
        let measured = central_differences(&parameter.values, h, |values| {
            walk::write(model, position, values);
            weighted_sum(&f(model))
        });
        walk::write(model, position, &parameter.values);
        checked.push((parameter.name, compare(&parameter.gradient, &measured)));
    }
    checked
}

/// The weight of output element `i` in the scalar `L`, a pseudorandom number with a magnitude from
/// 0.5 to 1.5: the weights have no pattern that a wrong index could reproduce.
fn weight(i: usize) -> f32 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let sign = if mixed >> 63 == 0 { 1.0 } else { -1.0 };
    let fraction = ((mixed >> 32) & 0xFFFF) as f32 / 65_536.0;
    sign * (0.5 + fraction)
}

/// `L`: the sum of all elements of `y`, each multiplied by its [`weight`], in `f64`.
fn weighted_sum<Y: Shape, T>(y: &Tensor<Y, f32, Cpu, T>) -> f64 {
    let terms = y.as_vec().into_iter().enumerate();
    terms
        .map(|(i, y)| f64::from(weight(i)) * f64::from(y))
        .sum()
}

/// The gradients of `L` with respect to all tensors on `y`'s tape.
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
    allocated.expect("enough memory for another gradient");
    gradients.get(x).as_vec()
}

#[cfg(test)]
mod tests;
