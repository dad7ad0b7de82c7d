//! For each kernel, the outputs in a band of an image whose gradient is not zero.
use pulp::bytemuck;

use super::SLACK;
use crate::buffer_pool::Buffer;
use crate::conv_block::Block;
use crate::reduce::sum;
use crate::transpose::{self, Strides};

/// The number of inputs of the padded image that a band may cover: 32 KB.
const BAND: usize = 8192;

/// For each kernel, the window offsets of the outputs in a band whose gradient is not zero, and the
/// gradients.
pub struct SparseGradients {
    /// [`Block::window_offsets`]
    window_offsets: Vec<u32>,
    /// The number of pooling windows in a band.
    band: usize,
    /// The capacity of a kernel's list: `band`, rounded up to a whole number of vectors.
    room: usize,
    at: Buffer<u32>,
    dy: Buffer,
    lengths: Vec<usize>,
}

impl SparseGradients {
    /// Empty lists with room for a band.
    pub fn new(block: &Block) -> Self {
        let row = block.output()[1];
        // The number of inputs that one more row of outputs covers.
        let pixels = block.pool * block.window.stride * block.row();
        let rows = (BAND.saturating_sub(block.window.kernel * block.row()) / pixels).max(1);
        let band = rows.min(block.output()[0]) * row;
        let room = band.next_multiple_of(SLACK);
        Self {
            window_offsets: block
                .window_offsets()
                .into_iter()
                .map(|offset| offset as u32)
                .collect(),
            band,
            room,
            at: Buffer::stale(block.kernels * room),
            dy: Buffer::stale(block.kernels * room),
            lengths: vec![0; block.kernels],
        }
    }

    /// Calls `use_lists` for each band of an image, given the gradient `dy` and the `argmax` of its
    /// outputs, `(H″, W″, O)`.
    pub fn for_each_band(
        &mut self,
        block: &Block,
        (dy, argmax): (&[f32], &[u32]),
        mut use_lists: impl FnMut(&Self),
    ) {
        let numbers = self.band * block.kernels;
        let mut window_offsets = std::mem::take(&mut self.window_offsets);
        let bands = window_offsets.chunks(self.band * block.group());
        for (window_offsets, (dy, argmax)) in
            bands.zip(dy.chunks(numbers).zip(argmax.chunks(numbers)))
        {
            self.list(block, window_offsets, dy, argmax);
            use_lists(self);
        }
        std::mem::swap(&mut self.window_offsets, &mut window_offsets);
    }

    /// Makes the lists of a band.
    fn list(&mut self, block: &Block, window_offsets: &[u32], dy: &[f32], argmax: &[u32]) {
        let (kernels, groups) = (block.kernels, dy.len() / block.kernels);
        let turn = Strides {
            rows: groups,
            columns: kernels,
            from: kernels,
            to: self.room,
        };
        let mut argmax_by_kernel = Buffer::<f32>::stale(kernels * self.room);
        transpose::copy(turn, bytemuck::cast_slice(argmax), &mut argmax_by_kernel);
        transpose::copy(turn, dy, &mut self.dy);
        let argmax_by_kernel: &[u32] = bytemuck::cast_slice(&argmax_by_kernel);
        for o in 0..kernels {
            let (argmax, at) = (
                &argmax_by_kernel[o * self.room..][..groups],
                &mut self.at[o * self.room..][..self.room],
            );
            let dy = &mut self.dy[o * self.room..][..self.room];
            self.lengths[o] = keep_nonzero(block, window_offsets, argmax, at, dy);
        }
    }

    /// Adds the sum of each kernel's gradients to `db`, `(O)`.
    pub fn add_to_bias(&self, db: &mut [f32]) {
        for (kernel, db) in db.iter_mut().enumerate() {
            *db += sum(self.of(kernel).1);
        }
    }

    /// A kernel's list: offsets and gradients.
    pub(super) fn of(&self, kernel: usize) -> (&[u32], &[f32]) {
        let (from, length) = (kernel * self.room, self.lengths[kernel]);
        (&self.at[from..][..length], &self.dy[from..][..length])
    }
}

/// Keeps those of a kernel's outputs whose argmax and gradient are not zero (ReLU makes the one
/// zero, dropout the other): the offset of the window goes to `at`, the gradient moves to the front
/// of `dy`. Returns the number kept.
fn keep_nonzero(
    block: &Block,
    window_offsets: &[u32],
    argmax: &[u32],
    at: &mut [u32],
    dy: &mut [f32],
) -> usize {
    let group = block.group();
    #[cfg(target_arch = "x86_64")]
    if block.isa.available() == crate::simd::Isa::Avx512 {
        // SAFETY: the CPU has the instructions.
        return unsafe { crate::avx512::keep_nonzero(group, window_offsets, argmax, at, dy) };
    }
    let mut length = 0;
    for (g, (&argmax, window_offsets)) in argmax
        .iter()
        .zip(window_offsets.chunks_exact(group))
        .enumerate()
    {
        // Written always and counted only if it is kept: no branch that a processor could
        // mispredict.
        let index = argmax.wrapping_sub(1) as usize;
        let gradient = dy[g];
        (at[length], dy[length]) = (window_offsets[index.min(group - 1)], gradient);
        length += usize::from(argmax != 0 && gradient != 0.0);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Isa;
    use crate::window::Window2d;

    #[test]
    fn outputs_with_a_gradient_are_listed_and_no_others() {
        for isa in [Isa::Baseline, Isa::Avx512] {
            let mut block = Block::new(Window2d::new([1, 16, 6, 6], 3, 1, 0), 2, 2);
            block.isa = isa;
            // Two kernels side by side, four outputs each. A gradient that is not a number must not
            // get lost.
            let dy = [1.0, 0.0, 0.0, 2.0, -0.0, 3.0, f32::NAN, 4.0];
            let argmax = [1, 1, 2, 0, 3, 1, 4, 1];
            let mut lists = Vec::new();
            SparseGradients::new(&block).for_each_band(&block, (&dy, &argmax), |lists_of| {
                lists.extend([0, 1].map(|kernel| {
                    let (at, dy) = lists_of.of(kernel);
                    (at.to_vec(), format!("{dy:?}"))
                }));
            });
            let [row, column] = [6 * 16, 16];
            let last = 2 * row + 2 * column; // the offset of the last pooling window
            assert_eq!(
                lists[0],
                (vec![0, last + row + column], "[1.0, NaN]".into())
            );
            assert_eq!(lists[1], (vec![2 * row, last], "[3.0, 4.0]".into()));
        }
    }
}
