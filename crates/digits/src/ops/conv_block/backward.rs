//! Backward: only winners count.
//!
//! Of the four outputs that compete in a pooling window one has a gradient, and ReLU takes away about half of those. So
//! each kernel first collects a list of *places where it won*, each with its gradient `dy`; then, `K C` numbers at a time,
//!
//! ```text
//! dw[o, u, ·] += dy · x[place + row u, ·]        dx[place + row u, ·] += dy · w[o, u, ·]
//! ```
//!
//! which is a quarter or an eighth of the multiplications that the whole map would take.
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled, their sums stay in registers
use pulp::{Simd, WithSimd};

use super::Block;
use crate::cpu::reuse::Buffer;
use crate::cpu::simd::mul_add;
use crate::cpu::team;

/// Numbers in the widest vector.
const SLACK: usize = 16;

/// Parts in which weights change their order.
const PARTS: usize = 4;

/// Numbers behind the last image that loops may read (as zeros) and write (by adding zero).
pub const fn slack() -> usize {
    SLACK
}

/// `K C`, up to a whole number of the widest vectors.
pub fn padded_run(sizes: &Block) -> usize {
    sizes.run().next_multiple_of(SLACK)
}

/// The weights `(O, C, K, K)` as `(O, K, run)`, each run `(K, C)` filled up with zeros.
pub fn runs(sizes: &Block, w: &[f32]) -> Vec<f32> {
    let (k, channels, padded) = (
        sizes.window.kernel,
        sizes.window.channels,
        padded_run(sizes),
    );
    let mut runs = vec![0.0; sizes.kernels * k * padded];
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

/// One place where a kernel won: where its window begins in the padded images (the bits of a `u32`), and `dy`.
type Win = [f32; 2];

/// For each kernel, where it won and with which gradient.
pub struct Wins {
    /// A list for each kernel, every `capacity` pairs.
    wins: Buffer,
    lengths: Vec<usize>,
    capacity: usize,
}

impl Wins {
    /// Collects them from the gradient `dy` and the `codes` of the forward pass, both `(n, H″, W″, O)`.
    pub fn new(sizes: &Block, places: &[usize], dy: &[f32], codes: &[u32]) -> Self {
        let (kernels, group) = (sizes.kernels, sizes.group());
        let capacity = dy.len() / kernels;
        let mut wins = Buffer::any(2 * kernels * capacity);
        let mut lengths = vec![0; kernels];
        let per_image = sizes.groups();
        let rows = dy.chunks_exact(kernels).zip(codes.chunks_exact(kernels));
        for (g, (dy, codes)) in rows.enumerate() {
            let places = &places[g % per_image * group..][..group];
            let base = g / per_image * sizes.padded();
            let pairs = wins.as_chunks_mut::<2>().0;
            let lists = pairs.chunks_exact_mut(capacity).zip(&mut lengths);
            for ((&dy, &code), (list, length)) in dy.iter().zip(codes).zip(lists) {
                // Written always and counted only if it won: no branch that a processor could guess wrongly.
                let offset = base + places[(code as usize).min(group - 1)];
                list[*length] = [f32::from_bits(offset as u32), dy];
                *length += usize::from((code as usize) < group);
            }
        }
        Self {
            wins,
            lengths,
            capacity,
        }
    }

    fn of(&self, kernel: usize) -> &[Win] {
        let pairs = self.wins.as_chunks::<2>().0;
        &pairs[kernel * self.capacity..][..self.lengths[kernel]]
    }

    /// Adds each kernel's gradients to that of its bias.
    pub fn add_to_bias(&self, db: &mut [f32]) {
        for (o, db) in db.iter_mut().enumerate() {
            *db += self.of(o).iter().map(|[_, dy]| dy).sum::<f32>();
        }
    }
}

/// Adds to `dw`, laid out as [`runs`], what the padded images `x` contribute.
pub fn add_to_weights(sizes: &Block, wins: &Wins, x: &[f32], dw: &mut [f32]) {
    sizes.isa.run(ToWeights { sizes, wins, x, dw });
}

/// Adds to `dx`, the gradient of the padded images, what the weights, laid out as [`runs`], contribute.
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
        let padded = padded_run(self.sizes);
        let rows = self.dw.chunks_exact_mut(padded).enumerate();
        for (row, dw) in rows {
            let (o, u) = (
                row / self.sizes.window.kernel,
                row % self.sizes.window.kernel,
            );
            let wins = self.wins.of(o);
            let mut at = u * self.sizes.row();
            let mut dw = S::as_mut_simd_f32s(dw).0;
            while !dw.is_empty() {
                let vectors = match dw.len() {
                    6.. => accumulate::<S, 6, 2>(simd, wins, &self.x[at..], dw),
                    2.. => accumulate::<S, 2, 4>(simd, wins, &self.x[at..], dw),
                    _ => accumulate::<S, 1, 4>(simd, wins, &self.x[at..], dw),
                };
                at += vectors * S::F32_LANES;
                dw = &mut dw[vectors..];
            }
        }
    }
}

/// `dw` += Σ dy · x over the wins, for `V` vectors, in `R` interleaved sums: an addition waits for the one before it. Returns `V`.
#[inline(always)]
fn accumulate<S: Simd, const V: usize, const R: usize>(
    simd: S,
    wins: &[Win],
    x: &[f32],
    dw: &mut [S::f32s],
) -> usize {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let (rounds, rest) = wins.as_chunks::<R>();
    for round in rounds {
        for r in 0..R {
            add_one(simd, &round[r], x, &mut sums[r]);
        }
    }
    for win in rest {
        add_one(simd, win, x, &mut sums[0]);
    }
    for v in 0..V {
        for sums in &sums {
            dw[v] = simd.add_f32s(dw[v], sums[v]);
        }
    }
    V
}

#[inline(always)]
fn add_one<S: Simd, const V: usize>(simd: S, win: &Win, x: &[f32], sums: &mut [S::f32s; V]) {
    let x = S::as_simd_f32s(&x[win[0].to_bits() as usize..][..V * S::F32_LANES]).0;
    let dy = simd.splat_f32s(win[1]);
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

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (padded, row) = (padded_run(self.sizes), self.sizes.row());
        let kernels = self.w.chunks_exact(self.sizes.window.kernel * padded);
        for (o, w) in kernels.enumerate() {
            for win in self.wins.of(o) {
                let dy = simd.splat_f32s(win[1]);
                for (u, w) in w.chunks_exact(padded).enumerate() {
                    let dx = &mut self.dx[win[0].to_bits() as usize + u * row..][..padded];
                    let dx = S::as_mut_simd_f32s(dx).0;
                    for (dx, w) in dx.iter_mut().zip(S::as_simd_f32s(w).0) {
                        *dx = mul_add(simd, dy, *w, *dx);
                    }
                }
            }
        }
    }
}
