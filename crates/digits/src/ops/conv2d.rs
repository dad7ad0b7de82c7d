//! Convolution: images `(B, C, H, W)`, kernels `(O, C, K, K)`, bias `(O)` → feature maps `(B, O, H', W')`.
//!
//! ```text
//! y[o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[c, i·S + u − P, j·S + v − P]
//! ```
//!
//! with zeros outside the image. Like every deep-learning library it is a cross-correlation: the kernel is not
//! flipped (Goodfellow, Bengio and Courville, "Deep Learning", 2016, equation 9.6).
//!
//! Each image's windows are laid out as the columns of a matrix (*im2col*: Chellapilla, Puri and Simard, 2006), which
//! turns the sums into one matrix product.
use dfdx::prelude::{
    Const, Cpu, CpuError, HasShape, PutTape, Rank1, Rank4, ReshapeTo, Tape, Tensor,
};
use dfdx::prelude::{SplitTape, TensorFromVec};
use rayon::prelude::*;

use super::tape::{add_gradient, put_gradient, take_gradient};
use super::{Matrix, images_per_chunk, matmul};
use crate::raw::elements;
use crate::shape::{ImagesOf, Window2d, Windowed};

/// Convolves `x` of shape `(C, H, W)` or `(B, C, H, W)` with `weight`, adds `bias`; differentiable in all three.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::conv2d;
/// let dev = Cpu::default();
/// let x: Tensor<Rank3<1, 3, 3>, f32, _> = dev.ones(); // (C, H, W)
/// let w = dev.tensor([[[[1.0, 0.0, -1.0], [1.0, 0.0, -1.0], [1.0, 0.0, -1.0]]]]); // (O, C, K, K)
/// let y = conv2d::<_, _, 1, 1, 3, 1, 0>(x, &w, &dev.tensor([1.0])).unwrap();
/// assert_eq!(y.array(), [[[1.0]]]); // nine products that cancel, plus the bias
/// ```
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
#[allow(clippy::type_complexity)]
pub fn conv2d<
    Sh,
    T,
    const C: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank4<O, C, K, K>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    T: Tape<f32, Cpu>,
{
    let window = Windowed::window(x.shape());
    let shape = Windowed::out(x.shape(), Const);
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let (weight, bias) = (
        weight.clone().try_contiguous()?,
        bias.clone().try_contiguous()?,
    );
    let mut y = vec![0.0; window.batch * O * window.output[0] * window.output[1]];
    forward(
        window,
        &elements(&x),
        &elements(&weight),
        &elements(&bias),
        &mut y,
    );
    let y = x.device().try_tensor_from_vec(y, shape)?;
    let y_ghost = y.ghost();
    tape.add_backward_op(move |gradients| {
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let mut dx = take_gradient(gradients, &x)?;
        let mut dw = take_gradient(gradients, &weight)?;
        backward(
            window,
            &elements(&x),
            &elements(&weight),
            &dy,
            &mut dx,
            &mut dw,
        );
        put_gradient(gradients, &x, dx)?;
        put_gradient(gradients, &weight, dw)?;
        add_gradient(gradients, &bias, |db| backward_bias(window, &dy, db))?;
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

/// `y` = convolution of `x` with `w`, plus `bias`: the formula at the head of this file.
///
/// `x`: `(B, C, H, W)`, `w`: `(O, C, K, K)`, `bias`: `(O)`, `y`: `(B, O, H', W')`, all row-major; `O` is `bias.len()`.
pub fn forward(window: Window2d, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
    let sizes = Sizes::new(window, bias.len());
    let per_chunk = images_per_chunk(window.batch);
    y.par_chunks_mut(per_chunk * sizes.output)
        .zip(x.par_chunks(per_chunk * sizes.input))
        .for_each(|(y, x)| {
            let mut columns = vec![0.0; sizes.column * sizes.places];
            for (y, x) in y
                .chunks_exact_mut(sizes.output)
                .zip(x.chunks_exact(sizes.input))
            {
                im2col(window, x, &mut columns);
                for (y, &b) in y.chunks_exact_mut(sizes.places).zip(bias) {
                    y.fill(b);
                }
                let (w, columns) = (sizes.kernels(w), sizes.columns(&columns));
                matmul(y, w, columns, true); // (O, C K K) (C K K, H' W')
            }
        });
}

/// Adds to `dx` and `dw` the gradients of the loss, given `dy`, the gradient with respect to the output.
///
/// Every output is a sum of products `w · x`, so each weight gathers `dy · x` over all the places where it was used,
/// and each pixel gathers `dy · w` over all the windows it was in:
///
/// ```text
/// dw[o, c, u, v]  += Σ_images Σ_i Σ_j dy[o, i, j] · x[c, i·S + u − P, j·S + v − P]
/// dx[c, i·S + u − P, j·S + v − P] += Σ_o dy[o, i, j] · w[o, c, u, v]
/// ```
pub fn backward(
    window: Window2d,
    x: &[f32],
    w: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dw: &mut [f32],
) {
    let sizes = Sizes::new(
        window,
        w.len() / (window.channels * window.kernel * window.kernel),
    );
    let per_chunk = images_per_chunk(window.batch);
    let partial: Vec<Vec<f32>> = dx
        .par_chunks_mut(per_chunk * sizes.input)
        .zip(x.par_chunks(per_chunk * sizes.input))
        .zip(dy.par_chunks(per_chunk * sizes.output))
        .map(|((dx, x), dy)| {
            let mut columns = vec![0.0; sizes.column * sizes.places];
            let mut dw = vec![0.0; w.len()];
            let images = dx
                .chunks_exact_mut(sizes.input)
                .zip(x.chunks_exact(sizes.input));
            for ((dx, x), dy) in images.zip(dy.chunks_exact(sizes.output)) {
                let dy = Matrix::new(dy, sizes.kernels, sizes.places);
                im2col(window, x, &mut columns);
                matmul(&mut dw, dy, sizes.columns(&columns).transposed(), true);
                matmul(&mut columns, sizes.kernels(w).transposed(), dy, false);
                add_col2im(window, &columns, dx);
            }
            dw
        })
        .collect();
    for partial in partial {
        for (dw, partial) in dw.iter_mut().zip(partial) {
            *dw += partial;
        }
    }
}

/// Adds to `db` the sum of `dy` over images and places: each output holds its channel's bias once.
pub fn backward_bias(window: Window2d, dy: &[f32], db: &mut [f32]) {
    let places = window.output[0] * window.output[1];
    for image in dy.chunks_exact(db.len() * places) {
        for (db, map) in db.iter_mut().zip(image.chunks_exact(places)) {
            *db += map.iter().sum::<f32>();
        }
    }
}

/// Numbers of elements, per image.
#[derive(Clone, Copy)]
struct Sizes {
    /// `C H W`
    input: usize,
    /// `O H' W'`
    output: usize,
    /// `O`
    kernels: usize,
    /// `C K K`: the elements of a window.
    column: usize,
    /// `H' W'`: the windows of an image.
    places: usize,
}

impl Sizes {
    fn new(window: Window2d, kernels: usize) -> Self {
        let places = window.output[0] * window.output[1];
        Self {
            input: window.channels * window.input[0] * window.input[1],
            output: kernels * places,
            kernels,
            column: window.channels * window.kernel * window.kernel,
            places,
        }
    }

    fn kernels(self, w: &[f32]) -> Matrix<'_> {
        Matrix::new(w, self.kernels, self.column)
    }

    fn columns(self, columns: &[f32]) -> Matrix<'_> {
        Matrix::new(columns, self.column, self.places)
    }
}

/// Lays the windows of one image `(C, H, W)` out as the columns of a matrix `(C K K, H' W')`.
fn im2col(window: Window2d, image: &[f32], columns: &mut [f32]) {
    for_each_row(window, |row, pixels, outside| match pixels {
        None => columns[row].fill(0.0),
        Some((start, stride)) => {
            let columns = &mut columns[row];
            let (before, inside) = (outside.start, outside.end);
            columns[..before].fill(0.0);
            columns[inside..].fill(0.0);
            if stride == 1 {
                columns[before..inside].copy_from_slice(&image[start..start + inside - before]);
            } else {
                for (j, column) in columns[before..inside].iter_mut().enumerate() {
                    *column = image[start + j * stride];
                }
            }
        }
    });
}

/// Adds every element of the columns back to the pixel it came from: the transpose of [`im2col`].
fn add_col2im(window: Window2d, columns: &[f32], image: &mut [f32]) {
    for_each_row(window, |row, pixels, outside| {
        if let Some((start, stride)) = pixels {
            for (j, column) in columns[row][outside].iter().enumerate() {
                image[start + j * stride] += column;
            }
        }
    });
}

/// Visits each run of `W'` elements in the matrix of columns: those of one `(c, u, v)` and one output row `i`.
///
/// The visitor gets the run's range in the matrix; the index of the run's first pixel inside the image and the
/// distance from one to the next (`None` if the whole run lies in the padding); and which of the run's elements lie inside.
fn for_each_row(
    window: Window2d,
    mut visit: impl FnMut(std::ops::Range<usize>, Option<(usize, usize)>, std::ops::Range<usize>),
) {
    let Window2d {
        channels,
        kernel,
        stride,
        padding,
        ..
    } = window;
    let ([h, w], [out_h, out_w]) = (window.input, window.output);
    let mut row = 0;
    for c in 0..channels {
        for u in 0..kernel {
            for v in 0..kernel {
                // Columns j with 0 ≤ j·S + v − P < W.
                let first = padding.saturating_sub(v).div_ceil(stride).min(out_w);
                let end = (w + padding)
                    .saturating_sub(v)
                    .div_ceil(stride)
                    .clamp(first, out_w);
                for i in 0..out_h {
                    let range = row..row + out_w;
                    row += out_w;
                    let y = i * stride + u;
                    if y < padding || y - padding >= h || first == end {
                        visit(range, None, 0..0);
                    } else {
                        let x = first * stride + v - padding;
                        visit(
                            range,
                            Some(((c * h + y - padding) * w + x, stride)),
                            first..end,
                        );
                    }
                }
            }
        }
    }
}
