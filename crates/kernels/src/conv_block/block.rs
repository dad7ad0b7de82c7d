//! The sizes of a block, where its windows begin, and images with and without their padding.
use pulp::bytemuck;

use crate::buffer_pool::Buffer;
use crate::simd::Isa;
use crate::window::Window2d;

/// What a block of convolution, bias, ReLU and pooling computes, as values.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The convolution's window.
    pub window: Window2d,
    /// `O`: kernels.
    pub kernels: usize,
    /// Side and stride of the pooling window: 1 for none, or 2.
    pub pool: usize,
    /// The instructions to use.
    pub isa: Isa,
}

impl Block {
    /// A block of `kernels` kernels with the best instructions of this CPU; `pool` is the side of
    /// the pooling window, 1 for none.
    pub fn new(window: Window2d, kernels: usize, pool: usize) -> Self {
        Self {
            window,
            kernels,
            pool,
            isa: Isa::best(),
        }
    }

    /// `(H″, W″)` of the output: the convolution's sides divided by that of the pooling window.
    pub fn output(&self) -> [usize; 2] {
        self.window.output.map(|side| side / self.pool)
    }

    /// The number of outputs of an image in one channel, `H″ W″`.
    pub fn groups(&self) -> usize {
        self.output()[0] * self.output()[1]
    }

    /// The number of outputs of an image, `H″ W″ O`.
    pub fn outputs(&self) -> usize {
        self.groups() * self.kernels
    }

    /// The length of an image's stored argmax: 0 if nothing is pooled, where the outputs themselves
    /// tell which of them ReLU made zero.
    pub fn stored_argmax(&self) -> usize {
        if self.pool == 1 { 0 } else { self.outputs() }
    }

    /// The number of inputs of an image, `H W C`.
    pub fn inputs(&self) -> usize {
        self.window.input_map() * self.window.channels
    }

    /// The number of convolution outputs of which pooling takes the largest: 1 or 4.
    pub fn group(&self) -> usize {
        self.pool * self.pool
    }

    /// The number of inputs that one row of the kernel sees, which lie side by side: `K C`.
    pub fn run(&self) -> usize {
        self.window.kernel * self.window.channels
    }

    /// The number of inputs in a row of the padded image.
    pub fn row(&self) -> usize {
        (self.window.input[1] + 2 * self.window.padding) * self.window.channels
    }

    /// The number of inputs in the padded image.
    pub fn padded(&self) -> usize {
        (self.window.input[0] + 2 * self.window.padding) * self.row()
    }

    /// The offset in the padded image at which the window begins, for each convolution output that
    /// is needed; the outputs of one pooling window follow each other.
    pub fn window_offsets(&self) -> Vec<usize> {
        let [rows, columns] = self.output();
        let mut window_offsets = Vec::with_capacity(self.groups() * self.group());
        for i in 0..rows {
            for j in 0..columns {
                for a in 0..self.pool {
                    for b in 0..self.pool {
                        let row = (i * self.pool + a) * self.window.stride;
                        let column = (j * self.pool + b) * self.window.stride;
                        window_offsets.push(row * self.row() + column * self.window.channels);
                    }
                }
            }
        }
        window_offsets
    }

    /// Copies `images`, `(n, H, W, C)`, with their padding, and `slack` zeros after the last.
    pub fn pad(&self, images: &[f32], slack: usize) -> Buffer {
        let n = images.len() / self.inputs();
        let mut padded = Buffer::stale(n * self.padded() + slack);
        let written = match self.window.padding {
            0 => images.len(), // all that lies before the slack
            _ => 0,
        };
        padded[written..].fill(0.0);
        for (image, padded) in images
            .chunks_exact(self.inputs())
            .zip(padded.chunks_exact_mut(self.padded()))
        {
            for (row, at) in self.rows(image) {
                padded[at..][..row.len()].copy_from_slice(row);
            }
        }
        padded
    }

    /// Adds the inside of a `padded` image to `image`, `(H, W, C)`: the transpose of
    /// [`pad`](Self::pad).
    pub fn add_unpadded(&self, padded: &[f32], image: &mut [f32]) {
        let width = self.window.input[1] * self.window.channels;
        for (i, row) in image.chunks_exact_mut(width).enumerate() {
            let from = &padded[self.inside(i)..][..width];
            for (x, p) in row.iter_mut().zip(from) {
                *x += p;
            }
        }
    }

    /// Removes the padding of an image. If there is none, the buffer is returned as it is, slack
    /// included.
    pub fn unpadded(&self, padded: Buffer) -> Buffer {
        if self.window.padding == 0 {
            return padded;
        }
        let mut image = Buffer::zeros(self.inputs());
        self.add_unpadded(&padded, &mut image);
        image
    }

    /// The rows of an image, each with the offset at which it begins in the padded image.
    fn rows<'a>(&self, image: &'a [f32]) -> impl Iterator<Item = (&'a [f32], usize)> {
        let (this, width) = (*self, self.window.input[1] * self.window.channels);
        let rows = image.chunks_exact(width).enumerate();
        rows.map(move |(i, row)| (row, this.inside(i)))
    }

    /// The offset in the padded image of row `i` of the image.
    fn inside(&self, i: usize) -> usize {
        let padding = self.window.padding;
        (i + padding) * self.row() + padding * self.window.channels
    }
}

/// The argmax of outputs `y`: the stored one or, where nothing is pooled, the bits of `y`, which
/// are zero where ReLU made the output 0 and not zero elsewhere.
pub fn argmax<'a>(stored: &'a [u32], y: &'a [f32]) -> &'a [u32] {
    match stored.len() {
        0 => bytemuck::cast_slice(y),
        _ => stored,
    }
}
