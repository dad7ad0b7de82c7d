//! Forward: images `(B, H, W, C)` → `(B, H″, W″, O)`, with the winner of each pooling window.
//!
//! The kernels are the vectors: one vector holds the same weight of many kernels, and every number of the image is
//! multiplied by all of them at once. Twelve outputs times two vectors of sums stay in registers while the sums run
//! (*register tiling*), so that each weight that is loaded serves twelve times and each pixel twice. An image's windows
//! are read where they lie — with channels last, a row of a window is one run of `K C` numbers — and not copied to a
//! matrix first. The four outputs that compete in a pooling window lie in neighbouring registers when their sums are
//! done: bias, ReLU and maximum cost no trip to memory.
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled, their sums stay in registers

use pulp::{Simd, WithSimd};

use super::Block;
use crate::cpu::simd::mul_add;

/// Vectors of kernels in a tile.
pub const VECTORS: usize = 2;

/// The weights `(O, C, K, K)` in the order in which a tile reads them: `(O / block, K, K, C, block)`, zeros behind
/// the last kernel.
pub struct Packed {
    weights: Vec<f32>,
    bias: Vec<f32>,
    block: usize,
}

impl Packed {
    /// Packs weights and bias for the block's instructions.
    pub fn new(sizes: &Block, w: &[f32], bias: &[f32]) -> Self {
        let (k, channels) = (sizes.window.kernel, sizes.window.channels);
        let block = VECTORS * sizes.isa.lanes();
        let blocks = sizes.kernels.div_ceil(block);
        let mut weights = vec![0.0; blocks * sizes.window.column() * block];
        for (o, w) in w.chunks_exact(sizes.window.column()).enumerate() {
            let base = o / block * sizes.window.column() * block + o % block;
            for (c, w) in w.chunks_exact(k * k).enumerate() {
                for (uv, w) in w.iter().enumerate() {
                    weights[base + (uv * channels + c) * block] = *w;
                }
            }
        }
        let mut padded_bias = bias.to_vec();
        padded_bias.resize(blocks * block, 0.0);
        Self {
            weights,
            bias: padded_bias,
            block,
        }
    }
}

/// Computes the outputs `y` of some images `x`, which are padded already, and the `codes` as
/// [`forward_slices`](super::forward_slices) has them.
pub fn forward(
    sizes: &Block,
    packed: &Packed,
    places: &[usize],
    x: &[f32],
    y: &mut [f32],
    codes: &mut [u32],
) {
    sizes.isa.run(Tiles {
        sizes,
        packed,
        places,
        x,
        y,
        codes,
    });
}

struct Tiles<'a> {
    sizes: &'a Block,
    packed: &'a Packed,
    places: &'a [usize],
    x: &'a [f32],
    y: &'a mut [f32],
    codes: &'a mut [u32],
}

impl WithSimd for Tiles<'_> {
    type Output = ();

    /// Twelve outputs a tile where there are 32 registers, four where there are 16.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match (S::F32_LANES > 8, self.sizes.pool) {
            (true, 1) => self.tiles::<S, 12, 1>(simd),
            (true, _) => self.tiles::<S, 12, 4>(simd),
            (false, 1) => self.tiles::<S, 4, 1>(simd),
            (false, _) => self.tiles::<S, 4, 4>(simd),
        }
    }
}

impl Tiles<'_> {
    /// All tiles of `T` convolution outputs in groups of `G`.
    #[inline(always)]
    fn tiles<S: Simd, const T: usize, const G: usize>(&mut self, simd: S) {
        let sizes = self.sizes;
        let groups = self.y.len() / sizes.kernels;
        let kernels = self
            .packed
            .weights
            .chunks_exact(sizes.window.column() * self.packed.block);
        for (o, weights) in kernels.enumerate() {
            let mut group = 0;
            while group < groups {
                let here = (T / G).min(groups - group);
                let offsets = self.offsets::<T, G>(group, here);
                let sums = sums::<S, T>(simd, sizes, self.x, &offsets, weights);
                self.finish::<S, T, G>(simd, o * self.packed.block, group, here, sums);
                group += here;
            }
        }
    }

    /// Where the windows of the groups from `group` on begin in `x`; a short tile repeats its last group.
    #[inline(always)]
    fn offsets<const T: usize, const G: usize>(&self, group: usize, here: usize) -> [usize; T] {
        let per_image = self.sizes.groups();
        let mut offsets = [0; T];
        let (mut image, mut at) = (group / per_image, group % per_image);
        for g in 0..T / G {
            let base = image * self.sizes.padded();
            for k in 0..G {
                offsets[g * G + k] = base + self.places[at * G + k];
            }
            if g + 1 < here {
                at += 1;
                if at == per_image {
                    (image, at) = (image + 1, 0);
                }
            }
        }
        offsets
    }

    /// Maximum of each group, bias, ReLU; the results of `here` groups are stored.
    #[inline(always)]
    fn finish<S: Simd, const T: usize, const G: usize>(
        &mut self,
        simd: S,
        kernel: usize,
        group: usize,
        here: usize,
        sums: [[S::f32s; VECTORS]; T],
    ) {
        let width = VECTORS * S::F32_LANES;
        let bias = S::as_simd_f32s(&self.packed.bias[kernel..][..width]).0;
        for v in 0..VECTORS {
            for g in 0..(T / G).min(here) {
                let mut values = [sums[0][0]; G];
                for k in 0..G {
                    values[k] = sums[g * G + k][v];
                }
                let from = kernel + v * S::F32_LANES;
                let won = win(simd, values, bias[v]);
                store::<S, G>(simd, self.sizes, group + g, from, won, self.y, self.codes);
            }
        }
    }
}

/// Of the `G` outputs that compete for a place the largest, with its bias, if that is above 0; and which it was, from 1 on, or 0 for
/// none.
#[inline(always)]
pub fn win<S: Simd, const G: usize>(
    simd: S,
    values: [S::f32s; G],
    bias: S::f32s,
) -> (S::f32s, S::u32s) {
    let (mut best, mut code) = (values[0], simd.splat_u32s(1));
    for k in 1..G {
        // The first of equals wins, and what is not a number wins over every number.
        let wins = simd.or_m32s(
            simd.greater_than_f32s(values[k], best),
            simd.not_m32s(simd.equal_f32s(values[k], values[k])),
        );
        best = simd.select_f32s(wins, values[k], best);
        code = simd.select_u32s(wins, simd.splat_u32s(k as u32 + 1), code);
    }
    let (y, zero) = (simd.add_f32s(best, bias), simd.splat_f32s(0.0));
    let off = simd.less_than_or_equal_f32s(y, zero);
    let y = simd.select_f32s(off, zero, y);
    (y, simd.select_u32s(off, simd.splat_u32s(0), code))
}

/// Stores outputs and, of more than one that competed, codes of the kernels from `kernel` on, as many as there are, at the place
/// `group`.
#[inline(always)]
pub fn store<S: Simd, const G: usize>(
    simd: S,
    sizes: &Block,
    group: usize,
    kernel: usize,
    (y, code): (S::f32s, S::u32s),
    ys: &mut [f32],
    codes: &mut [u32],
) {
    let lanes = sizes.kernels.saturating_sub(kernel).min(S::F32_LANES);
    let at = group * sizes.kernels + kernel;
    if lanes == S::F32_LANES {
        S::as_mut_simd_f32s(&mut ys[at..][..lanes]).0[0] = y;
        if G > 1 {
            S::as_mut_simd_u32s(&mut codes[at..][..lanes]).0[0] = code;
        }
    } else if lanes > 0 {
        simd.partial_store_f32s(&mut ys[at..][..lanes], y);
        if G > 1 {
            simd.partial_store_u32s(&mut codes[at..][..lanes], code);
        }
    }
}

/// Σ w · x over the windows that begin at `offsets`, for two vectors of kernels.
#[inline(always)]
fn sums<S: Simd, const T: usize>(
    simd: S,
    sizes: &Block,
    x: &[f32],
    offsets: &[usize; T],
    weights: &[f32],
) -> [[S::f32s; VECTORS]; T] {
    let (run, row) = (sizes.run(), sizes.row());
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; T];
    for (u, weights) in weights
        .chunks_exact(run * VECTORS * S::F32_LANES)
        .enumerate()
    {
        let (weights, _) = S::as_simd_f32s(weights).0.as_chunks::<VECTORS>();
        let weights = &weights[..run];
        let mut runs = [x; T];
        for t in 0..T {
            runs[t] = &x[offsets[t] + u * row..][..run];
        }
        for q in 0..run {
            for t in 0..T {
                let x = simd.splat_f32s(runs[t][q]);
                for v in 0..VECTORS {
                    sums[t][v] = mul_add(simd, x, weights[q][v], sums[t][v]);
                }
            }
        }
    }
    sums
}
