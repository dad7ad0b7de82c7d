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
    let mut dx = dx.map(|dx| dx.chunks_mut(inputs));
    let outputs = dy.chunks(outputs).zip(codes.chunks(outputs));
    let chunks: Vec<_> = x
        .chunks(inputs)
        .zip(outputs)
        .map(|(x, (dy, codes))| (x, dy, codes, dx.as_mut().and_then(Iterator::next)))
        .collect();
    let few = sizes.window.column() <= few::FEW && dx.is_none();
    let (runs, places) = match few {
        true => (Buffer::zeros(0), sizes.places()),
        false => (wins::runs(sizes, w), Vec::new()),
    };
    let partial_sums = team::map(chunks, |_, (x, dy, codes, dx)| {
        let mut db = Buffer::zeros(sizes.kernels);
        let mut dw = Buffer::zeros(if few { w.len() } else { runs.len() });
        if few {
            each_image(sizes, x, dy, codes, |x, won| {
                few::add_to_parameters(sizes, &places, x, won, [&mut dw, &mut db])
            });
        } else {
            with_wins(sizes, &runs, (x, dy, codes), dx, [&mut dw, &mut db]);
        }
        (dw, db)
    });
    for (_, partial) in &partial_sums {
        add(db, partial);
    }
    if few {
        add_all(dw, &partial_sums);
    } else {
        let mut total = Buffer::zeros(runs.len());
        add_all(&mut total, &partial_sums);
        wins::add_runs(sizes, &total, dw);
    }
}

/// Adds the gradients of weights of all chunks, in their order.
fn add_all(total: &mut [f32], partial_sums: &[(Buffer, Buffer)]) {
    const PARTS: usize = 4;
    let size = total.len().div_ceil(PARTS).next_multiple_of(16);
    team::for_each(total.chunks_mut(size), |part, total| {
        for (partial, _) in partial_sums {
            add(total, &partial[part * size..][..total.len()]);
        }
    });
}

/// Calls `visit` for each image with its part of `dy` and `codes`. The image is a copy, with its padding, that begins a cache
/// line: tensors begin where the system lets them, and every kernel visits all of an image.
fn each_image(
    sizes: &Block,
    x: &[f32],
    dy: &[f32],
    codes: &[u32],
    mut visit: impl FnMut(&[f32], (&[f32], &[u32])),
) {
    let won = dy
        .chunks_exact(sizes.outputs())
        .zip(codes.chunks_exact(sizes.outputs()));
    for (x, won) in x.chunks_exact(sizes.inputs()).zip(won) {
        visit(&sizes.pad(x, wins::slack()), won);
    }
}

/// The gradients of parameters and inputs through the places where kernels won.
fn with_wins(
    sizes: &Block,
    runs: &[f32],
    (x, dy, codes): (&[f32], &[f32], &[u32]),
    dx: Option<&mut [f32]>,
    [dw, db]: [&mut [f32]; 2],
) {
    let mut wins = wins::Wins::new(sizes);
    let mut dx = dx.map(|dx| dx.chunks_exact_mut(sizes.inputs()));
    each_image(sizes, x, dy, codes, |x, won| {
        let dx = dx.as_mut().and_then(Iterator::next);
        let mut padded = dx.is_some().then(|| Buffer::zeros(x.len()));
        wins.for_each_band(sizes, won, |wins| {
            wins.add_to_bias(db);
            wins::add_to_weights(sizes, wins, x, dw);
            if let Some(dx) = &mut padded {
                wins::add_to_inputs(sizes, wins, runs, dx);
            }
        });
        if let (Some(padded), Some(dx)) = (&padded, dx) {
            sizes.add_unpadded(padded, dx);
        }
    });
}
