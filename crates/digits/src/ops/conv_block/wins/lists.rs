//! Which kernels won where, in a band of an image.
use pulp::bytemuck;

use super::SLACK;
use crate::cpu::reuse::Buffer;
use crate::cpu::transpose::{self, Size};
use crate::ops::conv_block::Block;
use crate::ops::sum;

/// Numbers of the padded image that a band may cover: 32 KB.
const BAND: usize = 8192;

/// For each kernel, where in a band of an image it won, and with which gradient.
pub struct Wins {
    /// Where the kernel begins in the padded image, for each group and each of its outputs.
    places: Vec<u32>,
    /// Groups in a band.
    band: usize,
    /// Groups of a band, up to a whole number of vectors: room for a kernel's list.
    room: usize,
    at: Buffer<u32>,
    dy: Buffer,
    lengths: Vec<usize>,
}

impl Wins {
    /// Room for the lists of a band.
    pub fn new(sizes: &Block) -> Self {
        let row = sizes.output()[1];
        let pixels = sizes.pool * sizes.window.stride * sizes.row(); // that a further row of outputs covers
        let rows = (BAND.saturating_sub(sizes.window.kernel * sizes.row()) / pixels).max(1);
        let band = rows.min(sizes.output()[0]) * row;
        let room = band.next_multiple_of(SLACK);
        Self {
            places: sizes
                .places()
                .into_iter()
                .map(|place| place as u32)
                .collect(),
            band,
            room,
            at: Buffer::any(sizes.kernels * room),
            dy: Buffer::any(sizes.kernels * room),
            lengths: vec![0; sizes.kernels],
        }
    }

    /// Calls `use_lists` for each band of an image, given the gradient `dy` and the `codes` of the forward pass, `(H″, W″, O)`.
    pub fn for_each_band(
        &mut self,
        sizes: &Block,
        (dy, codes): (&[f32], &[u32]),
        mut use_lists: impl FnMut(&Self),
    ) {
        let numbers = self.band * sizes.kernels;
        let mut places = std::mem::take(&mut self.places);
        let bands = places.chunks(self.band * sizes.group());
        for (places, (dy, codes)) in bands.zip(dy.chunks(numbers).zip(codes.chunks(numbers))) {
            self.list(sizes, places, dy, codes);
            use_lists(self);
        }
        std::mem::swap(&mut self.places, &mut places);
    }

    fn list(&mut self, sizes: &Block, places: &[u32], dy: &[f32], codes: &[u32]) {
        let (kernels, groups) = (sizes.kernels, dy.len() / sizes.kernels);
        let turn = Size {
            rows: groups,
            columns: kernels,
            from: kernels,
            to: self.room,
        };
        let mut codes_of = Buffer::<f32>::any(kernels * self.room);
        transpose::copy(turn, bytemuck::cast_slice(codes), &mut codes_of);
        transpose::copy(turn, dy, &mut self.dy);
        let codes_of: &[u32] = bytemuck::cast_slice(&codes_of);
        for o in 0..kernels {
            let (codes, at) = (
                &codes_of[o * self.room..][..groups],
                &mut self.at[o * self.room..][..self.room],
            );
            let dy = &mut self.dy[o * self.room..][..self.room];
            self.lengths[o] = keep_winners(sizes, places, codes, at, dy);
        }
    }

    /// Adds up each kernel's gradients.
    pub fn add_to_bias(&self, db: &mut [f32]) {
        for (kernel, db) in db.iter_mut().enumerate() {
            *db += sum(self.of(kernel).1);
        }
    }

    pub(super) fn of(&self, kernel: usize) -> (&[u32], &[f32]) {
        let (from, length) = (kernel * self.room, self.lengths[kernel]);
        (&self.at[from..][..length], &self.dy[from..][..length])
    }
}

/// Of a kernel's groups keeps those with a winner whose gradient is not zero, as dropout makes it: where it stands goes to `at`, its
/// gradient moves to the front of `dy`. Returns how many there are.
fn keep_winners(
    sizes: &Block,
    places: &[u32],
    codes: &[u32],
    at: &mut [u32],
    dy: &mut [f32],
) -> usize {
    let group = sizes.group();
    #[cfg(target_arch = "x86_64")]
    if sizes.isa.available() == crate::cpu::simd::Isa::Avx512 {
        // SAFETY: the CPU has the instructions.
        return unsafe { crate::cpu::avx512::keep_winners(group, places, codes, at, dy) };
    }
    let mut length = 0;
    for (g, (&code, places)) in codes.iter().zip(places.chunks_exact(group)).enumerate() {
        // Written always and counted only if it is kept: no branch that a processor could guess wrongly.
        let winner = code.wrapping_sub(1) as usize;
        let gradient = dy[g];
        (at[length], dy[length]) = (places[winner.min(group - 1)], gradient);
        length += usize::from(code != 0 && gradient != 0.0);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::simd::Isa;
    use crate::ops::tests::{block, window};

    #[test]
    fn winners_with_a_gradient_are_listed_and_no_others() {
        for isa in [Isa::Plain, Isa::Avx512] {
            let sizes = block(window([1, 16, 6, 6], 3, 1, 0), 2, 2, isa);
            // Two kernels side by side, at four places. A gradient that is not a number must not get lost.
            let dy = [1.0, 0.0, 0.0, 2.0, -0.0, 3.0, f32::NAN, 4.0];
            let codes = [1, 1, 2, 0, 3, 1, 4, 1];
            let mut lists = Vec::new();
            Wins::new(&sizes).for_each_band(&sizes, (&dy, &codes), |wins| {
                lists.extend([0, 1].map(|kernel| {
                    let (at, dy) = wins.of(kernel);
                    (at.to_vec(), format!("{dy:?}"))
                }));
            });
            let [row, column] = [6 * 16, 16];
            let last = 2 * row + 2 * column; // the place of the last group's first output
            assert_eq!(
                lists[0],
                (vec![0, last + row + column], "[1.0, NaN]".into())
            );
            assert_eq!(lists[1], (vec![2 * row, last], "[3.0, 4.0]".into()));
        }
    }
}
