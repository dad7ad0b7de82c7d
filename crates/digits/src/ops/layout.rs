//! Channels last: tensors `(B, C, H, W)` whose storage is `(B, H, W, C)`.
use std::borrow::Cow;

use dfdx::prelude::{
    Axes, Axes3, Axes4, Cpu, CpuError, Dim, HasShape, PermuteShapeTo, PermuteTo, ReshapeTo,
};
use dfdx::prelude::{Shape, SplitTape, Tape, Tensor, ZerosTensor};

use kernels::reduce::images_per_small_chunk;
use kernels::thread_pool;
use kernels::transpose::{self, Strides};

use super::scope::output;
use crate::raw::{self, Order};

/// A shape of images, `(C, H, W)` or `(B, C, H, W)`, whose tensors can be stored with channels
/// last.
pub trait ChannelsLast: Shape {
    /// Makes a tensor of this shape, stored with channels last; `write` gets its elements in that
    /// order, with arbitrary contents, and must set them all.
    ///
    /// ```
    /// use digits::dfdx::prelude::*;
    /// use digits::ops::layout::ChannelsLast;
    /// let shape = (Const::<2>, Const::<1>, Const::<2>); // (C, H, W)
    /// let x = shape.fill(&Cpu::default(), |x| x.copy_from_slice(&[1.0, 2.0, 3.0, 4.0])).unwrap();
    /// assert_eq!(x.array(), [[[1.0, 3.0]], [[2.0, 4.0]]]);
    /// ```
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`].
    fn fill(
        self,
        dev: &Cpu,
        write: impl FnOnce(&mut [f32]),
    ) -> Result<Tensor<Self, f32, Cpu>, CpuError>;
}

impl<C: Dim, H: Dim, W: Dim> ChannelsLast for (C, H, W) {
    fn fill(
        self,
        dev: &Cpu,
        write: impl FnOnce(&mut [f32]),
    ) -> Result<Tensor<Self, f32, Cpu>, CpuError> {
        fill_permuted::<_, _, Axes3<2, 0, 1>>((self.1, self.2, self.0), self, dev, write)
    }
}

impl<B: Dim, C: Dim, H: Dim, W: Dim> ChannelsLast for (B, C, H, W) {
    fn fill(
        self,
        dev: &Cpu,
        write: impl FnOnce(&mut [f32]),
    ) -> Result<Tensor<Self, f32, Cpu>, CpuError> {
        fill_permuted::<_, _, Axes4<0, 3, 1, 2>>((self.0, self.2, self.3, self.1), self, dev, write)
    }
}

/// A tensor stored in the shape `stored`, filled by `write`, as a view of shape `shape`.
fn fill_permuted<P: Shape + PermuteShapeTo<S, Ax>, S: Shape, Ax: Axes>(
    stored: P,
    shape: S,
    dev: &Cpu,
    write: impl FnOnce(&mut [f32]),
) -> Result<Tensor<S, f32, Cpu>, CpuError> {
    if shape.num_elements() == 0 {
        return dev.try_zeros_like(&shape); // dfdx cannot iterate over an empty permuted tensor
    }
    output(&stored, dev, write)?.try_permute::<S, Ax>()
}

/// Separates `x` from its tape. A view that is stored neither in row-major order nor with channels
/// last is copied first, on the tape.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if a view cannot be copied.
pub fn channels_last<S: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<S, f32, Cpu, T>,
) -> Result<(Tensor<S, f32, Cpu>, T), CpuError> {
    let x = match raw::order(&x) {
        Some(_) => x,
        None => x.try_contiguous()?,
    };
    Ok(x.split_tape())
}

/// How a tensor of images is stored, and its sizes.
#[derive(Clone, Copy, Debug)]
pub struct ImageLayout {
    order: Order,
    channels: usize,
    /// The number of pixels of a map, `H W`.
    map: usize,
}

impl ImageLayout {
    /// The layout of `x`, with `channels` channels, which must be stored in row-major order or with
    /// channels last.
    pub fn of<S: Shape>(x: &Tensor<S, f32, Cpu>, channels: usize) -> Self {
        let sides = x.shape().concrete();
        let map = sides.as_ref()[S::NUM_DIMS - 2] * sides.as_ref()[S::NUM_DIMS - 1];
        let order = match raw::order(x) {
            Some(order) if channels > 1 && map > 1 => order,
            _ => Order::ChannelsLast, // the two are the same
        };
        Self {
            order,
            channels,
            map,
        }
    }

    /// The elements of `x` with channels last: borrowed if they are stored so, a copy if not.
    pub fn read<'a, S: Shape>(&self, x: &'a Tensor<S, f32, Cpu>) -> Cow<'a, [f32]> {
        match self.order {
            Order::ChannelsLast => Cow::Borrowed(raw::stored(x).unwrap_or_default()),
            Order::RowMajor => {
                let x = raw::stored(x).unwrap_or_default();
                let mut out = vec![0.0; x.len()];
                add_transposed(x, [self.channels, self.map], &mut out);
                Cow::Owned(out)
            }
        }
    }

    /// Lets `add` add to a gradient that is stored in this layout. `add` gets numbers with channels
    /// last: the gradient itself if it is stored so; otherwise zeros, which are added to the
    /// gradient afterwards.
    pub fn change(&self, gradient: &mut [f32], add: impl FnOnce(&mut [f32])) {
        match self.order {
            Order::ChannelsLast => add(gradient),
            Order::RowMajor => {
                let mut transposed = vec![0.0; gradient.len()];
                add(&mut transposed);
                add_transposed(&transposed, [self.map, self.channels], gradient);
            }
        }
    }

    /// The number of elements of an image, `C H W`.
    pub fn image(&self) -> usize {
        self.map * self.channels
    }

    /// [`copy_row_major`](Self::copy_row_major) on the calling thread alone.
    pub fn transpose_images(&self, x: &[f32], out: &mut [f32]) {
        transpose_each(x, [self.map, self.channels], out, transpose::copy);
    }

    /// [`add_channels_last`](Self::add_channels_last) on the calling thread alone.
    pub fn add_transposed_images(&self, x: &[f32], out: &mut [f32]) {
        transpose_each(x, [self.channels, self.map], out, transpose::add);
    }

    /// Copies elements with channels last, `(B, H W, C)`, to `out`, `(B, C, H W)`.
    pub fn copy_row_major(&self, x: &[f32], out: &mut [f32]) {
        each_image(x, [self.map, self.channels], out, transpose::copy);
    }

    /// Adds elements in row-major order, `(B, C, H W)`, to `out`, `(B, H W, C)`.
    pub fn add_channels_last(&self, x: &[f32], out: &mut [f32]) {
        add_transposed(x, [self.channels, self.map], out);
    }
}

/// Adds the transpose of each matrix of `x`, `(rows, columns)`, to a matrix of `out`,
/// `(columns, rows)`.
fn add_transposed(x: &[f32], sides: [usize; 2], out: &mut [f32]) {
    each_image(x, sides, out, transpose::add);
}

/// Writes the transpose of each matrix of `x`, `(rows, columns)`, to a matrix of `out`,
/// `(columns, rows)`; `transposed` copies or adds one.
fn each_image(
    x: &[f32],
    [rows, columns]: [usize; 2],
    out: &mut [f32],
    transposed: fn(Strides, &[f32], &mut [f32]),
) {
    let size = rows * columns;
    if size == 0 {
        return;
    }
    let images = images_per_small_chunk(x.len() / size);
    let chunks = out.chunks_mut(images * size).zip(x.chunks(images * size));
    thread_pool::for_each(chunks, |_, (out, x)| {
        transpose_each(x, [rows, columns], out, transposed);
    });
}

/// [`each_image`] on the calling thread alone.
fn transpose_each(
    x: &[f32],
    [rows, columns]: [usize; 2],
    out: &mut [f32],
    transposed: fn(Strides, &[f32], &mut [f32]),
) {
    let (size, turn) = (
        rows * columns,
        Strides {
            rows,
            columns,
            from: columns,
            to: rows,
        },
    );
    for (out, x) in out.chunks_exact_mut(size).zip(x.chunks_exact(size)) {
        transposed(turn, x, out);
    }
}
