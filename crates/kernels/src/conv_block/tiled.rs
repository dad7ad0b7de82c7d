//! The forward pass by direct sums: images `(B, H, W, C)` → outputs and argmax `(B, H″, W″, O)`.
//!
//! The kernels are the vectors: one vector holds the same weight of many kernels, and every number
//! of the image is multiplied by all of them at once. Twelve outputs times two vectors of sums stay
//! in registers while the sums run (*register tiling*), so that each weight that is loaded serves
//! twelve times and each pixel twice. An image's windows are read in place (with channels last, a
//! row of a window is one run of `K C` numbers) and not copied to a matrix first. The four outputs
//! of a pooling window lie in neighbouring registers when their sums are done: bias, ReLU and
//! maximum cost no trip to memory.
// Loops that count to a constant are unrolled, and their sums stay in registers.
#![allow(clippy::needless_range_loop)]

use pulp::{Simd, WithSimd};

use super::Block;
use crate::simd::mul_add;

/// The number of vectors of kernels in a tile.
pub const VECTORS: usize = 2;

/// The weights `(O, C, K, K)` in the order in which a tile reads them:
/// `(O / panel_width, K, K, C, panel_width)`, with zeros after the last kernel.
pub struct Packed {
    weights: Vec<f32>,
    bias: Vec<f32>,
    panel_width: usize,
}

impl Packed {
    /// Packs weights `(O, C, K, K)` and bias `(O)` for the instructions of `block`.
    pub fn new(block: &Block, w: &[f32], bias: &[f32]) -> Self {
        let (k, channels) = (block.window.kernel, block.window.channels);
        let panel_width = VECTORS * block.isa.lanes();
        let panels = block.kernels.div_ceil(panel_width);
        let mut weights = vec![0.0; panels * block.window.column() * panel_width];
        for (o, w) in w.chunks_exact(block.window.column()).enumerate() {
            let base = o / panel_width * block.window.column() * panel_width + o % panel_width;
            for (c, w) in w.chunks_exact(k * k).enumerate() {
                for (uv, w) in w.iter().enumerate() {
                    weights[base + (uv * channels + c) * panel_width] = *w;
                }
            }
        }
        let mut padded_bias = bias.to_vec();
        padded_bias.resize(panels * panel_width, 0.0);
        Self {
            weights,
            bias: padded_bias,
            panel_width,
        }
    }
}

/// Computes the outputs `y` and the `argmax`, as in [`forward`](super::forward), of some images `x`
/// with their padding.
pub fn forward(
    block: &Block,
    packed: &Packed,
    window_offsets: &[usize],
    x: &[f32],
    y: &mut [f32],
    argmax: &mut [u32],
) {
    block.isa.run(Tiles {
        block,
        packed,
        window_offsets,
        x,
        y,
        argmax,
    });
}

struct Tiles<'a> {
    block: &'a Block,
    packed: &'a Packed,
    window_offsets: &'a [usize],
    x: &'a [f32],
    y: &'a mut [f32],
    argmax: &'a mut [u32],
}

impl WithSimd for Tiles<'_> {
    type Output = ();

    /// A tile has twelve outputs where there are 32 registers, four where there are 16.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match (S::F32_LANES > 8, self.block.pool) {
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
        let block = self.block;
        let groups = self.y.len() / block.kernels;
        let kernels = self
            .packed
            .weights
            .chunks_exact(block.window.column() * self.packed.panel_width);
        for (o, weights) in kernels.enumerate() {
            let mut group = 0;
            while group < groups {
                let here = (T / G).min(groups - group);
                let offsets = self.offsets::<T, G>(group, here);
                let sums = sums::<S, T>(simd, block, self.x, &offsets, weights);
                self.finish::<S, T, G>(simd, o * self.packed.panel_width, group, here, sums);
                group += here;
            }
        }
    }

    /// The offsets in `x` of the windows of the groups from `group` on; a short tile repeats its
    /// last group.
    #[inline(always)]
    fn offsets<const T: usize, const G: usize>(&self, group: usize, here: usize) -> [usize; T] {
        let per_image = self.block.groups();
        let mut offsets = [0; T];
        let (mut image, mut at) = (group / per_image, group % per_image);
        for g in 0..T / G {
            let base = image * self.block.padded();
            for k in 0..G {
                offsets[g * G + k] = base + self.window_offsets[at * G + k];
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

    /// Applies maximum, bias and ReLU to each group, and stores the results of `here` groups.
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
                let result = max_bias_relu(simd, values, bias[v]);
                store::<S, G>(
                    simd,
                    self.block,
                    group + g,
                    from,
                    result,
                    self.y,
                    self.argmax,
                );
            }
        }
    }
}

/// `relu(max(values) + bias)` and the argmax, counted from 1, or 0 where ReLU gives 0.
#[inline(always)]
pub fn max_bias_relu<S: Simd, const G: usize>(
    simd: S,
    values: [S::f32s; G],
    bias: S::f32s,
) -> (S::f32s, S::u32s) {
    let (mut best, mut index) = (values[0], simd.splat_u32s(1));
    for k in 1..G {
        // The first of equal values is the maximum, and NaN is larger than every number.
        let is_larger = simd.or_m32s(
            simd.greater_than_f32s(values[k], best),
            simd.not_m32s(simd.equal_f32s(values[k], values[k])),
        );
        best = simd.select_f32s(is_larger, values[k], best);
        index = simd.select_u32s(is_larger, simd.splat_u32s(k as u32 + 1), index);
    }
    let (y, zero) = (simd.add_f32s(best, bias), simd.splat_f32s(0.0));
    let off = simd.less_than_or_equal_f32s(y, zero);
    let y = simd.select_f32s(off, zero, y);
    (y, simd.select_u32s(off, simd.splat_u32s(0), index))
}

/// Stores the outputs and, if `G` is more than 1, the argmax of the kernels from `kernel` on at the
/// place `group`; lanes beyond the last kernel are left out.
#[inline(always)]
pub fn store<S: Simd, const G: usize>(
    simd: S,
    block: &Block,
    group: usize,
    kernel: usize,
    (y, index): (S::f32s, S::u32s),
    ys: &mut [f32],
    argmax: &mut [u32],
) {
    let lanes = block.kernels.saturating_sub(kernel).min(S::F32_LANES);
    let at = group * block.kernels + kernel;
    if lanes == S::F32_LANES {
        S::as_mut_simd_f32s(&mut ys[at..][..lanes]).0[0] = y;
        if G > 1 {
            S::as_mut_simd_u32s(&mut argmax[at..][..lanes]).0[0] = index;
        }
    } else if lanes > 0 {
        simd.partial_store_f32s(&mut ys[at..][..lanes], y);
        if G > 1 {
            simd.partial_store_u32s(&mut argmax[at..][..lanes], index);
        }
    }
}

/// `Σ w · x` over the windows that begin at `offsets`, for two vectors of kernels.
#[inline(always)]
fn sums<S: Simd, const T: usize>(
    simd: S,
    block: &Block,
    x: &[f32],
    offsets: &[usize; T],
    weights: &[f32],
) -> [[S::f32s; VECTORS]; T] {
    let (run, row) = (block.run(), block.row());
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
