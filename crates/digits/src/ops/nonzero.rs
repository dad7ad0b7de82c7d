//! Matrix products that skip zeros: `y += a w` and `y += a wᵀ`, with `a` listed row by row without them and `w` dense.
//!
//! Four pixels in five of a digit are paper, and ReLU and dropout make zeros of half of what they see: a product with zero is
//! not computed, and nothing is lost (unless the other factor is infinite or not a number, which would make one of zero too).
//!
//! A number that is not zero multiplies a run of `w` that lies side by side. So a *block* of some 64 columns of the result is
//! computed at a time, from a *panel* of 128 rows of `w`, which is laid out in the first-level cache before. Sums stay in
//! registers while they run over a panel.
//!
//! A dense layer's forward pass lists its inputs; its backward pass lists the gradients of its outputs, if ReLU and dropout have
//! made enough of them zero. (Lists of the inputs would help neither `dyᵀ x` nor `dy w`: the sums themselves would have to be loaded
//! and stored for each number.)
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled, their sums stay in registers
mod factor;
mod lists;
#[cfg(test)]
mod tests;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::add;
use crate::cpu::reuse::Buffer;
use crate::cpu::simd::{Isa, fetch, mul_add};
use crate::cpu::team;

use factor::{Factor, Piece};
pub use lists::Nonzeros;
use lists::{PANEL, PARTS};

/// Vectors of sums that run at the same time: an addition waits for the one before it, which takes four cycles.
const SUMS: usize = 8;

/// So many rows of a result are asked for before they are needed.
const AHEAD: usize = 4;

/// Parts below which a result of few columns is computed from shares of the panels, which are added up afterwards.
const FEWEST_PARTS: usize = 4;

/// `y += a wᵀ`; `a`: `(B, I)`, `w`: `(O, I)`, `y`: `(B, O)`.
///
/// ```
/// use digits::{cpu::simd::Isa, ops::nonzero::{Nonzeros, times_transposed}};
/// let a = Nonzeros::new(Isa::best(), &[0.0, 2.0], 2); // (1, 2)
/// let mut y = [1.0];
/// times_transposed(Isa::best(), &a, &[3.0, 4.0], &mut y); // (1, 2)
/// assert_eq!(y, [1.0 + 2.0 * 4.0]);
/// ```
pub fn times_transposed(isa: Isa, a: &Nonzeros, w: &[f32], y: &mut [f32]) {
    let w = Factor {
        numbers: w,
        inputs: a.columns,
        turned: true,
    };
    product(isa, a, w, y);
}

/// `y += a w`; `a`: `(B, I)`, `w`: `(I, O)`, `y`: `(B, O)`. Each number of `y` is one sum, from left to right, over a panel of 128 rows
/// of `w`.
///
/// ```
/// use digits::{cpu::simd::Isa, ops::nonzero::{Nonzeros, times}};
/// let a = Nonzeros::new(Isa::best(), &[0.0, 2.0], 2); // (1, 2)
/// let mut y = [1.0];
/// times(Isa::best(), &a, &[3.0, 4.0], &mut y); // (2, 1)
/// assert_eq!(y, [1.0 + 2.0 * 4.0]);
/// ```
pub fn times(isa: Isa, a: &Nonzeros, w: &[f32], y: &mut [f32]) {
    let w = Factor {
        numbers: w,
        inputs: a.columns,
        turned: false,
    };
    product(isa, a, w, y);
}

/// Whether [`times`] a matrix of so many columns is faster than a plain product, with each sum in the same order: it must have few
/// numbers, in long rows that fit into a panel, and many rows.
///
/// ```
/// use digits::{cpu::simd::Isa, ops::nonzero::pays};
/// assert!(pays(Isa::best(), &[0.0; 100 * 128], 128)); // (100, 128)
/// assert!(!pays(Isa::best(), &[1.0; 100 * 128], 128));
/// ```
pub fn pays(isa: Isa, matrix: &[f32], columns: usize) -> bool {
    const LEAST: usize = PANEL / 2;
    /// Of so many numbers one may be other than zero.
    const ONE_IN: usize = 3;
    if !(LEAST..=PANEL).contains(&columns) || matrix.len() < LEAST * columns {
        return false;
    }
    let mut found = 0;
    isa.vectorize(
        #[inline(always)]
        || found = matrix.iter().map(|x| u32::from(*x != 0.0)).sum(),
    );
    ONE_IN * found as usize <= matrix.len()
}

fn product(isa: Isa, a: &Nonzeros, w: Factor<'_>, y: &mut [f32]) {
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
    // Whatever rows of `w` a thread reads here it will change when the layer learns: they stay in its own cache.
    work.sort_by_key(|(_, from, _)| *from);
    team::for_each(work, |_, (panels, from, mut rows)| {
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
    /// Vectors of a block: 1, 2 or 4.
    vectors: usize,
    /// Columns of a block.
    width: usize,
    /// Blocks of a part.
    share: usize,
}

impl Blocks {
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
            share: columns.div_ceil(width).div_ceil(PARTS).max(1),
        }
    }

    /// For each part, the rows of its columns.
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

struct Gather<'a, 'b> {
    a: &'a Nonzeros,
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
        match (self.blocks.vectors, self.w.turned) {
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
    #[inline(always)]
    fn run<S: Simd, const V: usize, const R: usize>(self, simd: S) {
        let (width, far) = (self.blocks.width, self.w.is_far());
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
                        self.w.fetch(next, b);
                        self.fetch(panel, b + AHEAD, columns.clone());
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

    /// Asks for a row's list and its sums, if there is one.
    #[inline(always)]
    fn fetch(&self, panel: usize, row: usize, columns: Range<usize>) {
        if let Some(sums) = self.rows.get(row) {
            fetch(&sums[columns]);
            let (places, numbers) = self.a.list(panel, row);
            fetch(places);
            fetch(numbers);
        }
    }
}

/// Σ number · row of `w` over a list, in `R` interleaved sums.
#[inline(always)]
fn gather<S: Simd, const V: usize, const R: usize>(
    simd: S,
    (places, numbers): (&[u8], &[f32]),
    w: &[f32],
) -> [S::f32s; V] {
    let width = V * S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let ((places, last_places), (numbers, last_numbers)) =
        (places.as_chunks::<R>(), numbers.as_chunks::<R>());
    for (places, numbers) in places.iter().zip(numbers) {
        for r in 0..R {
            let w = S::as_simd_f32s(&w[places[r] as usize * width..][..width]).0;
            let number = simd.splat_f32s(numbers[r]);
            for v in 0..V {
                sums[r][v] = mul_add(simd, number, w[v], sums[r][v]);
            }
        }
    }
    for (place, number) in last_places.iter().zip(last_numbers) {
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

/// Adds vectors to as many numbers as there are.
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
