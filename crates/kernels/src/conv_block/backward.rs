//! The gradients of a block, image by image, by the method that suits its channels.
use super::{Block, ConvLayer, direct, sparse};
use crate::buffer_pool::Buffer;
use crate::reduce::add;
use crate::thread_pool;

/// How a block's gradients are computed.
pub struct Backward<'a> {
    pub block: &'a Block,
    wants_inputs: bool,
    method: Method,
}

/// The method of a block's backward pass.
enum Method {
    /// Output by output.
    Direct { window_offsets: Vec<usize> },
    /// Kernel by kernel, over the outputs whose gradient is not zero; `runs` are the weights.
    Sparse { runs: Buffer },
}

/// The gradients of the weights, in the order of the method, and of the bias, summed over some
/// images.
pub struct Sums {
    dw: Buffer,
    db: Buffer,
    lists: Option<sparse::SparseGradients>,
}

impl<'a> Backward<'a> {
    /// The method for a layer, whose input's gradient is wanted or not.
    pub fn new(layer: &'a ConvLayer<'_>, wants_inputs: bool) -> Self {
        let block = &layer.block;
        let method = if block.window.column() <= direct::MAX_DIRECT && !wants_inputs {
            let window_offsets = block.window_offsets();
            Method::Direct { window_offsets }
        } else {
            let runs = sparse::runs(block, &layer.weight);
            Method::Sparse { runs }
        };
        Self {
            block,
            wants_inputs,
            method,
        }
    }

    /// Sums without any image: zeros.
    pub fn sums(&self) -> Sums {
        let length = match &self.method {
            Method::Direct { .. } => self.block.kernels * self.block.window.column(),
            Method::Sparse { runs } => runs.len(),
        };
        Sums {
            dw: Buffer::zeros(length),
            db: Buffer::zeros(self.block.kernels),
            lists: None,
        }
    }

    /// Adds to `sums` what an image `x`, `(H, W, C)`, contributes, given the gradient and the
    /// argmax of its outputs; returns the gradient of the padded image, if it is wanted.
    pub fn add_image(
        &self,
        x: &[f32],
        outputs: (&[f32], &[u32]),
        sums: &mut Sums,
    ) -> Option<Buffer> {
        // A copy, with its padding, whose first number begins a cache line: those of tensors begin
        // anywhere, and every kernel visits all of an image.
        self.add_padded(&self.block.pad(x, sparse::slack()), outputs, sums)
    }

    /// [`add_image`](Self::add_image) for an image that has its padding already and
    /// [`slack`](sparse::slack) zeros after it, and whose first number should begin a cache line.
    pub fn add_padded(
        &self,
        x: &[f32],
        outputs: (&[f32], &[u32]),
        sums: &mut Sums,
    ) -> Option<Buffer> {
        let block = self.block;
        let Sums { dw, db, lists } = sums;
        match &self.method {
            Method::Direct { window_offsets } => {
                direct::add_to_parameters(block, window_offsets, x, outputs, [dw, db]);
                None
            }
            Method::Sparse { runs } => {
                let lists = lists.get_or_insert_with(|| sparse::SparseGradients::new(block));
                let mut dx = self.wants_inputs.then(|| Buffer::zeros(x.len()));
                lists.for_each_band(block, outputs, |lists| {
                    lists.add_to_bias(db);
                    sparse::add_to_weights(block, lists, x, dw);
                    if let Some(dx) = &mut dx {
                        sparse::add_to_inputs(block, lists, runs, dx);
                    }
                });
                dx
            }
        }
    }

    /// Adds the sums of all chunks to `dw`, `(O, C, K, K)`, and `db`, `(O)`, in the order of the
    /// chunks.
    pub fn add_up(&self, partial_sums: &[&Sums], [dw, db]: &mut [Vec<f32>; 2]) {
        for partial in partial_sums {
            add(db, &partial.db);
        }
        match &self.method {
            Method::Direct { .. } => add_all(dw, partial_sums),
            Method::Sparse { runs } => {
                let mut total = Buffer::zeros(runs.len());
                add_all(&mut total, partial_sums);
                sparse::add_runs(self.block, &total, dw);
            }
        }
    }
}

/// Adds the chunks' gradients of the weights to `total`, in the order of the chunks.
fn add_all(total: &mut [f32], partial_sums: &[&Sums]) {
    const MAX_PARTS: usize = 4;
    let size = total.len().div_ceil(MAX_PARTS).next_multiple_of(16);
    thread_pool::for_each(total.chunks_mut(size), |part, total| {
        for partial in partial_sums {
            add(total, &partial.dw[part * size..][..total.len()]);
        }
    });
}
