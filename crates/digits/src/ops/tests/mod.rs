//! How the operations are tested: each is an [`Operation`], each way of testing a function that says what is wrong.
mod block;
mod block_tensors;
mod broken;
mod central;
mod naive;
mod pair;
mod pytorch;
mod scope;
mod tape;
mod tensors;
mod threads;
mod ties;

use dfdx::prelude::ReLU;
use kernels::{Window2d, naive as slow, simd::Isa};

use super::{conv2d, linear, pool2d};
use crate::gradcheck;
use crate::layers::{Conv2D, Dense, Dropout, Flatten, Fused, MaxPool2D};

type Conv2DReLU<
    const C: usize,
    const O: usize,
    const K: usize,
    const S: usize = 1,
    const P: usize = 0,
> = Fused<(Conv2D<C, O, K, S, P>, ReLU)>;
type Conv2DReLUMaxPool<
    const C: usize,
    const O: usize,
    const K: usize,
    const S: usize = 1,
    const P: usize = 0,
> = Fused<(Conv2D<C, O, K, S, P>, ReLU, MaxPool2D<2>)>;
type DenseReLU<const I: usize, const O: usize> = Fused<(Dense<I, O>, ReLU)>;
type FlattenDropout<const N: usize, const PERCENT: usize> = Fused<(Flatten<N>, Dropout<PERCENT>)>;

/// What a test says when it fails.
type Verdict = Result<(), String>;
type Forward = Box<dyn Fn(&[Vec<f32>]) -> Vec<f32>>;
type Backward = Box<dyn Fn(&[Vec<f32>], &[f32], &mut [f32])>;
type SlowForward = Box<dyn Fn(&[Vec<f32>]) -> Vec<f64>>;
type SlowBackward = Box<dyn Fn(&[Vec<f32>], &[f32]) -> Vec<Vec<f64>>>;

/// The slice half of an operation, its sizes settled, beside its naive twin.
struct Operation {
    name: &'static str,
    /// Name and number of elements of each argument.
    arguments: Vec<(&'static str, usize)>,
    forward: Forward,
    /// One for each argument: `(arguments, dy, gradient to add to)`.
    backward: Vec<Backward>,
    slow_forward: SlowForward,
    slow_backward: SlowBackward,
}

impl Operation {
    fn conv2d(w: Window2d, kernels: usize) -> Self {
        let outputs = w.batch * kernels * w.output_map();
        Self {
            name: "conv2d",
            arguments: vec![
                ("x", w.batch * w.channels * w.input_map()),
                ("weight", kernels * w.column()),
                ("bias", kernels),
            ],
            forward: Box::new(move |a| {
                let mut y = vec![f32::NAN; outputs];
                conv2d::forward(w, &a[0], &a[1], &a[2], &mut y);
                y
            }),
            backward: vec![
                Box::new(move |a, dy, dx| conv2d::backward_input(w, &a[1], dy, dx)),
                Box::new(move |a, dy, dw| conv2d::backward_weight(w, &a[0], dy, dw)),
                Box::new(move |_, dy, db| conv2d::backward_bias(w, dy, db)),
            ],
            slow_forward: Box::new(move |a| slow::conv2d(w, &a[0], &a[1], &a[2])),
            slow_backward: Box::new(move |a, dy| {
                slow::conv2d_gradients(w, &a[0], &a[1], &a[2], dy).into()
            }),
        }
    }

    fn max_pool2d(w: Window2d) -> Self {
        let forward = move |x: &[f32]| {
            let (mut y, mut argmax) = (vec![f32::NAN; w.outputs()], vec![7; w.outputs()]);
            pool2d::max_forward(w, x, &mut y, &mut argmax);
            (y, argmax)
        };
        Self {
            name: "max_pool2d",
            arguments: vec![("x", w.batch * w.channels * w.input_map())],
            forward: Box::new(move |a| forward(&a[0]).0),
            backward: vec![Box::new(move |a, dy, dx| {
                pool2d::max_backward(w, &forward(&a[0]).1, dy, dx);
            })],
            slow_forward: Box::new(move |a| slow::max_pool2d(w, &a[0])),
            slow_backward: Box::new(move |a, dy| vec![slow::max_pool2d_gradient(w, &a[0], dy)]),
        }
    }

    fn avg_pool2d(w: Window2d) -> Self {
        Self {
            name: "avg_pool2d",
            arguments: vec![("x", w.batch * w.channels * w.input_map())],
            forward: Box::new(move |a| {
                let mut y = vec![f32::NAN; w.outputs()];
                pool2d::avg_forward(w, &a[0], &mut y);
                y
            }),
            backward: vec![Box::new(move |_, dy, dx| pool2d::avg_backward(w, dy, dx))],
            slow_forward: Box::new(move |a| slow::avg_pool2d(w, &a[0])),
            slow_backward: Box::new(move |a, dy| vec![slow::avg_pool2d_gradient(w, &a[0], dy)]),
        }
    }

    fn linear(batch: usize, i: usize, o: usize) -> Self {
        Self {
            name: "linear",
            arguments: vec![("x", batch * i), ("weight", o * i), ("bias", o)],
            forward: Box::new(move |a| {
                let mut y = vec![f32::NAN; batch * o];
                linear::forward(&a[0], &a[1], &a[2], &mut y);
                y
            }),
            backward: vec![
                Box::new(move |a, dy, dx| linear::backward_input(i, &a[1], dy, dx)),
                Box::new(move |a, dy, dw| linear::backward_weight(i, &a[0], dy, dw)),
                Box::new(move |_, dy, db| linear::backward_bias(dy, db)),
            ],
            slow_forward: Box::new(move |a| slow::linear(i, &a[0], &a[1], &a[2])),
            slow_backward: Box::new(move |a, dy| {
                slow::linear_gradients(i, &a[0], &a[1], &a[2], dy).into()
            }),
        }
    }

    fn linear_relu(batch: usize, i: usize, o: usize) -> Self {
        let plain = Self::linear(batch, i, o);
        let after_relu = move |a: &[Vec<f32>]| {
            let mut y = vec![f32::NAN; batch * o];
            linear::forward(&a[0], &a[1], &a[2], &mut y);
            linear::relu(Isa::best(), &mut y);
            y
        };
        let alive = move |a: &[Vec<f32>], dy: &[f32]| {
            let y = slow::linear(i, &a[0], &a[1], &a[2]);
            y.iter()
                .zip(dy)
                .map(|(y, dy)| if *y > 0.0 { *dy } else { 0.0 })
                .collect::<Vec<f32>>()
        };
        let backward = plain.backward.into_iter().map(|backward| -> Backward {
            Box::new(move |a, dy, gradient| {
                let dz = linear::through_relu(Isa::best(), &after_relu(a), dy);
                backward(a, &dz, gradient);
            })
        });
        Self {
            name: "linear_relu",
            arguments: plain.arguments,
            forward: Box::new(after_relu),
            backward: backward.collect(),
            slow_forward: Box::new(move |a| {
                let y = slow::linear(i, &a[0], &a[1], &a[2]);
                y.iter().map(|y| y.max(0.0)).collect()
            }),
            slow_backward: Box::new(move |a, dy| {
                slow::linear_gradients(i, &a[0], &a[1], &a[2], &alive(a, dy)).into()
            }),
        }
    }

    /// Arguments between −1 and 1.
    fn some_arguments(&self, seed: u64) -> Vec<Vec<f32>> {
        let lengths = self.arguments.iter().map(|(_, length)| *length);
        let arguments = lengths.zip(1..);
        arguments
            .map(|(length, i)| numbers(length, seed * 100 + i))
            .collect()
    }

    /// The gradient for an argument. It must be *added* to what was there: ones, which are then taken off again.
    fn gradient(&self, argument: usize, arguments: &[Vec<f32>], dy: &[f32]) -> Vec<f32> {
        let mut gradient = vec![1.0; self.arguments[argument].1];
        self.backward[argument](arguments, dy, &mut gradient);
        gradient.iter().map(|g| g - 1.0).collect()
    }
}

/// Numbers between −1 and 1, no two alike, the same ones for the same seed.
fn numbers(length: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15); // splitmix64
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z >> 40) as f32 / (1u32 << 23) as f32) - 1.0
    };
    (0..length).map(|_| next()).collect()
}

/// Whether `found` lies within `tolerance` of `expected`, measured against the largest value, or against 1, the size of what goes
/// in: sums of thousands of such numbers may nearly cancel, and keep the rounding of their terms.
fn agree(what: &str, found: &[f32], expected: &[f64], tolerance: f64) -> Verdict {
    if found.len() != expected.len() {
        return Err(format!(
            "{what}: {} values, not {}",
            found.len(),
            expected.len()
        ));
    }
    let difference = gradcheck::compare(found, expected);
    if difference.relative.min(difference.absolute) < tolerance {
        Ok(())
    } else {
        Err(format!("{what}: {difference}"))
    }
}
