//! The gradients of a block, chunk by chunk of the batch: by the way that fits its channels.
use super::{Block, few, wins};
use crate::cpu::reuse::Buffer;
use crate::cpu::team;
use crate::ops::{add, images_per_chunk};

/// Adds to `dx`, `(B, H, W, C)`, if it is wanted, to `dw`, `(O, C, K, K)`, and to `db`, `(O)`, given `dy` and the codes of
/// the forward pass, `(B, H″, W″, O)`.
pub fn backward_slices(
    sizes: &Block,
    x: &[f32],
    w: &[f32],
    (dy, codes): (&[f32], &[u32]),
    dx: Option<&mut [f32]>,
    [dw, db]: [&mut [f32]; 2],
) {
    if dy.is_empty() {
        return;
    }
    let images = images_per_chunk(sizes.window.batch);
    let (inputs, outputs) = (images * sizes.inputs(), images * sizes.outputs());
    let way = Way::new(sizes, w, dx.is_some());
    let mut dx = dx.map(|dx| dx.chunks_mut(inputs));
    let outputs = dy.chunks(outputs).zip(codes.chunks(outputs));
    let chunks: Vec<_> = x
        .chunks(inputs)
        .zip(outputs)
        .map(|(x, won)| (x, won, dx.as_mut().and_then(Iterator::next)))
        .collect();
    let partial_sums = team::map(chunks, |_, (x, won, dx)| {
        let mut sums = way.sums();
        let mut dx = dx.map(|dx| dx.chunks_exact_mut(sizes.inputs()));
        for (x, won) in x.chunks_exact(sizes.inputs()).zip(each(sizes, won)) {
            let dx = dx.as_mut().and_then(Iterator::next);
            let padded = way.add_image(x, won, &mut sums, dx.is_some());
            if let (Some(padded), Some(dx)) = (padded, dx) {
                sizes.add_unpadded(&padded, dx);
            }
        }
        sums
    });
    way.add_up(&partial_sums.iter().collect::<Vec<_>>(), [dw, db]);
}

/// The gradients of some outputs and their codes, image by image.
pub fn each<'a>(
    sizes: &Block,
    (dy, codes): (&'a [f32], &'a [u32]),
) -> impl Iterator<Item = (&'a [f32], &'a [u32])> {
    dy.chunks_exact(sizes.outputs())
        .zip(codes.chunks_exact(sizes.outputs()))
}

/// How a block's gradients are computed.
pub struct Way<'a> {
    sizes: &'a Block,
    by: By,
}

enum By {
    /// Place by place, for the weights of a window of few numbers, which is so long.
    Place { places: Vec<usize>, window: usize },
    /// Kernel by kernel, through the places where it won.
    Win { runs: Buffer },
}

/// What some images have contributed to the gradients of weights, in the way's order, and of the bias.
pub struct Sums {
    dw: Buffer,
    db: Buffer,
    wins: Option<wins::Wins>,
}

impl<'a> Way<'a> {
    /// The best one, for weights `w`, `(O, C, K, K)`.
    pub fn new(sizes: &'a Block, w: &[f32], wants_inputs: bool) -> Self {
        let window = sizes.window.column();
        let by = if window <= few::FEW && !wants_inputs {
            let places = sizes.places();
            By::Place { places, window }
        } else {
            let runs = wins::runs(sizes, w);
            By::Win { runs }
        };
        Self { sizes, by }
    }

    /// Nothing so far.
    pub fn sums(&self) -> Sums {
        let (length, wins) = match &self.by {
            By::Place { window, .. } => (self.sizes.kernels * window, None),
            By::Win { runs } => (runs.len(), Some(wins::Wins::new(self.sizes))),
        };
        Sums {
            dw: Buffer::zeros(length),
            db: Buffer::zeros(self.sizes.kernels),
            wins,
        }
    }

    /// Adds what an image `x` contributes to the gradients of parameters, given the gradient of its outputs and their codes; returns
    /// that of the image itself, with its padding, if it is wanted.
    pub fn add_image(
        &self,
        x: &[f32],
        won: (&[f32], &[u32]),
        sums: &mut Sums,
        wants_inputs: bool,
    ) -> Option<Buffer> {
        // A copy, with its padding, that begins a cache line: tensors begin where the system lets them, and every kernel visits
        // all of an image.
        let (sizes, x) = (self.sizes, &self.sizes.pad(x, wins::slack())[..]);
        let Sums { dw, db, wins } = sums;
        match (&self.by, wins) {
            (By::Win { runs }, Some(wins)) => {
                let mut dx = wants_inputs.then(|| Buffer::zeros(x.len()));
                wins.for_each_band(sizes, won, |wins| {
                    wins.add_to_bias(db);
                    wins::add_to_weights(sizes, wins, x, dw);
                    if let Some(dx) = &mut dx {
                        wins::add_to_inputs(sizes, wins, runs, dx);
                    }
                });
                dx
            }
            (By::Place { places, .. }, _) => {
                few::add_to_parameters(sizes, places, x, won, [dw, db]);
                None
            }
            (By::Win { .. }, None) => unreachable!("sums of another way"),
        }
    }

    /// Adds the sums of all chunks, in their order, to `dw`, `(O, C, K, K)`, and `db`, `(O)`.
    pub fn add_up(&self, partial_sums: &[&Sums], [dw, db]: [&mut [f32]; 2]) {
        for partial in partial_sums {
            add(db, &partial.db);
        }
        match &self.by {
            By::Place { .. } => add_all(dw, partial_sums),
            By::Win { runs } => {
                let mut total = Buffer::zeros(runs.len());
                add_all(&mut total, partial_sums);
                wins::add_runs(self.sizes, &total, dw);
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
