//! A matrix stored without its zeros.
use crate::buffer_pool::Buffer;
use crate::simd::Isa;
use crate::thread_pool;

/// The number of columns of `a`, and rows of `w`, in a panel.
pub const PANEL: usize = 128;
const _: () = assert!(PANEL <= 256, "an index in a panel is a byte");

/// The largest number of parts that a product is split into.
pub const MAX_PARTS: usize = 8;

/// A matrix without its zeros: for each panel of columns and each row, the numbers that are not
/// zero and their indices in the panel.
pub struct PackedSparse {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// `PANEL` for each row of each panel, of which the first `lengths` are used.
    indices: Buffer<u8>,
    numbers: Buffer,
    lengths: Buffer<u32>,
}

impl PackedSparse {
    /// Packs a row-major matrix with `columns` columns.
    pub fn new(isa: Isa, matrix: &[f32], columns: usize) -> Self {
        let (rows, panels) = (matrix.len() / columns, columns.div_ceil(PANEL));
        let mut indices = Buffer::stale(rows * panels * PANEL);
        let mut numbers = Buffer::stale(rows * panels * PANEL);
        let mut lengths = Buffer::stale(rows * panels);
        if rows > 0 {
            let share = panels.div_ceil(MAX_PARTS);
            let lists = lengths
                .chunks_mut(share * rows)
                .zip(indices.chunks_mut(share * rows * PANEL))
                .zip(numbers.chunks_mut(share * rows * PANEL));
            thread_pool::for_each(lists, |part, ((lengths, indices), numbers)| {
                // Row by row: the CPU prefetches what it reads in sequence.
                for (n, row) in matrix.chunks_exact(columns).enumerate() {
                    let panels = row.chunks(PANEL).skip(part * share).take(share);
                    for (list, row) in (n..).step_by(rows).zip(panels) {
                        let indices = &mut indices[list * PANEL..][..PANEL];
                        let numbers = &mut numbers[list * PANEL..][..PANEL];
                        lengths[list] = self::list(isa, row, indices, numbers);
                    }
                }
            });
        }
        Self {
            rows,
            columns,
            indices,
            numbers,
            lengths,
        }
    }

    /// The numbers of all panels.
    pub(super) fn panels(&self) -> std::ops::Range<usize> {
        0..self.columns.div_ceil(PANEL)
    }

    /// The list of a row in a panel: indices and numbers.
    #[inline(always)]
    pub(super) fn list(&self, panel: usize, row: usize) -> (&[u8], &[f32]) {
        let list = panel * self.rows + row;
        let (from, length) = (list * PANEL, (self.lengths[list] as usize).min(PANEL));
        (
            &self.indices[from..][..length],
            &self.numbers[from..][..length],
        )
    }
}

/// Lists the numbers in a row of a panel that are not zero, with their indices; returns how many.
fn list(isa: Isa, row: &[f32], indices: &mut [u8], numbers: &mut [f32]) -> u32 {
    const STRETCH: usize = 16;
    #[cfg(target_arch = "x86_64")]
    if isa.available() == Isa::Avx512 {
        // SAFETY: the CPU has the instructions.
        return unsafe { crate::avx512::list(row, indices, numbers) } as u32;
    }
    let _ = isa;
    let mut length = 0;
    for (stretch, row) in row.chunks(STRETCH).enumerate() {
        if row.iter().fold(0, |bits, x| bits | x.to_bits() << 1) == 0 {
            continue; // nothing but zeros, of either sign
        }
        for (i, x) in row.iter().enumerate() {
            // Written always and counted only if it is not zero: no branch that a processor could
            // mispredict.
            let at = length.min(PANEL - 1);
            indices[at] = (stretch * STRETCH + i) as u8;
            numbers[at] = *x;
            length += usize::from(*x != 0.0);
        }
    }
    length as u32
}
