//! Backward where channels are many: only winners count.
//!
//! Of the four outputs that compete in a pooling window one has a gradient, and ReLU takes away about half of those. So
//! each kernel first gets a list of the *places where it won*, each with its gradient `dy`; then, `K C` numbers at a time,
//!
//! ```text
//! dw[o, u, ·] += dy · x[place + row u, ·]        dx[place + row u, ·] += dy · w[o, u, ·]
//! ```
//!
//! which is a quarter or an eighth of the multiplications that the whole map would take. An image is worked on in bands of
//! rows that fit into the first-level cache, since every kernel visits all of a band.
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled, their sums stay in registers
mod lists;

use pulp::{Simd, WithSimd};

use super::Block;
use crate::cpu::reuse::Buffer;
use crate::cpu::simd::mul_add;
use crate::cpu::team;
pub use lists::Wins;

/// Numbers in the widest vector.
const SLACK: usize = 16;

/// Parts in which weights change their order.
const PARTS: usize = 4;

/// Numbers behind an image that loops may read (as zeros) and write (by adding zero).
pub const fn slack() -> usize {
    SLACK
}

/// `K C`, up to a whole number of the widest vectors.
pub fn padded_run(sizes: &Block) -> usize {
    sizes.run().next_multiple_of(SLACK)
}

/// The weights `(O, C, K, K)` as `(O, K, run)`, each run `(K, C)` filled up with zeros.
pub fn runs(sizes: &Block, w: &[f32]) -> Buffer {
    let (k, channels, padded) = (
        sizes.window.kernel,
        sizes.window.channels,
        padded_run(sizes),
    );
    let mut runs = Buffer::zeros(sizes.kernels * k * padded);
    let kernels = sizes.kernels.div_ceil(PARTS);
    let parts = w
        .chunks(kernels * channels * k * k)
        .zip(runs.chunks_mut(kernels * k * padded));
    team::for_each(parts, |_, (w, runs)| {
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

/// Adds gradients laid out as [`runs`] to `dw`, which is `(O, C, K, K)`.
pub fn add_runs(sizes: &Block, runs: &[f32], dw: &mut [f32]) {
    let (k, channels, padded) = (
        sizes.window.kernel,
        sizes.window.channels,
        padded_run(sizes),
    );
    let kernels = sizes.kernels.div_ceil(PARTS);
    let parts = dw
        .chunks_mut(kernels * channels * k * k)
        .zip(runs.chunks(kernels * k * padded));
    team::for_each(parts, |_, (dw, runs)| {
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

/// Adds to `dw`, laid out as [`runs`], what a band of the padded image `x` contributes.
pub fn add_to_weights(sizes: &Block, wins: &Wins, x: &[f32], dw: &mut [f32]) {
    sizes.isa.run(ToWeights { sizes, wins, x, dw });
}

/// Adds to `dx`, the gradient of the padded image, what the weights, laid out as [`runs`], contribute.
pub fn add_to_inputs(sizes: &Block, wins: &Wins, w: &[f32], dx: &mut [f32]) {
    sizes.isa.run(ToInputs { sizes, wins, w, dx });
}

struct ToWeights<'a> {
    sizes: &'a Block,
    wins: &'a Wins,
    x: &'a [f32],
    dw: &'a mut [f32],
}

impl WithSimd for ToWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (kernel, row) = (self.sizes.window.kernel, self.sizes.row());
        let runs = self.dw.chunks_exact_mut(padded_run(self.sizes)).enumerate();
        for (run, dw) in runs {
            let list = self.wins.of(run / kernel);
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

/// `dw` += Σ dy · x over a list, for `V` vectors, in `R` interleaved sums: an addition waits for the one before it. Returns `V`.
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

#[inline(always)]
fn add_one<S: Simd, const V: usize>(simd: S, at: u32, dy: f32, x: &[f32], sums: &mut [S::f32s; V]) {
    let x = S::as_simd_f32s(&x[at as usize..][..V * S::F32_LANES]).0;
    let dy = simd.splat_f32s(dy);
    for v in 0..V {
        sums[v] = mul_add(simd, dy, x[v], sums[v]);
    }
}

struct ToInputs<'a> {
    sizes: &'a Block,
    wins: &'a Wins,
    w: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for ToInputs<'_> {
    type Output = ();

    /// A kernel's weights stay in registers while its list is gone through: all three runs of it, or some vectors of one.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (kernel, row, padded) = (
            self.sizes.window.kernel,
            self.sizes.row(),
            padded_run(self.sizes),
        );
        let three = S::F32_LANES == 16 && kernel == 3 && padded == 6 * S::F32_LANES;
        for (o, w) in self.w.chunks_exact(kernel * padded).enumerate() {
            let list = self.wins.of(o);
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

/// `dx` += dy · w at each place of a list, for `U` runs of `V` vectors. Returns `V`.
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
