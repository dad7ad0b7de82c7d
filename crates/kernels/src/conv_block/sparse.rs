//! The gradients where channels are many: sums over the outputs whose gradient is not zero.
//!
//! Of the four outputs in a pooling window one has a gradient, and ReLU makes about half of those
//! zero. So each kernel first gets a list of the offsets of the windows whose output has a
//! gradient, each with its `dy`; then, `K C` numbers at a time,
//!
//! ```text
//! dw[o, u, ·] += dy · x[offset + row u, ·]        dx[offset + row u, ·] += dy · w[o, u, ·]
//! ```
//!
//! which takes a quarter or an eighth of the multiplications of the whole map. An image is worked
//! on in bands of rows that fit into the first-level cache, since every kernel visits all of a
//! band.
// Loops that count to a constant are unrolled, and their sums stay in registers.
#![allow(clippy::needless_range_loop)]
mod gradients;

use pulp::{Simd, WithSimd};

use super::Block;
use crate::buffer_pool::Buffer;
use crate::simd::mul_add;
use crate::thread_pool;
pub use gradients::SparseGradients;

/// The number of lanes of the widest vector.
const SLACK: usize = 16;

/// The largest number of parts in which weights are reordered.
const MAX_PARTS: usize = 4;

/// The number of zeros after an image that loops may read, and add zero to.
pub const fn slack() -> usize {
    SLACK
}

/// `K C`, rounded up to a whole number of the widest vectors.
pub fn padded_run(block: &Block) -> usize {
    block.run().next_multiple_of(SLACK)
}

/// The weights `(O, C, K, K)` as `(O, K, run)`, each run `(K, C)` padded with zeros to
/// [`padded_run`].
pub fn runs(block: &Block, w: &[f32]) -> Buffer {
    let (k, channels, padded) = (
        block.window.kernel,
        block.window.channels,
        padded_run(block),
    );
    let mut runs = Buffer::zeros(block.kernels * k * padded);
    let kernels = block.kernels.div_ceil(MAX_PARTS);
    let parts = w
        .chunks(kernels * channels * k * k)
        .zip(runs.chunks_mut(kernels * k * padded));
    thread_pool::for_each(parts, |_, (w, runs)| {
        let kernels = w.chunks_exact(channels * k * k);
        for (w, runs) in kernels.zip(runs.chunks_exact_mut(k * padded)) {
            for (c, w) in w.chunks_exact(k * k).enumerate() {
                for (uv, w) in w.iter().enumerate() {
                    runs[uv / k * padded + uv % k * channels + c] = *w;
                }
            }
        }
    });
    runs
}

/// Adds gradients in the layout of [`runs`] to `dw`, `(O, C, K, K)`.
pub fn add_runs(block: &Block, runs: &[f32], dw: &mut [f32]) {
    let (k, channels, padded) = (
        block.window.kernel,
        block.window.channels,
        padded_run(block),
    );
    let kernels = block.kernels.div_ceil(MAX_PARTS);
    let parts = dw
        .chunks_mut(kernels * channels * k * k)
        .zip(runs.chunks(kernels * k * padded));
    thread_pool::for_each(parts, |_, (dw, runs)| {
        let kernels = dw.chunks_exact_mut(channels * k * k);
        for (dw, runs) in kernels.zip(runs.chunks_exact(k * padded)) {
            for (c, dw) in dw.chunks_exact_mut(k * k).enumerate() {
                for (uv, dw) in dw.iter_mut().enumerate() {
                    *dw += runs[uv / k * padded + uv % k * channels + c];
                }
            }
        }
    });
}

/// Adds what a band of the padded image `x` contributes to `dw`, in the layout of [`runs`].
pub fn add_to_weights(block: &Block, lists: &SparseGradients, x: &[f32], dw: &mut [f32]) {
    block.isa.run(ToWeights {
        block,
        lists,
        x,
        dw,
    });
}

/// Adds what the weights `w`, in the layout of [`runs`], contribute to `dx`, the gradient of the
/// padded image.
pub fn add_to_inputs(block: &Block, lists: &SparseGradients, w: &[f32], dx: &mut [f32]) {
    block.isa.run(ToInputs {
        block,
        lists,
        w,
        dx,
    });
}

struct ToWeights<'a> {
    block: &'a Block,
    lists: &'a SparseGradients,
    x: &'a [f32],
    dw: &'a mut [f32],
}

impl WithSimd for ToWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (kernel, row) = (self.block.window.kernel, self.block.row());
        let runs = self.dw.chunks_exact_mut(padded_run(self.block)).enumerate();
        for (run, dw) in runs {
            let list = self.lists.of(run / kernel);
            let mut x = &self.x[run % kernel * row..];
            let mut dw = S::as_mut_simd_f32s(dw).0;
            while !dw.is_empty() {
                let vectors = match dw.len() {
                    12.. => to_weights::<S, 12, 1>(simd, list, x, dw),
                    6.. => to_weights::<S, 6, 2>(simd, list, x, dw),
                    2.. => to_weights::<S, 2, 4>(simd, list, x, dw),
                    _ => to_weights::<S, 1, 4>(simd, list, x, dw),
                };
                x = &x[vectors * S::F32_LANES..];
                dw = &mut dw[vectors..];
            }
        }
    }
}

/// `dw += Σ dy · x` over a list, for `V` vectors, in `R` interleaved sums, since an addition waits
/// for the one before it. Returns `V`.
#[inline(always)]
fn to_weights<S: Simd, const V: usize, const R: usize>(
    simd: S,
    (at, dy): (&[u32], &[f32]),
    x: &[f32],
    dw: &mut [S::f32s],
) -> usize {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let ((at, last_at), (dy, last_dy)) = (at.as_chunks::<R>(), dy.as_chunks::<R>());
    for (at, dy) in at.iter().zip(dy) {
        for r in 0..R {
            add_one(simd, at[r], dy[r], x, &mut sums[r]);
        }
    }
    for (at, dy) in last_at.iter().zip(last_dy) {
        add_one(simd, *at, *dy, x, &mut sums[0]);
    }
    for v in 0..V {
        for sums in &sums {
            dw[v] = simd.add_f32s(dw[v], sums[v]);
        }
    }
    V
}

/// `sums += dy · x` at the offset `at`.
#[inline(always)]
fn add_one<S: Simd, const V: usize>(simd: S, at: u32, dy: f32, x: &[f32], sums: &mut [S::f32s; V]) {
    let x = S::as_simd_f32s(&x[at as usize..][..V * S::F32_LANES]).0;
    let dy = simd.splat_f32s(dy);
    for v in 0..V {
        sums[v] = mul_add(simd, dy, x[v], sums[v]);
    }
}

struct ToInputs<'a> {
    block: &'a Block,
    lists: &'a SparseGradients,
    w: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for ToInputs<'_> {
    type Output = ();

    /// A kernel's weights stay in registers during the pass over its list: all three runs, or some
    /// vectors of one.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (kernel, row, padded) = (
            self.block.window.kernel,
            self.block.row(),
            padded_run(self.block),
        );
        let three = S::F32_LANES == 16 && kernel == 3 && padded == 6 * S::F32_LANES;
        for (o, w) in self.w.chunks_exact(kernel * padded).enumerate() {
            let list = self.lists.of(o);
            if three {
                to_inputs::<S, 3, 6>(simd, list, S::as_simd_f32s(w).0, self.dx, row);
                continue;
            }
            for (u, w) in w.chunks_exact(padded).enumerate() {
                let (mut w, mut dx) = (S::as_simd_f32s(w).0, &mut self.dx[u * row..]);
                while !w.is_empty() {
                    let vectors = match w.len() {
                        12.. => to_inputs::<S, 1, 12>(simd, list, w, dx, row),
                        6.. => to_inputs::<S, 1, 6>(simd, list, w, dx, row),
                        2.. => to_inputs::<S, 1, 2>(simd, list, w, dx, row),
                        _ => to_inputs::<S, 1, 1>(simd, list, w, dx, row),
                    };
                    w = &w[vectors..];
                    dx = &mut dx[vectors * S::F32_LANES..];
                }
            }
        }
    }
}

/// `dx += dy · w` at each offset of a list, for `U` runs of `V` vectors. Returns `V`.
#[inline(always)]
fn to_inputs<S: Simd, const U: usize, const V: usize>(
    simd: S,
    (at, dy): (&[u32], &[f32]),
    w: &[S::f32s],
    dx: &mut [f32],
    row: usize,
) -> usize {
    let mut weights = [[simd.splat_f32s(0.0); V]; U];
    for (weights, w) in weights.iter_mut().zip(w.chunks_exact(V)) {
        weights.copy_from_slice(w);
    }
    for (at, dy) in at.iter().zip(dy) {
        let dy = simd.splat_f32s(*dy);
        for u in 0..U {
            let dx = &mut dx[*at as usize + u * row..][..V * S::F32_LANES];
            let dx = S::as_mut_simd_f32s(dx).0;
            for v in 0..V {
                dx[v] = mul_add(simd, dy, weights[u][v], dx[v]);
            }
        }
    }
    V
}
