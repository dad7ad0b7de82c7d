//! Matrix products that skip zeros: `y += a w` and `y += a wᵀ`, with a sparse `a` and a dense `w`.
//!
//! Four pixels in five of a digit are paper, and ReLU and dropout each make about half of their
//! outputs zero. A product with zero is not computed, which changes no sum (unless the other factor
//! is infinite or NaN: zero times it would be NaN).
//!
//! A number that is not zero multiplies a contiguous run of `w`. So a *block* of some 64 columns of
//! the result is computed at a time, from a *panel* of 128 rows of `w`, which is copied to the
//! first-level cache before. Sums stay in registers while they run over a panel.
//!
//! A dense layer's forward pass packs its inputs; its backward pass packs the gradients of its
//! outputs, if ReLU and dropout have made enough of them zero. (Packing the inputs would help
//! neither `dyᵀ x` nor `dy w`: the sums would have to be loaded and stored for each number.)
// Loops that count to a constant are unrolled, and their sums stay in registers.
#![allow(clippy::needless_range_loop)]
mod dense;
mod packed;
#[cfg(test)]
mod tests;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::buffer_pool::Buffer;
use crate::reduce::add;
use crate::simd::{Isa, mul_add, prefetch};
use crate::thread_pool;

use dense::{Factor, Piece};
pub use packed::PackedSparse;
use packed::{MAX_PARTS, PANEL};

/// The number of vectors of sums that run at the same time: an addition waits for the one before
/// it, which takes four cycles.
const SUMS: usize = 8;

/// How many rows ahead a result is prefetched.
const AHEAD: usize = 4;

/// A result with fewer parts than this is computed from shares of the panels, which are added up
/// afterwards.
const FEWEST_PARTS: usize = 4;

/// `y += a wᵀ`; `a`: `(B, I)`, `w`: `(O, I)`, `y`: `(B, O)`.
///
/// ```
/// use kernels::{simd::Isa, sparse::{PackedSparse, add_product_transposed}};
/// let a = PackedSparse::new(Isa::best(), &[0.0, 2.0], 2); // (1, 2)
/// let mut y = [1.0];
/// add_product_transposed(Isa::best(), &a, &[3.0, 4.0], &mut y); // (1, 2)
/// assert_eq!(y, [1.0 + 2.0 * 4.0]);
/// ```
pub fn add_product_transposed(isa: Isa, a: &PackedSparse, w: &[f32], y: &mut [f32]) {
    let w = Factor {
        numbers: w,
        inputs: a.columns,
        transposed: true,
    };
    product(isa, a, w, y);
}

/// `y += a w`; `a`: `(B, I)`, `w`: `(I, O)`, `y`: `(B, O)`. Within a panel of 128 rows of `w`, each
/// number of `y` is one sum from left to right.
///
/// ```
/// use kernels::{simd::Isa, sparse::{PackedSparse, add_product}};
/// let a = PackedSparse::new(Isa::best(), &[0.0, 2.0], 2); // (1, 2)
/// let mut y = [1.0];
/// add_product(Isa::best(), &a, &[3.0, 4.0], &mut y); // (2, 1)
/// assert_eq!(y, [1.0 + 2.0 * 4.0]);
/// ```
pub fn add_product(isa: Isa, a: &PackedSparse, w: &[f32], y: &mut [f32]) {
    let w = Factor {
        numbers: w,
        inputs: a.columns,
        transposed: false,
    };
    product(isa, a, w, y);
}

/// Whether [`add_product`] is faster for this matrix than a dense product with each sum in the same
/// order: at most a third of its numbers may be other than zero, and it must have many rows and
/// from 64 to 128 columns.
///
/// ```
/// use kernels::{simd::Isa, sparse::is_profitable};
/// assert!(is_profitable(Isa::best(), &[0.0; 100 * 128], 128)); // (100, 128)
/// assert!(!is_profitable(Isa::best(), &[1.0; 100 * 128], 128));
/// ```
pub fn is_profitable(isa: Isa, matrix: &[f32], columns: usize) -> bool {
    const MIN_SIDE: usize = PANEL / 2;
    /// One number in `ONE_IN` may be other than zero.
    const ONE_IN: usize = 3;
    if !(MIN_SIDE..=PANEL).contains(&columns) || matrix.len() < MIN_SIDE * columns {
        return false;
    }
    let mut found = 0;
    isa.vectorize(
        #[inline(always)]
        || found = matrix.iter().map(|x| u32::from(*x != 0.0)).sum(),
    );
    ONE_IN * found as usize <= matrix.len()
}

/// `y += a w`, with the parts of the result on several threads.
fn product(isa: Isa, a: &PackedSparse, w: Factor<'_>, y: &mut [f32]) {
    let outputs = w.outputs();
    let (blocks, panels) = (Blocks::new(isa, outputs), a.panels().len());
    let parts = outputs.div_ceil(blocks.share * blocks.width);
    let shares = FEWEST_PARTS.div_ceil(parts).min(panels).max(1);
    let share = panels.div_ceil(shares).max(1);
    let mut others = Buffer::zeros((panels.div_ceil(share).max(1) - 1) * y.len());
    let mut work = Vec::new();
    let mut results = Vec::from([&mut *y]);
    results.extend(others.chunks_mut(results[0].len().max(1)));
    for (n, result) in results.into_iter().enumerate() {
        let panels = n * share..panels.min((n + 1) * share);
        for (part, rows) in blocks.columns(result, outputs).into_iter().enumerate() {
            let from = part * blocks.share * blocks.width;
            work.push((panels.clone(), from, rows));
        }
    }
    // A thread reads here the rows of `w` that it will change in the optimiser's step: they stay in
    // its own cache.
    work.sort_by_key(|(_, from, _)| *from);
    thread_pool::for_each(work, |_, (panels, from, mut rows)| {
        isa.run(Gather {
            a,
            w,
            blocks,
            panels,
            from,
            rows: &mut rows,
        });
    });
    others
        .chunks(y.len().max(1))
        .for_each(|other| add(y, other));
}

/// How the columns of a result are split.
#[derive(Clone, Copy)]
struct Blocks {
    /// The number of vectors of a block: 1, 2 or 4.
    vectors: usize,
    /// The number of columns of a block.
    width: usize,
    /// The number of blocks of a part.
    share: usize,
}

impl Blocks {
    /// The split of a result with `columns` columns.
    fn new(isa: Isa, columns: usize) -> Self {
        let lanes = isa.lanes();
        let vectors = match columns.div_ceil(lanes) {
            7.. => 4,
            2.. => 2,
            _ => 1,
        };
        let width = vectors * lanes;
        Self {
            vectors,
            width,
            share: columns.div_ceil(width).div_ceil(MAX_PARTS).max(1),
        }
    }

    /// Splits the columns of a row-major matrix into parts: for each part, its rows.
    fn columns<'a>(&self, matrix: &'a mut [f32], columns: usize) -> Vec<Vec<&'a mut [f32]>> {
        let share = self.share * self.width;
        let mut parts: Vec<Vec<_>> = Vec::new();
        parts.resize_with(columns.div_ceil(share), || {
            Vec::with_capacity(matrix.len() / columns)
        });
        for row in matrix.chunks_exact_mut(columns) {
            for (part, row) in parts.iter_mut().zip(row.chunks_mut(share)) {
                part.push(row);
            }
        }
        parts
    }
}

/// The columns of one part of a result, and what they are computed from.
struct Gather<'a, 'b> {
    a: &'a PackedSparse,
    w: Factor<'a>,
    blocks: Blocks,
    panels: Range<usize>,
    /// The part's first column of the result.
    from: usize,
    /// The part's columns of the result.
    rows: &'a mut [&'b mut [f32]],
}

impl WithSimd for Gather<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.blocks.vectors, self.w.transposed) {
            (4, true) => self.run::<S, 4, { SUMS / 4 }>(simd),
            (2, true) => self.run::<S, 2, { SUMS / 2 }>(simd),
            (_, true) => self.run::<S, 1, SUMS>(simd),
            (4, _) => self.run::<S, 4, 1>(simd),
            (2, _) => self.run::<S, 2, 1>(simd),
            _ => self.run::<S, 1, 1>(simd),
        }
    }
}

impl Gather<'_, '_> {
    /// Adds the products, a block of `V` vectors of columns at a time, in `R` interleaved sums.
    #[inline(always)]
    fn run<S: Simd, const V: usize, const R: usize>(self, simd: S) {
        let (width, far) = (self.blocks.width, self.w.exceeds_cache());
        let all = self.rows.first().map_or(0, |row| row.len());
        let mut packed = Buffer::zeros(PANEL * width);
        let piece = |panel, block| Piece {
            panel,
            from: self.from + block,
            width,
        };
        for block in (0..all).step_by(width) {
            for panel in self.panels.clone() {
                self.w.pack(piece(panel, block), &mut packed);
                let next = if panel + 1 < self.panels.end {
                    piece(panel + 1, block)
                } else {
                    piece(self.panels.start, block + width)
                };
                let columns = block..all.min(block + width);
                for b in 0..self.rows.len() {
                    if far {
                        self.w.prefetch(next, b);
                        self.prefetch(panel, b + AHEAD, columns.clone());
                    }
                    let list = self.a.list(panel, b);
                    if !list.0.is_empty() {
                        let sums = gather::<S, V, R>(simd, list, &packed);
                        add_sums(simd, &mut self.rows[b][columns.clone()], &sums);
                    }
                }
            }
        }
    }

    /// Prefetches a row's list and its sums, if the row exists.
    #[inline(always)]
    fn prefetch(&self, panel: usize, row: usize, columns: Range<usize>) {
        if let Some(sums) = self.rows.get(row) {
            prefetch(&sums[columns]);
            let (indices, numbers) = self.a.list(panel, row);
            prefetch(indices);
            prefetch(numbers);
        }
    }
}

/// `Σ number · w[index, ·]` over a list, in `R` interleaved sums.
#[inline(always)]
fn gather<S: Simd, const V: usize, const R: usize>(
    simd: S,
    (indices, numbers): (&[u8], &[f32]),
    w: &[f32],
) -> [S::f32s; V] {
    let width = V * S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let ((indices, last_indices), (numbers, last_numbers)) =
        (indices.as_chunks::<R>(), numbers.as_chunks::<R>());
    for (indices, numbers) in indices.iter().zip(numbers) {
        for r in 0..R {
            let w = S::as_simd_f32s(&w[indices[r] as usize * width..][..width]).0;
            let number = simd.splat_f32s(numbers[r]);
            for v in 0..V {
                sums[r][v] = mul_add(simd, number, w[v], sums[r][v]);
            }
        }
    }
    for (place, number) in last_indices.iter().zip(last_numbers) {
        let w = S::as_simd_f32s(&w[*place as usize * width..][..width]).0;
        let number = simd.splat_f32s(*number);
        for v in 0..V {
            sums[0][v] = mul_add(simd, number, w[v], sums[0][v]);
        }
    }
    let mut total = sums[0];
    for r in 1..R {
        for v in 0..V {
            total[v] = simd.add_f32s(total[v], sums[r][v]);
        }
    }
    total
}

/// Adds the vectors `sums` to `row`; lanes beyond its end are left out.
#[inline(always)]
fn add_sums<S: Simd, const V: usize>(simd: S, row: &mut [f32], sums: &[S::f32s; V]) {
    for (row, sum) in row.chunks_mut(S::F32_LANES).zip(sums) {
        if row.len() == S::F32_LANES {
            let row = S::as_mut_simd_f32s(row).0;
            row[0] = simd.add_f32s(row[0], *sum);
        } else {
            let total = simd.add_f32s(simd.partial_load_f32s(row), *sum);
            simd.partial_store_f32s(row, total);
        }
    }
}
