//! The weights in Winograd's basis.
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled
use pulp::{Simd, WithSimd};

use super::{PLACES, SIDE};
use crate::buffer_pool::Buffer;
use crate::conv_block::Block;
use crate::conv_block::tiled::VECTORS;
use crate::simd::mul_add;
use crate::thread_pool;
use crate::transpose::{self, Strides};

/// Transformed weights, `(O / panel_width, 36, C, panel_width)`, with zeros after the last kernel;
/// and the bias.
pub struct Transformed {
    pub(super) weights: Buffer,
    pub(super) bias: Vec<f32>,
    /// The number of kernels side by side.
    pub(super) panel_width: usize,
}

impl Transformed {
    /// `G g Gᵀ` for all kernels `w`, `(O, C, 3, 3)`.
    pub fn new(block: &Block, w: &[f32], bias: &[f32]) -> Self {
        let (panel_width, channels) = (VECTORS * block.isa.lanes(), block.window.channels);
        let panels = block.kernels.div_ceil(panel_width);
        let mut weights = Buffer::stale(panels * PLACES * channels * panel_width);
        let parts = weights
            .chunks_mut(PLACES * channels * panel_width)
            .zip(w.chunks(panel_width * channels * 9));
        let parts: Vec<_> = parts.collect();
        let share = parts.len().div_ceil(thread_pool::MAX_PARTS).max(1);
        let mut parts = parts.into_iter();
        let shares = std::iter::from_fn(|| {
            let share: Vec<_> = parts.by_ref().take(share).collect();
            (!share.is_empty()).then_some(share)
        });
        thread_pool::for_each(shares, |_, share| {
            for (to, w) in share {
                let kernels = w.len() / (channels * 9);
                // (C, 3, 3, panel_width)
                let mut transposed = Buffer::zeros(channels * 9 * panel_width);
                let size = Strides {
                    rows: kernels,
                    columns: channels * 9,
                    from: channels * 9,
                    to: panel_width,
                };
                transpose::copy(size, w, &mut transposed);
                block.isa.run(Weights {
                    transposed: &transposed,
                    to,
                });
            }
        });
        let mut padded_bias = bias.to_vec();
        padded_bias.resize(panels * panel_width, 0.0);
        Self {
            weights,
            bias: padded_bias,
            panel_width,
        }
    }
}

struct Weights<'a> {
    transposed: &'a [f32],
    to: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.transposed.len() / (9 * VECTORS * S::F32_LANES);
        let (transposed, to) = (
            S::as_simd_f32s(self.transposed).0,
            S::as_mut_simd_f32s(self.to).0,
        );
        for c in 0..channels {
            for v in 0..VECTORS {
                let mut rows = [[simd.splat_f32s(0.0); 3]; SIDE]; // G g
                for j in 0..3 {
                    let at = (c * 9 + j) * VECTORS + v;
                    let g = [
                        transposed[at],
                        transposed[at + 3 * VECTORS],
                        transposed[at + 6 * VECTORS],
                    ];
                    let sums = kernel_transform(simd, g);
                    for i in 0..SIDE {
                        rows[i][j] = sums[i];
                    }
                }
                for i in 0..SIDE {
                    let sums = kernel_transform(simd, rows[i]);
                    for j in 0..SIDE {
                        to[((i * SIDE + j) * channels + c) * VECTORS + v] = sums[j];
                    }
                }
            }
        }
    }
}

/// `G g`
#[inline(always)]
fn kernel_transform<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; SIDE] {
    let outer = simd.add_f32s(g[0], g[2]);
    let sixth = simd.splat_f32s(-1.0 / 6.0);
    let wide = simd.mul_f32s(g[2], simd.splat_f32s(1.0 / 6.0));
    let wide = mul_add(simd, g[0], simd.splat_f32s(1.0 / 24.0), wide);
    let middle = simd.mul_f32s(g[1], simd.splat_f32s(1.0 / 12.0));
    [
        simd.mul_f32s(g[0], simd.splat_f32s(0.25)),
        simd.mul_f32s(simd.add_f32s(outer, g[1]), sixth),
        simd.mul_f32s(simd.sub_f32s(outer, g[1]), sixth),
        simd.add_f32s(wide, middle),
        simd.sub_f32s(wide, middle),
        g[2],
    ]
}
