//! Pooling: feature maps `(B, C, H, W)` → `(B, C, H', W')`, each output the maximum or the mean of
//! one window.
//!
//! ```text
//! maximum:  y[c, i, j] = max_{u, v} x[c, i·S + u − P, j·S + v − P]
//! mean:     y[c, i, j] = 1/K² Σ_u Σ_v x[c, i·S + u − P, j·S + v − P]
//! ```
//!
//! Padding never is_larger a maximum, and counts as zeros in a mean (PyTorch's
//! `count_include_pad=True`, its default). Where several pixels tie for the maximum, the first in
//! row-major order gets the gradient, as in PyTorch and TensorFlow; dfdx 0.13 gives it to all of
//! them.
use dfdx::prelude::{Const, Cpu, CpuError, HasShape, ReshapeTo, SplitTape, Tape, Tensor};
use kernels::reduce::images_per_small_chunk;
use kernels::{Window2d, buffer_pool::Buffer, thread_pool};

use super::scope::output;
use super::tape::record;
use crate::raw::elements;
use crate::shape::{Channels, Windowed};

/// The largest element of each window of `x`, `(C, H, W)` or `(B, C, H, W)`; differentiable.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::max_pool2d;
/// let x = Cpu::default().tensor([[[1.0, 2.0], [4.0, 3.0]]]); // (C, H, W)
/// let y = max_pool2d(x, Const::<2>, Const::<2>, Const::<0>); // K = 2, S = 2, P = 0
/// assert_eq!(y.array(), [[[4.0]]]);
/// ```
///
/// # Panics
/// If there is no memory for the output: see [`try_max_pool2d`].
pub fn max_pool2d<Sh, T, const K: usize, const S: usize, const P: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    kernel: Const<K>,
    stride: Const<S>,
    padding: Const<P>,
) -> Tensor<Sh::Out, f32, Cpu, T>
where
    Sh: Channels + Windowed<Sh::C, K, S, P>,
    T: Tape<f32, Cpu>,
{
    try_max_pool2d(x, kernel, stride, padding).unwrap()
}

/// [`max_pool2d`], or the reason why it could not be computed.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn try_max_pool2d<Sh, T, const K: usize, const S: usize, const P: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    _kernel: Const<K>,
    _stride: Const<S>,
    _padding: Const<P>,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: Channels + Windowed<Sh::C, K, S, P>,
    T: Tape<f32, Cpu>,
{
    const {
        assert!(
            2 * P <= K,
            "padding may cover at most half of a pooling window"
        )
    };
    let (window, shape) = (
        Windowed::window(x.shape()),
        Windowed::out(x.shape(), x.shape().channels()),
    );
    let (x, tape) = x.try_contiguous()?.split_tape();
    let mut argmax = Buffer::<u32>::stale(window.outputs());
    let y = output(&shape, x.device(), |y| {
        max_forward(window, &elements(&x), y, &mut argmax)
    })?;
    let x_ghost = x.ghost(); // of the input, only its size is kept until the backward pass
    Ok(record(y, tape, move |gradients, dy| {
        max_backward(window, &argmax, dy, gradients.get_or_alloc_mut(&x_ghost)?);
        Ok(())
    }))
}

/// `y`: the maximum of each window; `argmax`: its index in the `(H, W)` map, in row-major order.
///
/// Of equal pixels the first is taken; NaN counts as larger than every number, so that it is seen.
pub fn max_forward(window: Window2d, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
    const NONE: u32 = u32::MAX;
    let (input, output) = chunk_sizes(window);
    let chunks = y.chunks_mut(output).zip(argmax.chunks_mut(output));
    thread_pool::for_each(chunks.zip(x.chunks(input)), |_, ((y, argmax), x)| {
        y.fill(f32::NEG_INFINITY);
        argmax.fill(NONE);
        let maps = y
            .chunks_exact_mut(window.output_map())
            .zip(argmax.chunks_exact_mut(window.output_map()));
        for ((y, argmax), x) in maps.zip(x.chunks_exact(window.input_map())) {
            for_each_element(window, |output, pixel| {
                // Chosen without a branch: on real images a processor could not predict it.
                let value = x[pixel];
                let (best, index) = (y[output], argmax[output]);
                let is_larger = (value > best) | value.is_nan() | (index == NONE);
                y[output] = if is_larger { value } else { best };
                argmax[output] = if is_larger { pixel as u32 } else { index };
            });
        }
    });
}

/// Adds `dy` to the gradient of the argmax of each window: a small change of another pixel changes
/// no output.
pub fn max_backward(window: Window2d, argmax: &[u32], dy: &[f32], dx: &mut [f32]) {
    let (input, output) = chunk_sizes(window);
    let chunks = dy.chunks(output).zip(argmax.chunks(output));
    thread_pool::for_each(
        chunks.zip(dx.chunks_mut(input)),
        |_, ((dy, argmax), dx)| {
            let maps = dy
                .chunks_exact(window.output_map())
                .zip(argmax.chunks_exact(window.output_map()));
            for ((dy, argmax), dx) in maps.zip(dx.chunks_exact_mut(window.input_map())) {
                for (dy, &index) in dy.iter().zip(argmax) {
                    dx[index as usize] += dy;
                }
            }
        },
    );
}

/// The mean of each window of `x`, `(C, H, W)` or `(B, C, H, W)`; differentiable.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::avg_pool2d;
/// let x = Cpu::default().tensor([[[1.0, 2.0], [4.0, 3.0]]]); // (C, H, W)
/// let y = avg_pool2d(x, Const::<2>, Const::<2>, Const::<0>); // K = 2, S = 2, P = 0
/// assert_eq!(y.array(), [[[2.5]]]);
/// ```
///
/// # Panics
/// If there is no memory for the output: see [`try_avg_pool2d`].
pub fn avg_pool2d<Sh, T, const K: usize, const S: usize, const P: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    kernel: Const<K>,
    stride: Const<S>,
    padding: Const<P>,
) -> Tensor<Sh::Out, f32, Cpu, T>
where
    Sh: Channels + Windowed<Sh::C, K, S, P>,
    T: Tape<f32, Cpu>,
{
    try_avg_pool2d(x, kernel, stride, padding).unwrap()
}

/// [`avg_pool2d`], or the reason why it could not be computed.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn try_avg_pool2d<Sh, T, const K: usize, const S: usize, const P: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    _kernel: Const<K>,
    _stride: Const<S>,
    _padding: Const<P>,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: Channels + Windowed<Sh::C, K, S, P>,
    T: Tape<f32, Cpu>,
{
    const {
        assert!(
            2 * P <= K,
            "padding may cover at most half of a pooling window"
        )
    };
    let (window, shape) = (
        Windowed::window(x.shape()),
        Windowed::out(x.shape(), x.shape().channels()),
    );
    let (x, tape) = x.try_contiguous()?.split_tape();
    let y = output(&shape, x.device(), |y| {
        avg_forward(window, &elements(&x), y)
    })?;
    let x_ghost = x.ghost();
    Ok(record(y, tape, move |gradients, dy| {
        avg_backward(window, dy, gradients.get_or_alloc_mut(&x_ghost)?);
        Ok(())
    }))
}

/// `y`: the mean of each window; padding counts as zeros.
pub fn avg_forward(window: Window2d, x: &[f32], y: &mut [f32]) {
    let share = 1.0 / (window.kernel * window.kernel) as f32;
    let (input, output) = chunk_sizes(window);
    let chunks = y.chunks_mut(output).zip(x.chunks(input));
    thread_pool::for_each(chunks, |_, (y, x)| {
        y.fill(0.0);
        let maps = y.chunks_exact_mut(window.output_map());
        for (y, x) in maps.zip(x.chunks_exact(window.input_map())) {
            for_each_element(window, |output, pixel| y[output] += x[pixel]);
            y.iter_mut().for_each(|y| *y *= share);
        }
    });
}

/// Adds 1/K² of `dy` to every pixel of its window.
pub fn avg_backward(window: Window2d, dy: &[f32], dx: &mut [f32]) {
    let share = 1.0 / (window.kernel * window.kernel) as f32;
    let (input, output) = chunk_sizes(window);
    let chunks = dx.chunks_mut(input).zip(dy.chunks(output));
    thread_pool::for_each(chunks, |_, (dx, dy)| {
        let maps = dx.chunks_exact_mut(window.input_map());
        for (dx, dy) in maps.zip(dy.chunks_exact(window.output_map())) {
            for_each_element(window, |output, pixel| dx[pixel] += dy[output] * share);
        }
    });
}

/// Elements of input and output that a thread takes at a time. (At least 1: a batch of no channels
/// has none.)
fn chunk_sizes(window: Window2d) -> (usize, usize) {
    let maps = (images_per_small_chunk(window.batch) * window.channels).max(1);
    (maps * window.input_map(), maps * window.output_map())
}

/// Visits every pixel of every window of one map: `visit(output, pixel)`. Each window's pixels come
/// in row-major order; the windows take turns, so that the innermost loop runs along a row.
#[inline]
fn for_each_element(window: Window2d, mut visit: impl FnMut(usize, usize)) {
    for u in 0..window.kernel {
        for v in 0..window.kernel {
            window.for_each_run([u, v], |outputs, first| {
                let mut pixel = first;
                for output in outputs {
                    visit(output, pixel);
                    pixel += window.stride;
                }
            });
        }
    }
}
