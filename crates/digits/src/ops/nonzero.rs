//! Matrix products that skip zeros: `a` is listed row by row without them, `w` is dense and stored `(O, I)`.
//!
//! | function | computes | in a dense layer |
//! |---|---|---|
//! | [`times_transposed`] | `y += a wᵀ` | forward, `a` the input |
//! | [`times`] | `y += a w` | gradient of the input, `a` the gradient of the output |
//! | [`transposed_times`] | `dw += dyᵀ a` | gradient of the weights, `a` the input |
//!
//! Four pixels in five of a digit are paper, and ReLU and dropout make zeros of half of what they see: a product with zero is
//! not computed, and nothing is lost (unless the other factor is infinite or not a number, which would make one of zero too).
//!
//! A number that is not zero multiplies a run of `w` that lies side by side. So a *block* of some 64 columns of the result is
//! computed at a time, from a *panel* of 128 rows of `w`, which is laid out in the first-level cache before ([`transpose`] where it
//! must be turned). Sums stay in registers while they run over a panel.
#![allow(clippy::needless_range_loop)] // loops that count to a constant are unrolled, their sums stay in registers
mod lists;
#[cfg(test)]
mod tests;

use pulp::{Simd, WithSimd};

use crate::cpu::reuse::Buffer;
use crate::cpu::simd::{Isa, mul_add};
use crate::cpu::team;
use crate::cpu::transpose::{self, Size};

pub use lists::Nonzeros;
use lists::{PANEL, PARTS};

/// Vectors of sums that run at the same time: an addition waits for the one before it, which takes four cycles.
const SUMS: usize = 8;

/// `y += a wᵀ`; `a`: `(B, I)`, `w`: `(O, I)`, `y`: `(B, O)`.
pub fn times_transposed(isa: Isa, a: &Nonzeros, w: &[f32], y: &mut [f32]) {
    let (inputs, outputs) = (a.columns, w.len() / a.columns);
    let blocks = Blocks::new(isa, outputs);
    team::for_each(blocks.columns(y, outputs), |part, mut rows| {
        let pack = |panel: usize, from: usize, columns: usize, to: &mut [f32]| {
            let size = Size {
                rows: columns,
                columns: PANEL.min(inputs - panel * PANEL),
                from: inputs,
                to: blocks.width,
            };
            transpose::copy(size, &w[from * inputs + panel * PANEL..], to);
        };
        isa.run(Gather {
            a,
            blocks,
            part,
            pack,
            rows: &mut rows,
        });
    });
}

/// `y += a w`; `a`: `(B, O)`, `w`: `(O, I)`, `y`: `(B, I)`; `inputs` is `I`.
pub fn times(isa: Isa, a: &Nonzeros, w: &[f32], inputs: usize, y: &mut [f32]) {
    let blocks = Blocks::new(isa, inputs);
    team::for_each(blocks.columns(y, inputs), |part, mut rows| {
        let pack = |panel: usize, from: usize, columns: usize, to: &mut [f32]| {
            let w = w.chunks_exact(inputs).skip(panel * PANEL).take(PANEL);
            for (w, to) in w.zip(to.chunks_exact_mut(blocks.width)) {
                to[..columns].copy_from_slice(&w[from..][..columns]);
            }
        };
        isa.run(Gather {
            a,
            blocks,
            part,
            pack,
            rows: &mut rows,
        });
    });
}

/// `dw += dyᵀ a`; `dy`: `(B, O)`, `a`: `(B, I)`, `dw`: `(O, I)`.
pub fn transposed_times(isa: Isa, dy: &[f32], a: &Nonzeros, dw: &mut [f32]) {
    let outputs = dw.len() / a.columns;
    let blocks = Blocks::new(isa, outputs);
    let parts = dw.chunks_mut(blocks.share * blocks.width * a.columns);
    team::for_each(parts, |part, dw| {
        for (block, dw) in dw.chunks_mut(blocks.width * a.columns).enumerate() {
            let from = (part * blocks.share + block) * blocks.width;
            let columns = dw.len() / a.columns;
            let mut packed = Buffer::zeros(a.rows * blocks.width);
            for (dy, packed) in dy
                .chunks_exact(outputs)
                .zip(packed.chunks_exact_mut(blocks.width))
            {
                packed[..columns].copy_from_slice(&dy[from..][..columns]);
            }
            isa.run(Scatter {
                a,
                blocks,
                dy: &packed,
                dw,
            });
        }
    });
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

struct Gather<'a, 'b, P> {
    a: &'a Nonzeros,
    blocks: Blocks,
    part: usize,
    /// Lays out a block of a panel: which panel, first column, how many columns, where.
    pack: P,
    /// The part's columns of the result.
    rows: &'a mut [&'b mut [f32]],
}

impl<P: Fn(usize, usize, usize, &mut [f32])> WithSimd for Gather<'_, '_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.blocks.vectors {
            4 => self.run::<S, 4, { SUMS / 4 }>(simd),
            2 => self.run::<S, 2, { SUMS / 2 }>(simd),
            _ => self.run::<S, 1, SUMS>(simd),
        }
    }
}

impl<P: Fn(usize, usize, usize, &mut [f32])> Gather<'_, '_, P> {
    #[inline(always)]
    fn run<S: Simd, const V: usize, const R: usize>(self, simd: S) {
        let width = self.blocks.width;
        let mut packed = Buffer::zeros(PANEL * width);
        for block in 0..self.blocks.share {
            let from = block * width;
            let columns = self
                .rows
                .first()
                .map_or(0, |row| row.len().saturating_sub(from))
                .min(width);
            if columns == 0 {
                return;
            }
            for panel in self.a.panels() {
                (self.pack)(
                    panel,
                    self.part * self.blocks.share * width + from,
                    columns,
                    &mut packed,
                );
                for (b, row) in self.rows.iter_mut().enumerate() {
                    let list = self.a.list(panel, b);
                    if list.0.is_empty() {
                        continue;
                    }
                    let sums = gather::<S, V, R>(simd, list, &packed);
                    add(simd, &mut row[from..][..columns], &sums);
                }
            }
        }
    }
}

/// Σ number · row of `w` over a list, in `R` interleaved sums.
#[inline(always)]
fn gather<S: Simd, const V: usize, const R: usize>(
    simd: S,
    (places, numbers): (&[u32], &[f32]),
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
fn add<S: Simd, const V: usize>(simd: S, row: &mut [f32], sums: &[S::f32s; V]) {
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

struct Scatter<'a> {
    a: &'a Nonzeros,
    blocks: Blocks,
    /// The block's columns, `(B, width)`.
    dy: &'a [f32],
    /// The block's rows, `(columns, I)`.
    dw: &'a mut [f32],
}

impl WithSimd for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.blocks.vectors {
            4 => self.run::<S, 4>(simd),
            2 => self.run::<S, 2>(simd),
            _ => self.run::<S, 1>(simd),
        }
    }
}

impl Scatter<'_> {
    #[inline(always)]
    fn run<S: Simd, const V: usize>(self, simd: S) {
        let (a, width) = (self.a, V * S::F32_LANES);
        let mut sums = Buffer::any(PANEL * width);
        for panel in a.panels() {
            let places = PANEL.min(a.columns - panel * PANEL);
            sums[..places * width].fill(0.0);
            for (b, dy) in self.dy.chunks_exact(width).enumerate() {
                let dy: &[S::f32s; V] = S::as_simd_f32s(dy)
                    .0
                    .first_chunk()
                    .expect("a vector for each");
                let (places, numbers) = a.list(panel, b);
                for (place, number) in places.iter().zip(numbers) {
                    let sums = S::as_mut_simd_f32s(&mut sums[*place as usize * width..][..width]).0;
                    let number = simd.splat_f32s(*number);
                    for v in 0..V {
                        sums[v] = mul_add(simd, number, dy[v], sums[v]);
                    }
                }
            }
            let size = Size {
                rows: places,
                columns: self.dw.len() / a.columns,
                from: width,
                to: a.columns,
            };
            transpose::add(size, &sums, &mut self.dw[panel * PANEL..]);
        }
    }
}
