//! The dense factor of a product, and pieces of it.
use super::lists::PANEL;
use crate::cpu::simd::fetch;
use crate::cpu::transpose::{self, Size};

/// Numbers of a factor that does not stay in the second-level cache.
const FAR: usize = 1 << 19;

/// A matrix `(I, O)`.
#[derive(Clone, Copy)]
pub struct Factor<'a> {
    pub numbers: &'a [f32],
    /// `I`
    pub inputs: usize,
    /// Whether it is stored as `(O, I)`.
    pub turned: bool,
}

/// A panel of rows and, from one on, as many columns as there are vectors for.
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

    /// Whether it comes from a cache far away.
    pub fn is_far(&self) -> bool {
        self.numbers.len() >= FAR
    }

    /// Copies a piece to rows that begin its width apart.
    pub fn pack(self, piece: Piece, packed: &mut [f32]) {
        let (from, outputs) = (piece.from, self.outputs());
        let columns = piece.width.min(outputs - from);
        let rows = piece.panel * PANEL..self.inputs.min((piece.panel + 1) * PANEL);
        if self.turned {
            let size = Size {
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

    /// Asks for a part of what [`pack`](Self::pack) will copy, before it does: for all of it, `part` counts to the larger of panel and
    /// width. What is stored side by side there is a few lines, and the next are pages away: no processor foresees that.
    #[inline(always)]
    pub fn fetch(self, piece: Piece, part: usize) {
        let (exists, at, length) = if self.turned {
            let at = (piece.from + part) * self.inputs + piece.panel * PANEL;
            (part < piece.width, at, PANEL)
        } else {
            let at = (piece.panel * PANEL + part) * self.outputs() + piece.from;
            (part < PANEL, at, piece.width)
        };
        if exists && let Some(numbers) = self.numbers.get(at..at + length) {
            fetch(numbers);
        }
    }
}
