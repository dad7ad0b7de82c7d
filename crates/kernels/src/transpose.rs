//! Copying or adding the transpose of a matrix, in blocks of up to 16 × 16 numbers that stay in
//! registers.
//!
//! Element by element, every number costs a store of its own; with AVX-512 a block of 256 takes 64
//! shuffles between 16 loads and 16 stores (Intel, "64 and IA-32 Architectures Optimization
//! Reference Manual", on transposing with unpack).

/// The side of a block.
#[cfg(target_arch = "x86_64")]
const SIDE: usize = 16;

/// Sizes of the source matrix, and the row strides of source and destination: element `(i, j)` of a
/// matrix in a slice is `[i * stride + j]`.
#[derive(Clone, Copy, Debug)]
pub struct Strides {
    /// Rows of the source, columns of the destination.
    pub rows: usize,
    /// Columns of the source, rows of the destination.
    pub columns: usize,
    /// The row stride of the source.
    pub from: usize,
    /// The row stride of the destination.
    pub to: usize,
}

/// Copies the transpose: `to[j, i] = from[i, j]`.
///
/// ```
/// use kernels::transpose::{Strides, copy};
/// let mut to = [0.0; 6];
/// copy(Strides { rows: 2, columns: 3, from: 3, to: 2 }, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut to);
/// assert_eq!(to, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
/// ```
///
/// # Panics
/// If a slice ends before its last element.
pub fn copy(size: Strides, from: &[f32], to: &mut [f32]) {
    blocks::<false>(size, from, to);
}

/// Adds the transpose: `to[j, i] += from[i, j]`.
///
/// ```
/// use kernels::transpose::{Strides, add};
/// let mut to = [10.0; 2];
/// add(Strides { rows: 1, columns: 2, from: 2, to: 1 }, &[1.0, 2.0], &mut to);
/// assert_eq!(to, [11.0, 12.0]);
/// ```
///
/// # Panics
/// As [`copy`].
pub fn add(size: Strides, from: &[f32], to: &mut [f32]) {
    blocks::<true>(size, from, to);
}

/// Copies or adds with the best instructions of the CPU.
fn blocks<const ADD: bool>(size: Strides, from: &[f32], to: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if crate::simd::Isa::best() == crate::simd::Isa::Avx512 {
        for i in (0..size.rows).step_by(SIDE) {
            for j in (0..size.columns).step_by(SIDE) {
                let block = [size.rows - i, size.columns - j].map(|left| left.min(SIDE));
                let (from, to) = (&from[i * size.from + j..], &mut to[j * size.to + i..]);
                // SAFETY: this CPU has the instructions.
                unsafe { crate::avx512::transpose::<ADD>(block, from, size.from, to, size.to) };
            }
        }
        return;
    }
    elements::<ADD>(size, from, to);
}

/// Copies or adds, element by element.
fn elements<const ADD: bool>(size: Strides, from: &[f32], to: &mut [f32]) {
    for i in 0..size.rows {
        for j in 0..size.columns {
            let to = &mut to[j * size.to + i];
            *to = if ADD { *to } else { 0.0 } + from[i * size.from + j];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function that copies, and one that adds.
    type Ways = [fn(Strides, &[f32], &mut [f32]); 2];
    const BEST: Ways = [copy, add];
    /// The portable functions.
    const PORTABLE: Ways = [elements::<false>, elements::<true>];

    #[test]
    fn every_element_goes_where_row_and_column_are_exchanged() {
        for (rows, columns) in [
            (16, 16),
            (32, 48),
            (1, 1),
            (17, 16),
            (16, 17),
            (50, 35),
            (3, 40),
            (40, 3),
            (0, 5),
            (5, 0),
        ] {
            let size = Strides {
                rows,
                columns,
                from: columns + 3,
                to: rows + 1,
            };
            let from: Vec<f32> = (0..rows * size.from).map(|i| i as f32).collect();
            let before: Vec<f32> = (0..columns * size.to).map(|i| -0.5 * i as f32).collect();
            for ways in [BEST, PORTABLE] {
                let [copied, added] = ways.map(|way| {
                    let mut to = before.clone();
                    way(size, &from, &mut to);
                    to
                });
                for at in 0..before.len() {
                    let (j, i) = (at / size.to, at % size.to);
                    let (old, new) = (before[at], from.get(i * size.from + j));
                    let new = new.filter(|_| i < rows);
                    let place = format!("{rows} × {columns}: ({j}, {i})");
                    assert_eq!(copied[at], *new.unwrap_or(&old), "{place}");
                    assert_eq!(added[at], old + new.unwrap_or(&0.0), "{place}");
                }
            }
        }
    }
}
