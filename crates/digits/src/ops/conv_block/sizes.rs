//! Sizes of a block, and where its windows begin.
use dfdx::prelude::Shape;
use pulp::bytemuck;

use crate::cpu::reuse::Buffer;
use crate::cpu::simd::Isa;
use crate::shape::Window2d;

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
    /// For inputs `(C, H, W)` or `(B, C, H, W)`: channels `[C, O]`, a window `[K, S, P]`, the side of the pooling window, and the best
    /// instructions that there are.
    pub fn of<Sh: Shape>(
        x: &Sh,
        [channels, kernels]: [usize; 2],
        [kernel, stride, padding]: [usize; 3],
        pool: usize,
    ) -> Self {
        let sides = x.concrete();
        let input = [2, 1].map(|back| sides.as_ref()[Sh::NUM_DIMS - back]);
        let batch = x.num_elements() / (channels * input[0] * input[1]);
        let window = Window2d {
            batch,
            channels,
            input,
            output: input.map(|side| (side + 2 * padding - kernel) / stride + 1),
            kernel,
            stride,
            padding,
        };
        Self {
            window,
            kernels,
            pool,
            isa: Isa::best(),
        }
    }

    /// `(H″, W″)` of the output: the convolution's, divided by the pooling window's side.
    pub fn output(&self) -> [usize; 2] {
        self.window.output.map(|side| side / self.pool)
    }

    /// Outputs of an image in one channel.
    pub fn groups(&self) -> usize {
        self.output()[0] * self.output()[1]
    }

    /// Outputs of an image, `H″ W″ O`.
    pub fn outputs(&self) -> usize {
        self.groups() * self.kernels
    }

    /// Codes of an image that are stored: none if nothing is pooled, where those of the outputs say as much.
    pub fn codes(&self) -> usize {
        if self.pool == 1 { 0 } else { self.outputs() }
    }

    /// Inputs of an image, `H W C`.
    pub fn inputs(&self) -> usize {
        self.window.input_map() * self.window.channels
    }

    /// Convolution outputs that compete for one output of the block.
    pub fn group(&self) -> usize {
        self.pool * self.pool
    }

    /// Numbers that a row of the kernel sees side by side, `K C`.
    pub fn run(&self) -> usize {
        self.window.kernel * self.window.channels
    }

    /// Numbers in a row of the padded image.
    pub fn row(&self) -> usize {
        (self.window.input[1] + 2 * self.window.padding) * self.window.channels
    }

    /// Numbers in the padded image.
    pub fn padded(&self) -> usize {
        (self.window.input[0] + 2 * self.window.padding) * self.row()
    }

    /// Where in the padded image the kernel begins, for each convolution output that is needed: group by group.
    pub fn places(&self) -> Vec<usize> {
        let [rows, columns] = self.output();
        let mut places = Vec::with_capacity(self.groups() * self.group());
        for i in 0..rows {
            for j in 0..columns {
                for a in 0..self.pool {
                    for b in 0..self.pool {
                        let row = (i * self.pool + a) * self.window.stride;
                        let column = (j * self.pool + b) * self.window.stride;
                        places.push(row * self.row() + column * self.window.channels);
                    }
                }
            }
        }
        places
    }

    /// `images` `(n, H, W, C)` with their padding, and `slack` zeros behind the last.
    pub fn pad(&self, images: &[f32], slack: usize) -> Buffer {
        let n = images.len() / self.inputs();
        let mut padded = Buffer::any(n * self.padded() + slack);
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

    /// Adds what lies inside the padding of a `padded` image to `image`: the transpose of [`pad`](Self::pad).
    pub fn add_unpadded(&self, padded: &[f32], image: &mut [f32]) {
        let width = self.window.input[1] * self.window.channels;
        for (i, row) in image.chunks_exact_mut(width).enumerate() {
            let from = &padded[self.inside(i)..][..width];
            for (x, p) in row.iter_mut().zip(from) {
                *x += p;
            }
        }
    }

    /// A padded image without its padding; what lies behind an image that has none may stay.
    pub fn unpadded(&self, padded: Buffer) -> Buffer {
        if self.window.padding == 0 {
            return padded;
        }
        let mut image = Buffer::zeros(self.inputs());
        self.add_unpadded(&padded, &mut image);
        image
    }

    /// The rows of an image, and where each begins in the padded one.
    fn rows<'a>(&self, image: &'a [f32]) -> impl Iterator<Item = (&'a [f32], usize)> {
        let (this, width) = (*self, self.window.input[1] * self.window.channels);
        let rows = image.chunks_exact(width).enumerate();
        rows.map(move |(i, row)| (row, this.inside(i)))
    }

    fn inside(&self, i: usize) -> usize {
        let padding = self.window.padding;
        (i + padding) * self.row() + padding * self.window.channels
    }
}

/// The codes of outputs `y`: those that are stored or, where nothing is pooled, the bits of `y`, which are zero where ReLU made it 0.
pub fn codes<'a>(stored: &'a [u32], y: &'a [f32]) -> &'a [u32] {
    match stored.len() {
        0 => bytemuck::cast_slice(y),
        _ => stored,
    }
}
