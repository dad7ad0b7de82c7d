//! Uniform tiles: where all pixels of a tile are alike, as on blank paper, so are the outputs of
//! all such tiles. They are computed once and copied.
use super::{OUT, SIDE};
use crate::conv_block::Block;

/// A tile: image, first row, first column.
pub type Corner = [usize; 3];

/// The uniform tiles among some images, each with an equal tile that was computed before.
#[derive(Default)]
pub struct UniformTiles<'a> {
    /// The pixel of the last uniform tile that was computed, and the tile.
    known: Option<(&'a [f32], Corner)>,
    /// Pairs of tiles: computed, and equal to it.
    copies: Vec<(Corner, Corner)>,
}

impl<'a> UniformTiles<'a> {
    /// Whether the tile at `corner` of the images `x` need not be computed, because its outputs can
    /// be copied from another.
    #[inline(always)]
    pub fn try_reuse(&mut self, block: &Block, x: &'a [f32], corner: Corner) -> bool {
        let Some(pixel) = uniform_pixel(block, x, corner) else {
            return false;
        };
        let same = self.known.filter(|(known, _)| *known == pixel);
        match same {
            Some((_, from)) => self.copies.push((from, corner)),
            None => self.known = Some((pixel, corner)),
        }
        same.is_some()
    }

    /// Copies the outputs and the argmax, `(H″, W″, O)` for each image, of the tiles that were not
    /// computed.
    pub fn copy(&self, block: &Block, y: &mut [f32], argmax: &mut [u32]) {
        let (side, columns) = (OUT / block.pool, block.output()[1]);
        let row = side * block.kernels;
        let at = |[image, row, column]: Corner, i: usize| {
            let group = (row / block.pool + i) * columns + column / block.pool;
            image * block.outputs() + group * block.kernels
        };
        for (from, to) in &self.copies {
            for i in 0..side {
                let (from, to) = (at(*from, i), at(*to, i));
                y.copy_within(from..from + row, to);
                if !argmax.is_empty() {
                    argmax.copy_within(from..from + row, to);
                }
            }
        }
    }
}

/// The channels of a pixel of the tile at `corner`, if all its pixels are equal to the last bit and
/// the tile, inputs and outputs, lies within the image.
#[inline(always)]
fn uniform_pixel<'a>(
    block: &Block,
    x: &'a [f32],
    [image, row, column]: Corner,
) -> Option<&'a [f32]> {
    let (channels, width) = (block.window.channels, block.row());
    let [rows, columns] = block.output().map(|side| side * block.pool);
    if row + OUT > rows || column + OUT > columns {
        return None;
    }
    let corner = image * block.padded() + row * width + column * channels;
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
    use crate::simd::Isa;
    use crate::window::Window2d;

    #[test]
    fn a_uniform_tile_is_reused_if_an_equal_one_came_before_and_no_other_tile_is() {
        // Two tiles below each other, three and a part beside each other.
        let block = Block {
            isa: Isa::Baseline,
            ..Block::new(Window2d::new([1, 2, 10, 15], 3, 1, 0), 1, 1)
        };
        let mut x = [1.0, 2.0].repeat(10 * 15);
        x[2 * (4 * 15 + 4) + 1] = 3.0; // a spot at (4, 4)
        let mut uniform = UniformTiles::default();
        let mut try_reuse = |row, column| uniform.try_reuse(&block, &x, [0, row, column]);
        assert!(!try_reuse(0, 0)); // the spot is its pixel (4, 4)
        assert!(!try_reuse(0, 8)); // the first uniform tile
        assert!(try_reuse(4, 8));
        assert!(!try_reuse(4, 4)); // the spot is its first pixel
        assert!(!try_reuse(4, 12)); // only a part of its outputs exists
        assert_eq!(uniform.copies, [([0, 0, 8], [0, 4, 8])]);
    }
}
