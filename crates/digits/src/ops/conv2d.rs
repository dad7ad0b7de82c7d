//! Convolution: images `(B, C, H, W)`, kernels `(O, C, K, K)`, bias `(O)` → feature maps
//! `(B, O, H', W')`.
//!
//! ```text
//! y[o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[c, i·S + u − P, j·S + v − P]
//! ```
//!
//! with zeros outside the image. As in every deep-learning library, this is a cross-correlation:
//! the kernel is not flipped (Goodfellow, Bengio and Courville, "Deep Learning", 2016, equation
//! 9.6).
//!
//! Each image's windows are laid out as the columns of a matrix (*im2col*: Chellapilla, Puri and
//! Simard, "High performance convolutional neural networks for document processing", 2006), so that
//! the sums become one matrix product.
use dfdx::prelude::{Const, Cpu, CpuError, HasShape, Rank1, Rank4, Tape, Tensor};

use kernels::reduce::{add_in_order, images_per_chunk, sum};
use kernels::{Matrix, Window2d, matmul, thread_pool};

use super::scope::{output, wants_gradient};
use super::tape::{contiguous, gradient_of, record};
use crate::raw::elements;
use crate::shape::{ImagesOf, Windowed};

/// Convolves `x` of shape `(C, H, W)` or `(B, C, H, W)` with `weight` and adds `bias`:
/// `(O, H', W')` or `(B, O, H', W')`. Differentiable in all three.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::conv2d;
/// let dev = Cpu::default();
/// let x: Tensor<Rank3<1, 3, 3>, f32, _> = dev.ones(); // (C, H, W)
/// let w = dev.tensor([[[[1.0, 0.0, -1.0], [1.0, 0.0, -1.0], [1.0, 0.0, -1.0]]]]); // (O, C, K, K)
/// let y = conv2d(x, &w, &dev.tensor([1.0]), Const::<1>, Const::<0>); // S = 1, P = 0
/// assert_eq!(y.array(), [[[1.0]]]); // nine products that cancel, plus the bias
/// ```
///
/// # Panics
/// If there is no memory for the output: see [`try_conv2d`].
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
    stride: Const<S>,
    padding: Const<P>,
) -> Tensor<Sh::Out, f32, Cpu, T>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    T: Tape<f32, Cpu>,
{
    try_conv2d(x, weight, bias, stride, padding).unwrap()
}

/// Computes what [`conv2d`] does, but returns an error where that one panics.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
#[allow(clippy::type_complexity)]
pub fn try_conv2d<
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
    _stride: Const<S>,
    _padding: Const<P>,
) -> Result<Tensor<Sh::Out, f32, Cpu, T>, CpuError>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    T: Tape<f32, Cpu>,
{
    const { assert!(C > 0 && O > 0, "a convolution needs channels and kernels") };
    let window = Windowed::window(x.shape());
    let shape = Windowed::out(x.shape(), Const);
    let (x, weight, bias, tape) = contiguous(x, weight, bias)?;
    let y = output(&shape, x.device(), |y| {
        let (x, w, b) = (elements(&x), elements(&weight), elements(&bias));
        forward(window, &x, &w, &b, y);
    })?;
    let learns = wants_gradient(&x);
    Ok(record(y, tape, move |gradients, dy| {
        if learns {
            gradient_of(gradients, &x, |dx| {
                backward_input(window, &elements(&weight), dy, dx)
            })?;
        }
        gradient_of(gradients, &weight, |dw| {
            backward_weight(window, &elements(&x), dy, dw)
        })?;
        gradient_of(gradients, &bias, |db| backward_bias(window, dy, db))
    }))
}

/// Sets `y` to the convolution of `x` with `w`, plus `bias`: the formula at the head of this
/// module.
///
/// `x`: `(B, C, H, W)`, `w`: `(O, C, K, K)`, `bias`: `(O)`, `y`: `(B, O, H', W')`, all row-major;
/// `O` is `bias.len()`.
///
/// ```
/// use digits::{kernels::Window2d, ops::conv2d::forward};
/// let window = Window2d::new([1, 1, 2, 2], 2, 1, 0); // (B, C, H, W), K, S, P
/// let mut y = [0.0];
/// forward(window, &[1.0, 2.0, 3.0, 4.0], &[1.0, 0.0, 0.0, 10.0], &[0.5], &mut y);
/// assert_eq!(y, [1.0 + 40.0 + 0.5]);
/// ```
pub fn forward(window: Window2d, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
    let sizes = Sizes::new(window, bias.len());
    let per_chunk = images_per_chunk(window.batch);
    let chunks = y
        .chunks_mut(per_chunk * sizes.output)
        .zip(x.chunks(per_chunk * sizes.input));
    thread_pool::for_each(chunks, |_, (y, x)| {
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

/// Adds to `dx` the gradient of the loss, given `dy`, the gradient with respect to the output: each
/// pixel gathers `dy · w` over all windows that it lies in.
///
/// ```text
/// dx[c, i·S + u − P, j·S + v − P] += Σ_o dy[o, i, j] · w[o, c, u, v]
/// ```
pub fn backward_input(window: Window2d, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let sizes = Sizes::new(window, w.len() / window.column());
    let per_chunk = images_per_chunk(window.batch);
    let chunks = dx
        .chunks_mut(per_chunk * sizes.input)
        .zip(dy.chunks(per_chunk * sizes.output));
    thread_pool::for_each(chunks, |_, (dx, dy)| {
        let mut columns = vec![0.0; sizes.column * sizes.places];
        let images = dx.chunks_exact_mut(sizes.input);
        for (dx, dy) in images.zip(dy.chunks_exact(sizes.output)) {
            let (w, dy) = (sizes.kernels(w), sizes.outputs(dy));
            matmul(&mut columns, w.transposed(), dy, false); // (C K K, O) (O, H' W')
            add_col2im(window, &columns, dx);
        }
    });
}

/// Adds to `dw` the gradient of the loss, given `dy`: each weight gathers `dy · x` over all places
/// where it was used.
///
/// ```text
/// dw[o, c, u, v] += Σ_images Σ_i Σ_j dy[o, i, j] · x[c, i·S + u − P, j·S + v − P]
/// ```
pub fn backward_weight(window: Window2d, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let sizes = Sizes::new(window, dw.len() / window.column());
    let per_chunk = images_per_chunk(window.batch);
    let chunks = x
        .chunks(per_chunk * sizes.input)
        .zip(dy.chunks(per_chunk * sizes.output));
    let partial_sums = thread_pool::map(chunks, |_, (x, dy)| {
        let mut columns = vec![0.0; sizes.column * sizes.places];
        let mut dw = vec![0.0; sizes.kernels * sizes.column];
        let images = x.chunks_exact(sizes.input);
        for (x, dy) in images.zip(dy.chunks_exact(sizes.output)) {
            im2col(window, x, &mut columns);
            let columns = sizes.columns(&columns);
            // (O, H' W') (H' W', C K K)
            matmul(&mut dw, sizes.outputs(dy), columns.transposed(), true);
        }
        dw
    });
    add_in_order(dw, partial_sums);
}

/// Adds to `db`, `(O)`, the sum of `dy` over images and places: each output contains its channel's
/// bias once.
pub fn backward_bias(window: Window2d, dy: &[f32], db: &mut [f32]) {
    let output = db.len() * window.output_map();
    let chunks = dy.chunks(images_per_chunk(window.batch) * output);
    let partial_sums = thread_pool::map(chunks, |_, dy| {
        let mut partial = vec![0.0; db.len()];
        for image in dy.chunks_exact(output) {
            let maps = image.chunks_exact(window.output_map());
            for (db, map) in partial.iter_mut().zip(maps) {
                *db += sum(map);
            }
        }
        partial
    });
    add_in_order(db, partial_sums);
}

/// Numbers of elements in one image.
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
    /// The sizes for a window and a number of kernels.
    fn new(window: Window2d, kernels: usize) -> Self {
        let places = window.output_map();
        Self {
            input: window.channels * window.input_map(),
            output: kernels * places,
            kernels,
            column: window.column(),
            places,
        }
    }

    /// The weights as a matrix `(O, C K K)`.
    fn kernels(self, w: &[f32]) -> Matrix<'_> {
        Matrix::new(w, self.kernels, self.column)
    }

    /// An image's outputs, or their gradient, as a matrix `(O, H' W')`.
    fn outputs(self, y: &[f32]) -> Matrix<'_> {
        Matrix::new(y, self.kernels, self.places)
    }

    /// The columns of [`im2col`] as a matrix `(C K K, H' W')`.
    fn columns(self, columns: &[f32]) -> Matrix<'_> {
        Matrix::new(columns, self.column, self.places)
    }
}

/// Lays the windows of one image `(C, H, W)` out as the columns of a matrix `(C K K, H' W')`.
fn im2col(window: Window2d, image: &[f32], columns: &mut [f32]) {
    let rows = columns.chunks_exact_mut(window.output_map());
    for (row, (c, u, v)) in rows.zip(positions(window)) {
        let map = &image[c * window.input_map()..][..window.input_map()];
        if window.padding > 0 {
            row.fill(0.0);
        }
        window.for_each_run([u, v], |outputs, pixel| {
            let (row, pixels) = (&mut row[outputs], &map[pixel..]);
            if window.stride == 1 {
                row.copy_from_slice(&pixels[..row.len()]);
            } else {
                for (element, pixel) in row.iter_mut().zip(pixels.iter().step_by(window.stride)) {
                    *element = *pixel;
                }
            }
        });
    }
}

/// Adds every element of the columns back to the pixel it came from: the transpose of [`im2col`].
fn add_col2im(window: Window2d, columns: &[f32], image: &mut [f32]) {
    let rows = columns.chunks_exact(window.output_map());
    for (row, (c, u, v)) in rows.zip(positions(window)) {
        let map = &mut image[c * window.input_map()..][..window.input_map()];
        window.for_each_run([u, v], |outputs, pixel| {
            let (row, pixels) = (&row[outputs], &mut map[pixel..]);
            if window.stride == 1 {
                for (pixel, element) in pixels.iter_mut().zip(row) {
                    *pixel += element;
                }
            } else {
                for (pixel, element) in pixels.iter_mut().step_by(window.stride).zip(row) {
                    *pixel += element;
                }
            }
        });
    }
}

/// The elements `(c, u, v)` of a window, in the order of the rows of the matrix of columns.
fn positions(window: Window2d) -> impl Iterator<Item = (usize, usize, usize)> {
    let (channels, k) = (window.channels, window.kernel);
    (0..channels).flat_map(move |c| (0..k).flat_map(move |u| (0..k).map(move |v| (c, u, v))))
}
