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
mod chain;
mod few;
mod forward;
mod sizes;
mod slices;
mod winograd;
mod wins;

use dfdx::prelude::{Const, Cpu, CpuError, HasShape, Rank1, Rank4, Shape, Tape, Tensor};

use super::layout::{ChannelsLast, channels_last};
use crate::shape::{ImagesOf, Windowed};
pub use chain::Link;
use chain::chain;
pub use sizes::Block;
pub use slices::{Layer, backward_slices, forward_slices};

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
    block(x, weight, bias, [S, P], 1, shape)
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
    block(x, weight, bias, [S, P], 2, shape)
}

/// One block on tensors: a window of `K` and `[S, P]`, and the side of the pooling window.
fn block<Sh, Out, T, const C: usize, const O: usize, const K: usize>(
    x: Tensor<Sh, f32, Cpu, T>,
    weight: &Tensor<Rank4<O, C, K, K>, f32, Cpu>,
    bias: &Tensor<Rank1<O>, f32, Cpu>,
    step: [usize; 2],
    pool: usize,
    shape: Out,
) -> Result<Tensor<Out, f32, Cpu, T>, CpuError>
where
    Sh: ImagesOf<C>,
    Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    let (x, tape) = channels_last(x)?;
    let (link, tape) = Link::new(x.shape(), weight, bias, step, pool, tape)?;
    chain(x, tape, vec![link], shape)
}

/// A layer that is one block for inputs of shape `Sh`, `(C, H, W)` or `(B, C, H, W)`.
pub trait ConvBlock<Sh: Shape> {
    /// Its outputs' shape, `(O, H″, W″)` or `(B, O, H″, W″)`.
    type Out: Shape;
    /// Its outputs' shape for these inputs.
    fn out(&self, x: &Sh) -> Self::Out;
    /// What it computes for these inputs, and the tape, which knows how its parameters learn.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if a parameter is a view and cannot be copied.
    fn link<T: Tape<f32, Cpu>>(&self, x: &Sh, tape: T) -> Result<(Link, T), CpuError>;
}

/// `second(first(x))` for `x` of shape `(C, H, W)` or `(B, C, H, W)`, where what `first` gives never leaves the cache;
/// differentiable in `x` and in the parameters of both.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::{layers::Conv2DReLU, ops::conv_blocks};
/// let dev = Cpu::seed_from_u64(1);
/// let first = dev.build_module::<Conv2DReLU<1, 2, 3>, f32>();
/// let second = dev.build_module::<Conv2DReLU<2, 3, 2>, f32>();
/// let x: Tensor<Rank3<1, 8, 8>, f32, _> = dev.sample_uniform(); // (C, H, W)
/// let y: Tensor<Rank3<3, 5, 5>, f32, _> = conv_blocks(x.clone(), &first, &second).unwrap();
/// assert_eq!(y.array(), second.forward(first.forward(x)).array());
/// ```
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn conv_blocks<Sh: Shape, A: ConvBlock<Sh>, B: ConvBlock<A::Out>, T: Tape<f32, Cpu>>(
    x: Tensor<Sh, f32, Cpu, T>,
    first: &A,
    second: &B,
) -> Result<Tensor<B::Out, f32, Cpu, T>, CpuError>
where
    B::Out: ChannelsLast,
{
    let (x, tape) = channels_last(x)?;
    let between = first.out(x.shape());
    let (a, tape) = first.link(x.shape(), tape)?;
    let (b, tape) = second.link(&between, tape)?;
    chain(x, tape, vec![a, b], second.out(&between))
}
