//! The forward pass with a quarter of the multiplications: Winograd's F(4 × 4, 3 × 3).
//!
//! Sixteen outputs of a 3 × 3 kernel, a tile of 4 × 4, take 144 multiplications for each channel.
//! With tile and kernel transformed to another basis, as a Fourier transform does for long
//! convolutions, they take one for each of 6 × 6 places:
//!
//! ```text
//! Y = Aᵀ [ Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A
//!
//! d: 6 × 6 pixels, g: 3 × 3 weights, Y: 4 × 4 outputs
//! ```
//!
//! (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016, arXiv 1509.09308;
//! the matrices are theirs.) The sum over channels is a matrix product for each of the 36 places.
//! Weights are transformed once a batch, a tile of pixels once for all kernels. The results differ
//! from the direct sum's in their last bits.
// Loops that count to a constant are unrolled, and their sums stay in registers.
#![allow(clippy::needless_range_loop)]
mod uniform;
mod weights;

use pulp::{Simd, WithSimd};

use super::Block;
use super::tiled::{VECTORS, max_bias_relu, store};
use crate::buffer_pool::Buffer;
use crate::simd::mul_add;
use uniform::{Corner, UniformTiles};
pub use weights::Transformed;

/// The side of a tile of pixels, and its number of pixels.
const SIDE: usize = 6;
const PLACES: usize = SIDE * SIDE;

/// The side of a tile of outputs.
const OUT: usize = 4;

/// The number of tiles in a group: their sums for two vectors of kernels fill the registers.
const TILES: usize = 12;

/// The smallest number of tiles in an image for which this method is used: fewer leave registers
/// empty.
const MIN_TILES: usize = 6;

/// Whether this method can compute the block and is faster than direct sums.
pub fn fits(block: &Block) -> bool {
    let window = &block.window;
    window.kernel == 3
        && window.stride == 1
        && window.channels.is_multiple_of(16)
        && rows_and_columns(block).into_iter().product::<usize>() >= MIN_TILES
}

/// The rows and columns of tiles in an image.
fn rows_and_columns(block: &Block) -> [usize; 2] {
    block.output().map(|side| (side * block.pool).div_ceil(OUT))
}

/// `Bᵀ d`
#[inline(always)]
fn input_transform<S: Simd>(simd: S, d: [S::f32s; SIDE]) -> [S::f32s; SIDE] {
    let [four, minus_four, minus_five] = [
        simd.splat_f32s(4.0),
        simd.splat_f32s(-4.0),
        simd.splat_f32s(-5.0),
    ];
    let even = mul_add(simd, minus_four, d[2], d[4]);
    let odd = mul_add(simd, minus_four, d[1], d[3]);
    let gap = simd.sub_f32s(d[4], d[2]);
    let half = simd.sub_f32s(d[3], d[1]);
    let twice = simd.add_f32s(half, half);
    [
        mul_add(simd, four, d[0], mul_add(simd, minus_five, d[2], d[4])),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        simd.add_f32s(gap, twice),
        simd.sub_f32s(gap, twice),
        mul_add(simd, four, d[1], mul_add(simd, minus_five, d[3], d[5])),
    ]
}

/// `Aᵀ m`
#[inline(always)]
fn output_transform<S: Simd>(simd: S, m: [S::f32s; SIDE]) -> [S::f32s; OUT] {
    let (near, near_gap) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    let (far, far_gap) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
    [
        simd.add_f32s(m[0], simd.add_f32s(near, far)),
        mul_add(simd, simd.splat_f32s(2.0), far_gap, near_gap),
        mul_add(simd, simd.splat_f32s(4.0), far, near),
        simd.add_f32s(mul_add(simd, simd.splat_f32s(8.0), far_gap, near_gap), m[5]),
    ]
}

/// Computes the same outputs as [`tiled::forward`](super::tiled::forward).
pub fn forward(block: &Block, weights: &Transformed, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
    block.isa.run(Forward {
        block,
        weights,
        x,
        y,
        argmax,
    });
}

struct Forward<'a> {
    block: &'a Block,
    weights: &'a Transformed,
    x: &'a [f32],
    y: &'a mut [f32],
    argmax: &'a mut [u32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    /// A group has twelve tiles where there are 32 registers, four where there are 16.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if S::F32_LANES > 8 {
            self.run::<S, TILES>(simd);
        } else {
            self.run::<S, { TILES / 3 }>(simd);
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn run<S: Simd, const T: usize>(&mut self, simd: S) {
        let (channels, panel_width) = (self.block.window.channels, self.weights.panel_width);
        let [rows, columns] = rows_and_columns(self.block);
        let images = self.x.len() / self.block.padded();
        // (36, T, C); the last group may have fewer tiles, whose outputs are not stored.
        let mut pixels = Buffer::stale(PLACES * T * channels);
        let mut sums = Buffer::stale(PLACES * T * panel_width); // (36, T, panel_width)
        let (mut uniform, mut group) = (UniformTiles::default(), Vec::with_capacity(T));
        let tiles = images * rows * columns;
        let mut next = 0;
        while next < tiles {
            group.clear();
            while group.len() < T && next < tiles {
                let (image, at) = (next / (rows * columns), next % (rows * columns));
                let corner = [image, at / columns * OUT, at % columns * OUT];
                if !uniform.try_reuse(self.block, self.x, corner) {
                    self.transform::<S, T>(simd, corner, group.len(), &mut pixels);
                    group.push(corner);
                }
                next += 1;
            }
            self.multiply::<S, T>(simd, &group, &pixels, &mut sums);
        }
        uniform.copy(self.block, self.y, self.argmax);
    }

    /// Computes the outputs of the tiles at `corners` from their transformed pixels.
    #[inline(always)]
    fn multiply<S: Simd, const T: usize>(
        &mut self,
        simd: S,
        corners: &[Corner],
        pixels: &[f32],
        sums: &mut [f32],
    ) {
        if corners.is_empty() {
            return;
        }
        let (channels, panel_width) = (self.block.window.channels, self.weights.panel_width);
        let panels = self
            .weights
            .weights
            .chunks_exact(PLACES * channels * panel_width);
        for (o, weights) in panels.enumerate() {
            products::<S, T>(simd, channels, pixels, weights, sums);
            for (t, corner) in corners.iter().enumerate() {
                self.finish::<S, T>(simd, *corner, t, o * panel_width, sums);
            }
        }
    }

    /// `Bᵀ d B` of the tile whose pixels begin at `corner`: image, row, column. Pixels outside the
    /// image count as zero.
    #[inline(always)]
    fn transform<S: Simd, const T: usize>(
        &self,
        simd: S,
        corner: Corner,
        t: usize,
        to: &mut [f32],
    ) {
        let (channels, row) = (self.block.window.channels, self.block.row());
        let [height, width] = [self.block.padded() / row, row / channels];
        let vectors = channels / S::F32_LANES;
        let image = &self.x[corner[0] * self.block.padded()..][..self.block.padded()];
        let (image, to) = (S::as_simd_f32s(image).0, S::as_mut_simd_f32s(to).0);
        let inside = [height - corner[1], width - corner[2]].map(|left| left.min(SIDE));
        for v in 0..vectors {
            let mut d = [[simd.splat_f32s(0.0); SIDE]; SIDE]; // the tile, columns first
            for i in 0..inside[0] {
                let from = ((corner[1] + i) * width + corner[2]) * vectors + v;
                for j in 0..inside[1] {
                    d[j][i] = image[from + j * vectors];
                }
            }
            for j in 0..SIDE {
                d[j] = input_transform(simd, d[j]);
            }
            for i in 0..SIDE {
                let sums =
                    input_transform(simd, [d[0][i], d[1][i], d[2][i], d[3][i], d[4][i], d[5][i]]);
                for j in 0..SIDE {
                    to[((i * SIDE + j) * T + t) * vectors + v] = sums[j];
                }
            }
        }
    }

    /// Applies `Aᵀ m A` to a tile, then maximum, bias and ReLU.
    #[inline(always)]
    fn finish<S: Simd, const T: usize>(
        &mut self,
        simd: S,
        corner: Corner,
        t: usize,
        kernel: usize,
        sums: &[f32],
    ) {
        let sums = S::as_simd_f32s(sums).0;
        for v in 0..VECTORS {
            let from = kernel + v * S::F32_LANES;
            let bias = simd.partial_load_f32s(&self.weights.bias[from..][..S::F32_LANES]);
            let mut m = [[simd.splat_f32s(0.0); OUT]; SIDE];
            for j in 0..SIDE {
                let mut column = [simd.splat_f32s(0.0); SIDE];
                for i in 0..SIDE {
                    column[i] = sums[((i * SIDE + j) * T + t) * VECTORS + v];
                }
                m[j] = output_transform(simd, column);
            }
            let mut out = [[simd.splat_f32s(0.0); OUT]; OUT];
            for i in 0..OUT {
                out[i] =
                    output_transform(simd, [m[0][i], m[1][i], m[2][i], m[3][i], m[4][i], m[5][i]]);
            }
            self.store::<S>(simd, corner, from, &out, bias);
        }
    }

    /// Stores the outputs of a tile that lie within the image.
    #[inline(always)]
    fn store<S: Simd>(
        &mut self,
        simd: S,
        [image, row, column]: Corner,
        kernel: usize,
        out: &[[S::f32s; OUT]; OUT],
        bias: S::f32s,
    ) {
        let ([rows, columns], pool) = (self.block.output(), self.block.pool);
        for i in 0..(OUT / pool).min(rows - row / pool) {
            for j in 0..(OUT / pool).min(columns - column / pool) {
                let group =
                    image * self.block.groups() + (row / pool + i) * columns + column / pool + j;
                let (ys, argmax) = (&mut *self.y, &mut *self.argmax);
                if pool == 1 {
                    let result = max_bias_relu(simd, [out[i][j]], bias);
                    store::<S, 1>(simd, self.block, group, kernel, result, ys, argmax);
                } else {
                    let (i, j) = (2 * i, 2 * j);
                    let values = [out[i][j], out[i][j + 1], out[i + 1][j], out[i + 1][j + 1]];
                    let result = max_bias_relu(simd, values, bias);
                    store::<S, 4>(simd, self.block, group, kernel, result, ys, argmax);
                }
            }
        }
    }
}

/// For each of the 36 places, the product of pixels `(T, C)` and weights `(C, panel_width)`.
#[inline(always)]
fn products<S: Simd, const T: usize>(
    simd: S,
    channels: usize,
    pixels: &[f32],
    weights: &[f32],
    to: &mut [f32],
) {
    let (weights, to) = (S::as_simd_f32s(weights).0, S::as_mut_simd_f32s(to).0);
    let places = pixels
        .chunks_exact(T * channels)
        .zip(weights.chunks_exact(channels * VECTORS));
    for ((pixels, weights), to) in places.zip(to.chunks_exact_mut(T * VECTORS)) {
        let weights = weights.as_chunks::<VECTORS>().0;
        let mut rows = [pixels; T];
        for t in 0..T {
            rows[t] = &pixels[t * channels..][..weights.len()];
        }
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; T];
        for c in 0..weights.len() {
            for t in 0..T {
                let x = simd.splat_f32s(rows[t][c]);
                for v in 0..VECTORS {
                    sums[t][v] = mul_add(simd, x, weights[c][v], sums[t][v]);
                }
            }
        }
        for t in 0..T {
            to[t * VECTORS..][..VECTORS].copy_from_slice(&sums[t]);
        }
    }
}
