//! Kernels in Winograd's basis.
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled
use pulp::{Simd, WithSimd};

use super::{PLACES, SIDE};
use crate::cpu::reuse::Buffer;
use crate::cpu::simd::mul_add;
use crate::cpu::team;
use crate::cpu::transpose::{self, Size};
use crate::ops::conv_block::Block;
use crate::ops::conv_block::forward::VECTORS;

/// Transformed weights, `(O / block, 36, C, block)`, with zeros behind the last kernel; and the bias.
pub struct Transformed {
    pub(super) weights: Buffer,
    pub(super) bias: Vec<f32>,
    /// Kernels side by side.
    pub(super) block: usize,
}

impl Transformed {
    /// `G g Gᵀ` for all kernels `w`, `(O, C, 3, 3)`.
    pub fn new(sizes: &Block, w: &[f32], bias: &[f32]) -> Self {
        let (block, channels) = (VECTORS * sizes.isa.lanes(), sizes.window.channels);
        let blocks = sizes.kernels.div_ceil(block);
        let mut weights = Buffer::any(blocks * PLACES * channels * block);
        let parts = weights
            .chunks_mut(PLACES * channels * block)
            .zip(w.chunks(block * channels * 9));
        let parts: Vec<_> = parts.collect();
        let share = parts.len().div_ceil(team::MOST_PARTS).max(1);
        let mut parts = parts.into_iter();
        let shares = std::iter::from_fn(|| {
            let share: Vec<_> = parts.by_ref().take(share).collect();
            (!share.is_empty()).then_some(share)
        });
        team::for_each(shares, |_, share| {
            for (to, w) in share {
                let kernels = w.len() / (channels * 9);
                let mut turned = Buffer::zeros(channels * 9 * block); // (C, 3, 3, block)
                let size = Size {
                    rows: kernels,
                    columns: channels * 9,
                    from: channels * 9,
                    to: block,
                };
                transpose::copy(size, w, &mut turned);
                sizes.isa.run(Weights {
                    turned: &turned,
                    to,
                });
            }
        });
        let mut padded_bias = bias.to_vec();
        padded_bias.resize(blocks * block, 0.0);
        Self {
            weights,
            bias: padded_bias,
            block,
        }
    }
}

struct Weights<'a> {
    turned: &'a [f32],
    to: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.turned.len() / (9 * VECTORS * S::F32_LANES);
        let (turned, to) = (
            S::as_simd_f32s(self.turned).0,
            S::as_mut_simd_f32s(self.to).0,
        );
        for c in 0..channels {
            for v in 0..VECTORS {
                let mut rows = [[simd.splat_f32s(0.0); 3]; SIDE]; // G g
                for j in 0..3 {
                    let at = (c * 9 + j) * VECTORS + v;
                    let g = [
                        turned[at],
                        turned[at + 3 * VECTORS],
                        turned[at + 6 * VECTORS],
                    ];
                    let sums = to_six(simd, g);
                    for i in 0..SIDE {
                        rows[i][j] = sums[i];
                    }
                }
                for i in 0..SIDE {
                    let sums = to_six(simd, rows[i]);
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
fn to_six<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; SIDE] {
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
