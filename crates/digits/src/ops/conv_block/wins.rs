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
use pulp::{Simd, WithSimd, bytemuck};

use super::Block;
use crate::cpu::reuse::Buffer;
use crate::cpu::simd::mul_add;
use crate::cpu::team;
use crate::cpu::transpose::{self, Size};
use crate::ops::sum;

/// Numbers in the widest vector.
const SLACK: usize = 16;

/// Numbers of the padded image that a band may cover: 32 KB.
const BAND: usize = 8192;

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

/// For each kernel, where in a band of an image it won, and with which gradient.
pub struct Wins {
    /// Where the kernel begins in the padded image, for each group and each of its outputs.
    places: Vec<u32>,
    /// Groups in a band.
    band: usize,
    /// Groups of a band, up to a whole number of vectors: room for a kernel's list.
    room: usize,
    at: Buffer<u32>,
    dy: Buffer,
    lengths: Vec<usize>,
}

impl Wins {
    /// Room for the lists of a band.
    pub fn new(sizes: &Block) -> Self {
        let row = sizes.output()[1];
        let pixels = sizes.pool * sizes.window.stride * sizes.row(); // that a further row of outputs covers
        let rows = (BAND.saturating_sub(sizes.window.kernel * sizes.row()) / pixels).max(1);
        let band = rows.min(sizes.output()[0]) * row;
        let room = band.next_multiple_of(SLACK);
        Self {
            places: sizes
                .places()
                .into_iter()
                .map(|place| place as u32)
                .collect(),
            band,
            room,
            at: Buffer::any(sizes.kernels * room),
            dy: Buffer::any(sizes.kernels * room),
            lengths: vec![0; sizes.kernels],
        }
    }

    /// Calls `use_lists` for each band of an image, given the gradient `dy` and the `codes` of the forward pass, `(H″, W″, O)`.
    pub fn for_each_band(
        &mut self,
        sizes: &Block,
        (dy, codes): (&[f32], &[u32]),
        mut use_lists: impl FnMut(&Self),
    ) {
        let numbers = self.band * sizes.kernels;
        let mut places = std::mem::take(&mut self.places);
        let bands = places.chunks(self.band * sizes.group());
        for (places, (dy, codes)) in bands.zip(dy.chunks(numbers).zip(codes.chunks(numbers))) {
            self.list(sizes, places, dy, codes);
            use_lists(self);
        }
        std::mem::swap(&mut self.places, &mut places);
    }

    fn list(&mut self, sizes: &Block, places: &[u32], dy: &[f32], codes: &[u32]) {
        let (kernels, groups) = (sizes.kernels, dy.len() / sizes.kernels);
        let turn = Size {
            rows: groups,
            columns: kernels,
            from: kernels,
            to: self.room,
        };
        let mut codes_of = Buffer::<f32>::any(kernels * self.room);
        transpose::copy(turn, bytemuck::cast_slice(codes), &mut codes_of);
        transpose::copy(turn, dy, &mut self.dy);
        let codes_of: &[u32] = bytemuck::cast_slice(&codes_of);
        for o in 0..kernels {
            let (codes, at) = (
                &codes_of[o * self.room..][..groups],
                &mut self.at[o * self.room..][..self.room],
            );
            let dy = &mut self.dy[o * self.room..][..self.room];
            self.lengths[o] = keep_winners(sizes, places, codes, at, dy);
        }
    }

    /// Adds up each kernel's gradients.
    pub fn add_to_bias(&self, db: &mut [f32]) {
        for (kernel, db) in db.iter_mut().enumerate() {
            *db += sum(self.of(kernel).1);
        }
    }

    fn of(&self, kernel: usize) -> (&[u32], &[f32]) {
        let (from, length) = (kernel * self.room, self.lengths[kernel]);
        (&self.at[from..][..length], &self.dy[from..][..length])
    }
}

/// Of a kernel's groups keeps those with a winner: where it stands goes to `at`, its gradient moves to the front of `dy`. Returns
/// how many there are.
fn keep_winners(
    sizes: &Block,
    places: &[u32],
    codes: &[u32],
    at: &mut [u32],
    dy: &mut [f32],
) -> usize {
    let group = sizes.group();
    #[cfg(target_arch = "x86_64")]
    if sizes.isa.available() == crate::cpu::simd::Isa::Avx512 {
        // SAFETY: the CPU has the instructions.
        return unsafe { crate::cpu::avx512::keep_winners(group, places, codes, at, dy) };
    }
    let mut length = 0;
    for (g, (&code, places)) in codes.iter().zip(places.chunks_exact(group)).enumerate() {
        // Written always and counted only if it won: no branch that a processor could guess wrongly.
        let winner = code.wrapping_sub(1) as usize;
        (at[length], dy[length]) = (places[winner.min(group - 1)], dy[g]);
        length += usize::from(code != 0);
    }
    length
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
