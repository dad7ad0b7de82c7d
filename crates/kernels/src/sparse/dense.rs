//! The dense factor of a product, and how pieces of it are copied to the cache.
use super::packed::PANEL;
use crate::simd::prefetch;
use crate::transpose::{self, Strides};

/// The size, in numbers, from which a factor does not stay in the second-level cache.
const CACHE: usize = 1 << 19;

/// A matrix `(I, O)`.
#[derive(Clone, Copy)]
pub struct Factor<'a> {
    pub numbers: &'a [f32],
    /// `I`
    pub inputs: usize,
    /// Whether it is stored as `(O, I)`.
    pub transposed: bool,
}

/// The rows of a panel, and `width` columns from `from` on.
#[derive(Clone, Copy)]
pub struct Piece {
    pub panel: usize,
    pub from: usize,
    pub width: usize,
}

impl Factor<'_> {
    /// `O`
    pub fn outputs(&self) -> usize {
        self.numbers.len() / self.inputs
    }

    /// Whether it is too large for the second-level cache.
    pub fn exceeds_cache(&self) -> bool {
        self.numbers.len() >= CACHE
    }

    /// Copies a piece to a row-major matrix with `piece.width` columns.
    pub fn pack(self, piece: Piece, packed: &mut [f32]) {
        let (from, outputs) = (piece.from, self.outputs());
        let columns = piece.width.min(outputs - from);
        let rows = piece.panel * PANEL..self.inputs.min((piece.panel + 1) * PANEL);
        if self.transposed {
            let size = Strides {
                rows: columns,
                columns: rows.len(),
                from: self.inputs,
                to: piece.width,
            };
            let numbers = &self.numbers[from * self.inputs + rows.start..];
            return transpose::copy(size, numbers, packed);
        }
        for (row, packed) in rows.zip(packed.chunks_exact_mut(piece.width)) {
            packed[..columns].copy_from_slice(&self.numbers[row * outputs + from..][..columns]);
        }
    }

    /// Prefetches one row of what [`pack`](Self::pack) will copy; `part` runs to the larger of
    /// [`PANEL`] and `piece.width`. A row is only a few cache lines, and the next row begins pages
    /// away: the CPU does not prefetch that by itself.
    #[inline(always)]
    pub fn prefetch(self, piece: Piece, part: usize) {
        let (exists, at, length) = if self.transposed {
            let at = (piece.from + part) * self.inputs + piece.panel * PANEL;
            (part < piece.width, at, PANEL)
        } else {
            let at = (piece.panel * PANEL + part) * self.outputs() + piece.from;
            (part < PANEL, at, piece.width)
        };
        if exists && let Some(numbers) = self.numbers.get(at..at + length) {
            prefetch(numbers);
        }
    }
}
