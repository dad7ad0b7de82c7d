//! Backward where channels are few, for the weights of a first layer: every place counts, if there is ink.
//!
//! A window of one channel holds too few numbers for a vector. So here, as in the forward pass, the kernels are the vectors, and
//! sums for nine of the window's numbers stay in registers while the image is gone through:
//!
//! ```text
//! dw[·, t] += dy[place, ·] · x[place + t]
//! ```
//!
//! with `dy` zero for the kernels that did not win at the place. Windows of blank paper are passed over.
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled, their sums stay in registers
use pulp::{Simd, WithSimd};

use super::Block;
use crate::cpu::simd::mul_add;
use crate::cpu::transpose::{self, Size};
use crate::ops::add;

/// Numbers of a window that have sums at a time.
const TAPS: usize = 9;

/// Vectors of kernels that have sums at a time.
const VECTORS: usize = 2;

/// Windows of at most so many numbers count as few.
pub const FEW: usize = 32;

/// Where each number of a window stands in the padded image, from the window's first on, in the order `(C, K, K)`.
fn taps(sizes: &Block) -> Vec<usize> {
    let (k, channels) = (sizes.window.kernel, sizes.window.channels);
    let place = |t: usize| t / k % k * sizes.row() + t % k * channels + t / (k * k);
    (0..sizes.window.column()).map(place).collect()
}

/// Adds to `dw`, `(O, C, K, K)`, and to `db`, `(O)`, what a padded image `x` contributes, given `dy` and the codes of the forward
/// pass, `(H″, W″, O)`.
pub fn add_to_parameters(
    sizes: &Block,
    places: &[usize],
    x: &[f32],
    (dy, codes): (&[f32], &[u32]),
    [dw, db]: [&mut [f32]; 2],
) {
    let (column, taps) = (sizes.window.column(), taps(sizes));
    let width = VECTORS * sizes.isa.lanes();
    let (mut sums, mut bias) = (vec![0.0; TAPS * width], vec![0.0; width]);
    for first in (0..column).step_by(TAPS) {
        let count = TAPS.min(column - first);
        let mut some = [taps[first]; TAPS]; // those that are too many repeat the first, and are left out below
        some[..count].copy_from_slice(&taps[first..][..count]);
        for from in (0..sizes.kernels).step_by(width) {
            let kernels = width.min(sizes.kernels - from);
            sizes.isa.run(Pass {
                sizes,
                places,
                x,
                dy,
                codes,
                taps: some,
                from,
                kernels,
                sums: &mut sums,
                bias: &mut bias,
            });
            if first == 0 {
                add(&mut db[from..][..kernels], &bias);
            }
            let size = Size {
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
    sizes: &'a Block,
    places: &'a [usize],
    x: &'a [f32],
    dy: &'a [f32],
    codes: &'a [u32],
    taps: [usize; TAPS],
    /// The first kernel.
    from: usize,
    /// How many there are.
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
        let (all, group) = (self.sizes.kernels, self.sizes.group());
        let zero = simd.splat_f32s(0.0);
        let (mut sums, mut bias) = ([[zero; VECTORS]; TAPS], [zero; VECTORS]);
        let rows = self.dy.chunks_exact(all).zip(self.codes.chunks_exact(all));
        for (places, (dy, codes)) in self.places.chunks_exact(group).zip(rows) {
            let (dy, codes) = (&dy[self.from..], &codes[self.from..]);
            let mut dy = load_f32s(simd, &dy[..self.kernels]);
            let codes = load_u32s(simd, &codes[..self.kernels]);
            for v in 0..VECTORS {
                let none = simd.equal_u32s(codes[v], simd.splat_u32s(0));
                dy[v] = simd.select_f32s(none, zero, dy[v]);
                bias[v] = simd.add_f32s(bias[v], dy[v]);
            }
            for (place, code) in places.iter().zip(1..) {
                let mut x = [0.0; TAPS];
                for t in 0..TAPS {
                    x[t] = self.x[place + self.taps[t]];
                }
                if x.iter().fold(0, |bits, x| bits | x.to_bits() << 1) == 0 {
                    continue; // blank paper
                }
                let code = simd.splat_u32s(code);
                for v in 0..VECTORS {
                    let won = simd.equal_u32s(codes[v], code);
                    let dy = if group == 1 {
                        dy[v]
                    } else {
                        simd.select_f32s(won, dy[v], zero)
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
        /// Vectors from a slice that may end within one of them.
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
