//! A matrix without its zeros.
use crate::cpu::reuse::Buffer;
use crate::cpu::simd::Isa;
use crate::cpu::team;

/// Columns of `a`, rows of `w`, that are worked on together.
pub const PANEL: usize = 128;
const _: () = assert!(PANEL <= 256, "a place in a panel is a byte");

/// Parts that a product is split into, at most.
pub const PARTS: usize = 8;

/// A matrix without its zeros: for each panel of its columns and each of its rows, where in the panel numbers stand.
pub struct Nonzeros {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// `PANEL` for each row of each panel, of which `lengths` are used.
    places: Buffer<u8>,
    numbers: Buffer,
    lengths: Buffer<u32>,
}

impl Nonzeros {
    /// Lists a row-major matrix of so many columns.
    pub fn new(isa: Isa, matrix: &[f32], columns: usize) -> Self {
        let (rows, panels) = (matrix.len() / columns, columns.div_ceil(PANEL));
        let mut places = Buffer::any(rows * panels * PANEL);
        let mut numbers = Buffer::any(rows * panels * PANEL);
        let mut lengths = Buffer::any(rows * panels);
        if rows > 0 {
            let share = panels.div_ceil(PARTS);
            let lists = lengths
                .chunks_mut(share * rows)
                .zip(places.chunks_mut(share * rows * PANEL))
                .zip(numbers.chunks_mut(share * rows * PANEL));
            team::for_each(lists, |part, ((lengths, places), numbers)| {
                // Row by row: what lies side by side is fetched before it is asked for.
                for (n, row) in matrix.chunks_exact(columns).enumerate() {
                    let panels = row.chunks(PANEL).skip(part * share).take(share);
                    for (list, row) in (n..).step_by(rows).zip(panels) {
                        let places = &mut places[list * PANEL..][..PANEL];
                        let numbers = &mut numbers[list * PANEL..][..PANEL];
                        lengths[list] = self::list(isa, row, places, numbers);
                    }
                }
            });
        }
        Self {
            rows,
            columns,
            places,
            numbers,
            lengths,
        }
    }

    pub(super) fn panels(&self) -> std::ops::Range<usize> {
        0..self.columns.div_ceil(PANEL)
    }

    /// What stands in a row of a panel: places and numbers.
    #[inline(always)]
    pub(super) fn list(&self, panel: usize, row: usize) -> (&[u8], &[f32]) {
        let list = panel * self.rows + row;
        let (from, length) = (list * PANEL, (self.lengths[list] as usize).min(PANEL));
        (
            &self.places[from..][..length],
            &self.numbers[from..][..length],
        )
    }
}

/// Lists what is not zero in a row of a panel; returns how much.
fn list(isa: Isa, row: &[f32], places: &mut [u8], numbers: &mut [f32]) -> u32 {
    const STRETCH: usize = 16;
    #[cfg(target_arch = "x86_64")]
    if isa.available() == Isa::Avx512 {
        // SAFETY: the CPU has the instructions.
        return unsafe { crate::cpu::avx512::list(row, places, numbers) } as u32;
    }
    let _ = isa;
    let mut length = 0;
    for (stretch, row) in row.chunks(STRETCH).enumerate() {
        if row.iter().fold(0, |bits, x| bits | x.to_bits() << 1) == 0 {
            continue; // nothing but zeros, of either sign
        }
        for (i, x) in row.iter().enumerate() {
            // Written always and counted only if it is not zero: no branch that a processor could guess wrongly.
            let place = length.min(PANEL - 1);
            places[place] = (stretch * STRETCH + i) as u8;
            numbers[place] = *x;
            length += usize::from(*x != 0.0);
        }
    }
    length as u32
}
