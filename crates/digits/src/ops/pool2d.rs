//! Pooling: feature maps `(B, C, H, W)` → `(B, C, H', W')`, where each output is the maximum or the
//! mean of one window.
//!
//! ```text
//! maximum:  y[c, i, j] = max_{u, v} x[c, i·S + u − P, j·S + v − P]
//! mean:     y[c, i, j] = 1/K² Σ_u Σ_v x[c, i·S + u − P, j·S + v − P]
//! ```
//!
//! Padding is never the maximum, and counts as zeros in a mean (PyTorch's `count_include_pad=True`,
//! its default). Where several pixels tie for the maximum, the first in row-major order gets the
//! gradient, as in PyTorch and TensorFlow; dfdx 0.13 gives it to all of them.
use dfdx::prelude::{Const, Cpu, CpuError, HasShape, ReshapeTo, SplitTape, Tape, Tensor};
use kernels::reduce::images_per_small_chunk;
use kernels::{Window2d, buffer_pool::Buffer, thread_pool};

use super::scope::output;
use super::tape::record;
use crate::raw::elements;
use crate::shape::{Channels, Windowed};

/// The largest element of each window of `x`: `(C, H, W)` → `(C, H', W')`, `(B, C, H, W)` →
/// `(B, C, H', W')`. Differentiable. Padding of more than half of a window does not compile.
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

/// Computes what [`max_pool2d`] does, but returns an error where that one panics.
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

/// Sets `y`, `(B, C, H', W')`, to the maximum of each window of `x`, `(B, C, H, W)`, and `argmax`,
/// as long as `y`, to its index in its `(H, W)` map, in row-major order.
///
/// The first of several equal elements is chosen. NaN is larger than every number, so that it
/// reaches the output.
///
/// ```
/// use digits::{kernels::Window2d, ops::pool2d::{max_backward, max_forward}};
/// let window = Window2d::new([1, 1, 2, 2], 2, 2, 0); // (B, C, H, W), K, S, P
/// let (mut y, mut argmax, mut dx) = ([0.0], [0], [0.0; 4]);
/// max_forward(window, &[1.0, 2.0, 4.0, 3.0], &mut y, &mut argmax);
/// assert_eq!((y, argmax), ([4.0], [2]));
/// max_backward(window, &argmax, &[0.5], &mut dx);
/// assert_eq!(dx, [0.0, 0.0, 0.5, 0.0]);
/// ```
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

/// Adds `dy` of each window to `dx` at its argmax: a small change of any other pixel does not
/// change the output.
pub fn max_backward(window: Window2d, argmax: &[u32], dy: &[f32], dx: &mut [f32]) {
    let (input, output) = chunk_sizes(window);
    let chunks = dy.chunks(output).zip(argmax.chunks(output));
    thread_pool::for_each(
        chunks.zip(dx.chunks_mut(input)), // a chunk of images a part
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

/// The mean of each window of `x`: `(C, H, W)` → `(C, H', W')`, `(B, C, H, W)` → `(B, C, H', W')`.
/// Differentiable. Padding of more than half of a window does not compile.
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

/// Computes what [`avg_pool2d`] does, but returns an error where that one panics.
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

/// Sets `y`, `(B, C, H', W')`, to the mean of each window of `x`, `(B, C, H, W)`; padding counts as
/// zeros.
///
/// ```
/// use digits::{kernels::Window2d, ops::pool2d::avg_forward};
/// let mut y = [0.0];
/// avg_forward(Window2d::new([1, 1, 2, 2], 2, 2, 0), &[1.0, 2.0, 4.0, 3.0], &mut y);
/// assert_eq!(y, [2.5]);
/// ```
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

/// Adds 1/K² of the gradient `dy` of each window to `dx` at every pixel of the window.
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

/// The numbers of elements of the input and of the output that a thread takes at a time: those of
/// one map at least, even if there are no channels.
fn chunk_sizes(window: Window2d) -> (usize, usize) {
    let maps = (images_per_small_chunk(window.batch) * window.channels).max(1);
    (maps * window.input_map(), maps * window.output_map())
}

/// Visits every pixel of every window of one map: `visit(output, pixel)`. Each window's pixels come
/// in row-major order, but interleaved with those of the other windows, so that the innermost loop
/// runs along a row.
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
