//! The gradients of a block, image by image: by the way that fits its channels.
use super::{Block, Layer, few, wins};
use crate::cpu::reuse::Buffer;
use crate::cpu::team;
use crate::ops::add;

/// How a block's gradients are computed.
pub struct Backward<'a> {
    pub block: &'a Block,
    wants_inputs: bool,
    by: By,
}

enum By {
    /// Place by place, for the weights of a window of few numbers.
    Place { places: Vec<usize> },
    /// Kernel by kernel, through the places where it won.
    Win { runs: Buffer },
}

/// What some images have contributed to the gradients of weights, in the way's order, and of the bias.
pub struct Sums {
    dw: Buffer,
    db: Buffer,
    wins: Option<wins::Wins>,
}

impl<'a> Backward<'a> {
    /// The best way, if the gradient of the inputs is wanted, or if it is not.
    pub fn new(layer: &'a Layer<'_>, wants_inputs: bool) -> Self {
        let block = &layer.block;
        let by = if block.window.column() <= few::FEW && !wants_inputs {
            let places = block.places();
            By::Place { places }
        } else {
            let runs = wins::runs(block, &layer.weight);
            By::Win { runs }
        };
        Self {
            block,
            wants_inputs,
            by,
        }
    }

    /// Nothing so far.
    pub fn sums(&self) -> Sums {
        let length = match &self.by {
            By::Place { .. } => self.block.kernels * self.block.window.column(),
            By::Win { runs } => runs.len(),
        };
        Sums {
            dw: Buffer::zeros(length),
            db: Buffer::zeros(self.block.kernels),
            wins: None,
        }
    }

    /// Adds what an image `x` contributes to the gradients of parameters, given the gradient of its outputs and their codes; returns
    /// that of the image itself, with its padding, if it is wanted.
    pub fn add_image(&self, x: &[f32], won: (&[f32], &[u32]), sums: &mut Sums) -> Option<Buffer> {
        // A copy, with its padding, that begins a cache line: tensors begin where the system lets them, and every kernel visits
        // all of an image.
        self.add_padded(&self.block.pad(x, wins::slack()), won, sums)
    }

    /// The same for an image with its padding and, behind it, [`slack`](wins::slack) zeros, which best begins a cache line.
    pub fn add_padded(&self, x: &[f32], won: (&[f32], &[u32]), sums: &mut Sums) -> Option<Buffer> {
        let block = self.block;
        let Sums { dw, db, wins } = sums;
        match &self.by {
            By::Place { places } => {
                few::add_to_parameters(block, places, x, won, [dw, db]);
                None
            }
            By::Win { runs } => {
                let wins = wins.get_or_insert_with(|| wins::Wins::new(block));
                let mut dx = self.wants_inputs.then(|| Buffer::zeros(x.len()));
                wins.for_each_band(block, won, |wins| {
                    wins.add_to_bias(db);
                    wins::add_to_weights(block, wins, x, dw);
                    if let Some(dx) = &mut dx {
                        wins::add_to_inputs(block, wins, runs, dx);
                    }
                });
                dx
            }
        }
    }

    /// Adds the sums of all chunks, in their order, to `dw`, `(O, C, K, K)`, and `db`, `(O)`.
    pub fn add_up(&self, partial_sums: &[&Sums], [dw, db]: &mut [Vec<f32>; 2]) {
        for partial in partial_sums {
            add(db, &partial.db);
        }
        match &self.by {
            By::Place { .. } => add_all(dw, partial_sums),
            By::Win { runs } => {
                let mut total = Buffer::zeros(runs.len());
                add_all(&mut total, partial_sums);
                wins::add_runs(self.block, &total, dw);
            }
        }
    }
}

/// Adds the gradients of weights of all chunks, in their order.
fn add_all(total: &mut [f32], partial_sums: &[&Sums]) {
    const PARTS: usize = 4;
    let size = total.len().div_ceil(PARTS).next_multiple_of(16);
    team::for_each(total.chunks_mut(size), |part, total| {
        for partial in partial_sums {
            add(total, &partial.dw[part * size..][..total.len()]);
        }
    });
}
