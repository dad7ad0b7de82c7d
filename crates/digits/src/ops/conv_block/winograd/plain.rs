//! Tiles of one colour: where all pixels of a tile are alike, as on blank paper, so are the outputs of all such tiles.
use super::{OUT, SIDE};
use crate::ops::conv_block::Block;

/// A tile: image, first row, first column.
pub type Corner = [usize; 3];

/// The tiles of one colour among some images, and which of the tiles computed before has the same.
#[derive(Default)]
pub struct Plain<'a> {
    /// The last colour that was met, the numbers of a pixel, and where.
    known: Option<(&'a [f32], Corner)>,
    /// Tiles whose outputs are those of another.
    copies: Vec<(Corner, Corner)>,
}

impl<'a> Plain<'a> {
    /// Whether the tile at `corner` of the images `x` need not be computed.
    #[inline(always)]
    pub fn takes(&mut self, sizes: &Block, x: &'a [f32], corner: Corner) -> bool {
        let Some(colour) = colour(sizes, x, corner) else {
            return false;
        };
        let same = self.known.filter(|(known, _)| *known == colour);
        match same {
            Some((_, from)) => self.copies.push((from, corner)),
            None => self.known = Some((colour, corner)),
        }
        same.is_some()
    }

    /// Copies the outputs and codes, `(H″, W″, O)` for each image, of the tiles that were taken.
    pub fn copy(&self, sizes: &Block, y: &mut [f32], codes: &mut [u32]) {
        let (side, columns) = (OUT / sizes.pool, sizes.output()[1]);
        let row = side * sizes.kernels;
        let at = |[image, row, column]: Corner, i: usize| {
            let group = (row / sizes.pool + i) * columns + column / sizes.pool;
            image * sizes.outputs() + group * sizes.kernels
        };
        for (from, to) in &self.copies {
            for i in 0..side {
                let (from, to) = (at(*from, i), at(*to, i));
                y.copy_within(from..from + row, to);
                if !codes.is_empty() {
                    codes.copy_within(from..from + row, to);
                }
            }
        }
    }
}

/// The numbers of each pixel of the tile at `corner`, if they are the same in all, to the last bit, and the tile lies within the
/// image, pixels and outputs.
#[inline(always)]
fn colour<'a>(sizes: &Block, x: &'a [f32], [image, row, column]: Corner) -> Option<&'a [f32]> {
    let (channels, width) = (sizes.window.channels, sizes.row());
    let [rows, columns] = sizes.output().map(|side| side * sizes.pool);
    if row + OUT > rows || column + OUT > columns {
        return None;
    }
    let corner = image * sizes.padded() + row * width + column * channels;
    let first = &x[corner..][..channels];
    for i in (0..SIDE).rev() {
        let line = &x[corner + i * width..][..SIDE * channels];
        for pixel in line.chunks_exact(channels).rev() {
            let mut difference = 0;
            for (a, b) in first.iter().zip(pixel) {
                difference |= a.to_bits() ^ b.to_bits(); // all, without a branch: many at a time
            }
            if difference != 0 {
                return None;
            }
        }
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::simd::Isa;
    use crate::ops::tests::{block, window};

    #[test]
    fn tiles_of_a_colour_that_was_met_are_taken_and_no_others() {
        // Two tiles below each other, three and a part beside each other.
        let sizes = block(window([1, 2, 10, 15], 3, 1, 0), 1, 1, Isa::Plain);
        let mut x = [1.0, 2.0].repeat(10 * 15);
        x[2 * (4 * 15 + 4) + 1] = 3.0; // a spot at (4, 4)
        let mut plain = Plain::default();
        let mut takes = |row, column| plain.takes(&sizes, &x, [0, row, column]);
        assert!(!takes(0, 0)); // the spot is its pixel (4, 4)
        assert!(!takes(0, 8)); // the first of one colour
        assert!(takes(4, 8));
        assert!(!takes(4, 4)); // the spot is its first pixel
        assert!(!takes(4, 12)); // only a part of its outputs exists
        assert_eq!(plain.copies, [([0, 0, 8], [0, 4, 8])]);
    }
}
