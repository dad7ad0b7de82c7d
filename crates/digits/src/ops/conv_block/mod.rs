//! Convolution, bias, ReLU and max pooling as one operation, with channels last.
//!
//! ```text
//! y = maxpool(relu(conv2d(x, w) + b))
//! ```
//!
//! gives the numbers of the three operations one after the other, and costs a fraction of their time: the outputs of the
//! convolution never go to memory, those that pooling leaves out at the lower and right edges are never computed, and
//! the backward pass visits winners only. (Maximum and bias, and maximum and ReLU, may change places: both grow with
//! their argument, rounding included.)
//!
//! Shapes are `(B, C, H, W)` as everywhere; the *storage* of `y` has channels last, `(B, H, W, C)`, as in Keras and in
//! PyTorch's `channels_last`: a pixel's channels, which kernels read together, lie side by side. dfdx's strides
//! express that, so that indexing, printing and every other operation see `(B, C, H, W)`.
mod backward;
mod few;
mod forward;
mod pair;
mod sizes;
mod winograd;
mod wins;

use dfdx::prelude::{Const, Cpu, CpuError, Gradients, HasShape, Rank1, Rank4, Shape, Tape, Tensor};
use pulp::bytemuck;

use super::images_per_small_chunk;
use super::layout::{ChannelsLast, Storage, channels_last};
use super::tape::{contiguous_pair, record, wants_gradient};
use crate::cpu::reuse::Buffer;
use crate::cpu::team;
use crate::raw::{self, elements};
use crate::shape::{ImagesOf, Windowed};
pub use backward::backward_slices;
use forward::Packed;
pub use pair::{ConvBlock, conv_blocks};
pub use sizes::Block;

/// `relu(conv2d(x, weight) + bias)` for `x` of shape `(C, H, W)` or `(B, C, H, W)`; differentiable in all three.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
#[allow(clippy::type_complexity)]
pub fn conv2d_relu<
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
    Sh::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    let shape = Windowed::out(x.shape(), Const);
    block(x, weight, bias, [K, S, P], 1, shape)
}

/// Max pooling, in windows of 2 × 2 pixels, of `relu(conv2d(x, weight) + bias)`.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::conv2d_relu_max_pool2d;
/// let dev = Cpu::default();
/// let x = dev.tensor([[[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]]); // (C, H, W)
/// let (w, b) = (dev.tensor([[[[10.0]]]]), dev.tensor([-5.0])); // (O, C, K, K), (O)
/// let y = conv2d_relu_max_pool2d::<_, _, 1, 1, 1, 1, 0>(x, &w, &b).unwrap();
/// assert_eq!(y.array(), [[[35.0]]]); // the third column has no partner
/// ```
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
#[allow(clippy::type_complexity)]
pub fn conv2d_relu_max_pool2d<
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
) -> Result<Tensor<<Sh::Out as Windowed<Const<O>, 2, 2, 0>>::Out, f32, Cpu, T>, CpuError>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    Sh::Out: Windowed<Const<O>, 2, 2, 0>,
    <Sh::Out as Windowed<Const<O>, 2, 2, 0>>::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    let shape = Windowed::out(&Windowed::out(x.shape(), Const::<O>), Const);
    block(x, weight, bias, [K, S, P], 2, shape)
}

/// The operation on tensors: a window of `[K, S, P]`, and the side of the pooling window.
fn block<Sh, Out, T, const C: usize, const O: usize, const K: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank4<O, C, K, K>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
    window: [usize; 3],
    pool: usize,
    shape: Out,
) -> Result<Tensor<Out, f32, Cpu, T>, CpuError>
where
    Sh: ImagesOf<C>,
    Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    const { assert!(C > 0 && O > 0, "a convolution needs channels and kernels") };
    let (x, tape) = channels_last(x)?;
    let (weight, bias, tape) = contiguous_pair(weight, bias, tape)?;
    let sizes = Block::of(x.shape(), [C, O], window, pool);
    let storage = Storage::of(&x, C);
    let mut codes = Buffer::<u32>::any(sizes.window.batch * sizes.codes());
    let y = ChannelsLast::fill(shape, x.device(), |y| {
        let (w, b) = (elements(&weight), elements(&bias));
        forward_slices(&sizes, &storage.read(&x), &w, &b, y, &mut codes);
    })?;
    let (learns, outputs) = (wants_gradient(&x), y.clone());
    Ok(record(y, tape, move |gradients, dy| {
        let mut dw = take(gradients, &weight)?;
        let mut db = take(gradients, &bias)?;
        let mut dx = if learns {
            take(gradients, &x)?
        } else {
            Vec::new()
        };
        let pixels = storage.read(&x);
        let codes = match pool {
            1 => bytemuck::cast_slice(raw::stored(&outputs).unwrap_or_default()),
            _ => &codes[..],
        };
        let mut part = |dx: Option<&mut [f32]>| {
            backward_slices(
                &sizes,
                &pixels,
                &elements(&weight),
                (dy, codes),
                dx,
                [&mut dw, &mut db],
            );
        };
        if learns {
            storage.change(&mut dx, |dx| part(Some(dx)));
            **gradients.get_or_alloc_mut(&x)? = dx;
        } else {
            part(None);
        }
        **gradients.get_or_alloc_mut(&weight)? = dw;
        **gradients.get_or_alloc_mut(&bias)? = db;
        Ok(())
    }))
}

/// Takes a gradient out of the others, as dfdx lends one at a time; whoever takes it puts it back.
fn take<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &Tensor<S, f32, Cpu>,
) -> Result<Vec<f32>, CpuError> {
    Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(t)?))
}

/// `x`: `(B, H, W, C)`, `w`: `(O, C, K, K)`, `bias`: `(O)` → `y` and `codes`: `(B, H″, W″, O)`.
///
/// A code says which of the outputs that competed for a place won: 0 for none, since ReLU made it 0, or its number from 1 on.
/// Where nothing is pooled, `codes` is empty: the bits of `y` say as much, as they are zero where ReLU made it 0.
pub fn forward_slices(
    sizes: &Block,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    y: &mut [f32],
    codes: &mut [u32],
) {
    if y.is_empty() {
        return;
    }
    let way = way(sizes, w, bias);
    let images = images_per_small_chunk(sizes.window.batch);
    let outputs = images * sizes.outputs();
    let mut codes = codes.chunks_mut(outputs);
    let chunks = y
        .chunks_mut(outputs)
        .zip(x.chunks(images * sizes.inputs()))
        .map(|(y, x)| (y, x, codes.next().unwrap_or_default()));
    team::for_each(chunks, |_, (y, x, codes)| way(x, y, codes));
}

/// From some images to their outputs and codes.
type Way<'a> = Box<dyn Fn(&[f32], &mut [f32], &mut [u32]) + Sync + 'a>;

/// The fastest one.
fn way<'a>(sizes: &'a Block, w: &[f32], bias: &[f32]) -> Way<'a> {
    let padded: Way<'a> = if winograd::fits(sizes) {
        let weights = winograd::Transformed::new(sizes, w, bias);
        Box::new(move |x, y, codes| winograd::forward(sizes, &weights, x, y, codes))
    } else {
        let (packed, places) = (Packed::new(sizes, w, bias), sizes.places());
        Box::new(move |x, y, codes| forward::forward(sizes, &packed, &places, x, y, codes))
    };
    if sizes.window.padding == 0 {
        return padded;
    }
    Box::new(move |x, y, codes| padded(&sizes.pad(x, 0), y, codes))
}
