//! The gradients of a first layer's weights: a sum over all outputs.
//!
//! A window of one channel holds too few numbers for a vector. So the kernels are the vectors, as
//! in the forward pass, and the sums of nine of the window's weights stay in registers during a
//! pass over the image:
//!
//! ```text
//! dw[·, t] += dy[output, ·] · x[offset(output) + t]
//! ```
//!
//! with `dy` zero for the kernels whose maximum lies elsewhere. Windows that are all zeros are
//! skipped.
// Loops that count to a constant are unrolled, and their sums stay in registers.
#![allow(clippy::needless_range_loop)]
use pulp::{Simd, WithSimd};

use super::Block;
use crate::reduce::add;
use crate::simd::mul_add;
use crate::transpose::{self, Strides};

/// The number of a window's weights that are summed in one pass.
const TAPS: usize = 9;

/// The number of vectors of kernels that are summed in one pass.
const VECTORS: usize = 2;

/// The largest window, in numbers, for which this method is used.
pub const MAX_DIRECT: usize = 32;

/// The offset in the padded image of each number of a window from its first, in the order `(C, K,
/// K)`.
fn taps(block: &Block) -> Vec<usize> {
    let (k, channels) = (block.window.kernel, block.window.channels);
    let offset = |t: usize| t / k % k * block.row() + t % k * channels + t / (k * k);
    (0..block.window.column()).map(offset).collect()
}

/// Adds what the padded image `x` contributes to `dw`, `(O, C, K, K)`, and to `db`, `(O)`, given
/// `dy` and the argmax of the forward pass, `(H″, W″, O)`.
pub fn add_to_parameters(
    block: &Block,
    window_offsets: &[usize],
    x: &[f32],
    (dy, argmax): (&[f32], &[u32]),
    [dw, db]: [&mut [f32]; 2],
) {
    let (column, taps) = (block.window.column(), taps(block));
    let width = VECTORS * block.isa.lanes();
    let (mut sums, mut bias) = (vec![0.0; TAPS * width], vec![0.0; width]);
    for first in (0..column).step_by(TAPS) {
        let count = TAPS.min(column - first);
        // The rest repeats the first, and is left out below.
        let mut pass_taps = [taps[first]; TAPS];
        pass_taps[..count].copy_from_slice(&taps[first..][..count]);
        for from in (0..block.kernels).step_by(width) {
            let kernels = width.min(block.kernels - from);
            block.isa.run(Pass {
                block,
                window_offsets,
                x,
                dy,
                argmax,
                taps: pass_taps,
                from,
                kernels,
                sums: &mut sums,
                bias: &mut bias,
            });
            if first == 0 {
                add(&mut db[from..][..kernels], &bias);
            }
            let size = Strides {
                rows: count,
                columns: kernels,
                from: width,
                to: column,
            };
            transpose::add(size, &sums, &mut dw[from * column + first..]);
        }
    }
}

struct Pass<'a> {
    block: &'a Block,
    window_offsets: &'a [usize],
    x: &'a [f32],
    dy: &'a [f32],
    argmax: &'a [u32],
    taps: [usize; TAPS],
    /// The first kernel of the pass.
    from: usize,
    /// The number of kernels of the pass.
    kernels: usize,
    /// `(TAPS, VECTORS · lanes)`
    sums: &'a mut [f32],
    /// `(VECTORS · lanes)`
    bias: &'a mut [f32],
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (all, group) = (self.block.kernels, self.block.group());
        let zero = simd.splat_f32s(0.0);
        let (mut sums, mut bias) = ([[zero; VECTORS]; TAPS], [zero; VECTORS]);
        let rows = self.dy.chunks_exact(all).zip(self.argmax.chunks_exact(all));
        for (window_offsets, (dy, argmax)) in self.window_offsets.chunks_exact(group).zip(rows) {
            let (dy, argmax) = (&dy[self.from..], &argmax[self.from..]);
            let mut dy = load_f32s(simd, &dy[..self.kernels]);
            let argmax = load_u32s(simd, &argmax[..self.kernels]);
            for v in 0..VECTORS {
                let none = simd.equal_u32s(argmax[v], simd.splat_u32s(0));
                dy[v] = simd.select_f32s(none, zero, dy[v]);
                bias[v] = simd.add_f32s(bias[v], dy[v]);
            }
            for (offset, index) in window_offsets.iter().zip(1..) {
                let mut x = [0.0; TAPS];
                for t in 0..TAPS {
                    x[t] = self.x[offset + self.taps[t]];
                }
                if x.iter().fold(0, |bits, x| bits | x.to_bits() << 1) == 0 {
                    continue; // blank paper
                }
                let index = simd.splat_u32s(index);
                for v in 0..VECTORS {
                    let is_maximum = simd.equal_u32s(argmax[v], index);
                    let dy = if group == 1 {
                        dy[v]
                    } else {
                        simd.select_f32s(is_maximum, dy[v], zero)
                    };
                    for t in 0..TAPS {
                        sums[t][v] = mul_add(simd, simd.splat_f32s(x[t]), dy, sums[t][v]);
                    }
                }
            }
        }
        for (sums, out) in sums
            .iter()
            .zip(self.sums.chunks_exact_mut(VECTORS * S::F32_LANES))
        {
            S::as_mut_simd_f32s(out).0.copy_from_slice(sums);
        }
        S::as_mut_simd_f32s(self.bias).0.copy_from_slice(&bias);
    }
}

macro_rules! load {
    ($load:ident, $number:ty, $vector:ident, $splat:ident, $whole:ident, $part:ident) => {
        /// Loads vectors from a slice that may end within one of them; zeros fill the rest.
        #[inline(always)]
        fn $load<S: Simd>(simd: S, numbers: &[$number]) -> [S::$vector; VECTORS] {
            let (whole, part) = S::$whole(numbers);
            let mut vectors = [simd.$splat(0 as $number); VECTORS];
            for v in 0..VECTORS {
                if v < whole.len() {
                    vectors[v] = whole[v];
                } else if v == whole.len() && !part.is_empty() {
                    vectors[v] = simd.$part(part);
                }
            }
            vectors
        }
    };
}
load!(
    load_f32s,
    f32,
    f32s,
    splat_f32s,
    as_simd_f32s,
    partial_load_f32s
);
load!(
    load_u32s,
    u32,
    u32s,
    splat_u32s,
    as_simd_u32s,
    partial_load_u32s
);
