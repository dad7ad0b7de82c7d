//! Pooling: feature maps `(B, C, H, W)` → `(B, C, H', W')`, each output the maximum or the mean of one window.
//!
//! ```text
//! maximum:  y[c, i, j] = max_{u, v} x[c, i·S + u − P, j·S + v − P]
//! mean:     y[c, i, j] = 1/K² Σ_u Σ_v x[c, i·S + u − P, j·S + v − P]
//! ```
//!
//! Padding never wins a maximum, and counts as zeros in a mean (PyTorch's `count_include_pad=True`, its default).
//! Where several pixels tie for the maximum, the first in row-major order gets the gradient, as in PyTorch and
//! TensorFlow; dfdx 0.13 gives it to all of them.
use dfdx::prelude::TensorFromVec;
use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, Tensor};
use rayon::prelude::*;

use super::images_per_chunk;
use super::tape::add_gradient;
use crate::raw::elements;
use crate::shape::{Channels, Window2d, Windowed};

/// Largest element of each window of `x`, `(C, H, W)` or `(B, C, H, W)`; differentiable.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::max_pool2d;
/// let dev = Cpu::default();
/// let x = dev.tensor([[[1.0, 2.0], [4.0, 3.0]]]); // (C, H, W)
/// assert_eq!(max_pool2d::<_, _, 2, 2, 0>(x).unwrap().array(), [[[4.0]]]);
/// ```
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn max_pool2d<Sh, T, const K: usize, const S: usize, const P: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
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
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let mut y = vec![0.0; window.outputs()];
    let mut winners = vec![0; if T::OWNS_TAPE { y.len() } else { 0 }];
    max_forward(window, &elements(&x), &mut y, &mut winners);
    let y = x.device().try_tensor_from_vec(y, shape)?;
    let (x_ghost, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |gradients| {
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        max_backward(window, &winners, &dy, gradients.get_or_alloc_mut(&x_ghost)?);
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

/// `y` and, if `winners` is not empty, the index of each maximum within its `(H, W)` map.
pub fn max_forward(window: Window2d, x: &[f32], y: &mut [f32], winners: &mut [u32]) {
    let (maps_in, maps_out) = (window.input_map(), window.output_map());
    let maps = images_per_chunk(window.batch) * window.channels;
    let forward = |(y, x): (&mut [f32], &[f32]), winners: &mut [u32]| {
        for (m, (y, x)) in y
            .chunks_exact_mut(maps_out)
            .zip(x.chunks_exact(maps_in))
            .enumerate()
        {
            for (i, y) in y.iter_mut().enumerate() {
                let (value, winner) = window_maximum(window, x, i);
                *y = value;
                if let Some(slot) = winners.get_mut(m * maps_out + i) {
                    *slot = winner;
                }
            }
        }
    };
    let chunks = y
        .par_chunks_mut(maps * maps_out)
        .zip(x.par_chunks(maps * maps_in));
    if winners.is_empty() {
        chunks.for_each(|chunk| forward(chunk, &mut []));
    } else {
        chunks
            .zip(winners.par_chunks_mut(maps * maps_out))
            .for_each(|(chunk, winners)| forward(chunk, winners));
    }
}

/// Adds `dy` to the winner of each window: moving any other pixel a little changes nothing.
pub fn max_backward(window: Window2d, winners: &[u32], dy: &[f32], dx: &mut [f32]) {
    let (maps_in, maps_out) = (window.input_map(), window.output_map());
    let maps = images_per_chunk(window.batch) * window.channels;
    dx.par_chunks_mut(maps * maps_in)
        .zip(dy.par_chunks(maps * maps_out))
        .zip(winners.par_chunks(maps * maps_out))
        .for_each(|((dx, dy), winners)| {
            let maps = dx.chunks_exact_mut(maps_in).zip(dy.chunks_exact(maps_out));
            for ((dx, dy), winners) in maps.zip(winners.chunks_exact(maps_out)) {
                for (&winner, dy) in winners.iter().zip(dy) {
                    dx[winner as usize] += dy;
                }
            }
        });
}

/// Maximum of output `i`'s window and its index in the map; a NaN wins, so that it is seen.
fn window_maximum(window: Window2d, map: &[f32], i: usize) -> (f32, u32) {
    let mut best = (f32::NEG_INFINITY, 0);
    let mut first = true;
    window.for_each_pixel(i, |pixel| {
        let value = map[pixel];
        if first || value > best.0 || (value.is_nan() && !best.0.is_nan()) {
            best = (value, pixel as u32);
            first = false;
        }
    });
    best
}

/// Mean of each window of `x`, `(C, H, W)` or `(B, C, H, W)`; differentiable.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::avg_pool2d;
/// let dev = Cpu::default();
/// let x = dev.tensor([[[1.0, 2.0], [4.0, 3.0]]]); // (C, H, W)
/// assert_eq!(avg_pool2d::<_, _, 2, 2, 0>(x).unwrap().array(), [[[2.5]]]);
/// ```
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn avg_pool2d<Sh, T, const K: usize, const S: usize, const P: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
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
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let mut y = vec![0.0; window.outputs()];
    avg_forward(window, &elements(&x), &mut y);
    let y = x.device().try_tensor_from_vec(y, shape)?;
    let y_ghost = y.ghost();
    tape.add_backward_op(move |gradients| {
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        add_gradient(gradients, &x, |dx| avg_backward(window, &dy, dx))?;
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

/// `y`: the mean of each window; padding counts as zeros.
pub fn avg_forward(window: Window2d, x: &[f32], y: &mut [f32]) {
    let share = 1.0 / (window.kernel * window.kernel) as f32;
    let maps = y
        .par_chunks_mut(window.output_map())
        .zip(x.par_chunks(window.input_map()));
    maps.for_each(|(y, x)| {
        for (i, y) in y.iter_mut().enumerate() {
            let mut sum = 0.0;
            window.for_each_pixel(i, |pixel| sum += x[pixel]);
            *y = sum * share;
        }
    });
}

/// Adds 1/K² of `dy` to every pixel of its window.
pub fn avg_backward(window: Window2d, dy: &[f32], dx: &mut [f32]) {
    let share = 1.0 / (window.kernel * window.kernel) as f32;
    let maps = dx
        .par_chunks_mut(window.input_map())
        .zip(dy.par_chunks(window.output_map()));
    maps.for_each(|(dx, dy)| {
        for (i, dy) in dy.iter().enumerate() {
            window.for_each_pixel(i, |pixel| dx[pixel] += dy * share);
        }
    });
}
