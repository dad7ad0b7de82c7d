//! Convolutions, each followed by ReLU and perhaps max pooling: one, or two in a chain.
use dfdx::prelude::{Const, Cpu, CpuError, HasShape, ReLU, Shape, Tape, Tensor};

use super::{FusedForward, FusedForwardMut, Fusible};
use crate::layers::conv2d::{Conv2D, builder};
use crate::layers::pool2d::MaxPool2D;
use crate::ops::fused::{FusedLayer, try_fused_forward};
use crate::ops::layout::{ChannelsLast, channels_last};
use crate::shape::{ImagesOf, Windowed};

/// Marks a block without pooling.
pub struct NoPool;

/// The convolution of a block, for inputs of shape `Sh`, `(C, H, W)` or `(B, C, H, W)`. `Pool` says
/// what follows its ReLU: [`NoPool`] or `MaxPool2D<2>`.
pub trait ConvBlock<Sh: Shape, Pool> {
    /// The shape of the block's output, `(O, H″, W″)` or `(B, O, H″, W″)`.
    type Out: Shape;
    /// The shape of the output for this input.
    fn out(x: &Sh) -> Self::Out;
    /// The block for this input, and the tape: see [`FusedLayer::new`].
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if a parameter is a view and cannot be copied.
    fn fused_layer<T: Tape<f32, Cpu>>(&self, x: &Sh, tape: T) -> Result<(FusedLayer, T), CpuError>;
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh>
    ConvBlock<Sh, NoPool> for Conv2D<C, O, K, S, P, f32, Cpu>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
{
    type Out = Sh::Out;

    fn out(x: &Sh) -> Self::Out {
        x.out(Const)
    }

    fn fused_layer<T: Tape<f32, Cpu>>(&self, x: &Sh, tape: T) -> Result<(FusedLayer, T), CpuError> {
        FusedLayer::new(x, &self.weight, &self.bias, [S, P], 1, tape)
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh>
    ConvBlock<Sh, MaxPool2D<2>> for Conv2D<C, O, K, S, P, f32, Cpu>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    Sh::Out: Windowed<Const<O>, 2, 2, 0>,
{
    type Out = <Sh::Out as Windowed<Const<O>, 2, 2, 0>>::Out;

    fn out(x: &Sh) -> Self::Out {
        Windowed::out(&Windowed::out(x, Const::<O>), Const)
    }

    fn fused_layer<T: Tape<f32, Cpu>>(&self, x: &Sh, tape: T) -> Result<(FusedLayer, T), CpuError> {
        FusedLayer::new(x, &self.weight, &self.bias, [S, P], 2, tape)
    }
}

/// The output of one block.
pub(super) fn one_block<Sh, A, Pool, T>(
    x: Tensor<Sh, f32, Cpu, T>,
    a: &A,
) -> Result<Tensor<A::Out, f32, Cpu, T>, CpuError>
where
    Sh: Shape,
    A: ConvBlock<Sh, Pool>,
    A::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    let (x, tape) = channels_last(x)?;
    let (layer, tape) = a.fused_layer(x.shape(), tape)?;
    let shape = A::out(x.shape());
    try_fused_forward(x, tape, vec![layer], shape)
}

/// The output of two blocks: `b` takes the output of `a`.
fn two_blocks<Sh, A, PoolA, B, PoolB, T>(
    x: Tensor<Sh, f32, Cpu, T>,
    a: &A,
    b: &B,
) -> Result<Tensor<B::Out, f32, Cpu, T>, CpuError>
where
    Sh: Shape,
    A: ConvBlock<Sh, PoolA>,
    B: ConvBlock<A::Out, PoolB>,
    B::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    let (x, tape) = channels_last(x)?;
    let between = A::out(x.shape());
    let (first, tape) = a.fused_layer(x.shape(), tape)?;
    let (second, tape) = b.fused_layer(&between, tape)?;
    try_fused_forward(x, tape, vec![first, second], B::out(&between))
}

/// A convolution, as written in a model's type.
pub trait Convolution {}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize> Convolution
    for builder::Conv2D<C, O, K, S, P>
{
}

impl<A: Convolution> Fusible for (A, ReLU, MaxPool2D<2>) {}

impl<Sh, A, T> FusedForward<Tensor<Sh, f32, Cpu, T>> for (A, ReLU, MaxPool2D<2>)
where
    Sh: Shape,
    A: ConvBlock<Sh, MaxPool2D<2>>,
    A::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<A::Out, f32, Cpu, T>;

    fn try_fused_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        one_block(x, &self.0)
    }
}

impl<X, A> FusedForwardMut<X> for (A, ReLU, MaxPool2D<2>)
where
    Self: FusedForward<X>,
{
    type Output = <Self as FusedForward<X>>::Output;

    fn try_fused_forward_mut(&mut self, x: X) -> Result<Self::Output, CpuError> {
        self.try_fused_forward(x)
    }
}

/// Implements the fused forward pass for a tuple of two blocks, in which the second convolution,
/// `B`, is the field `$b`.
macro_rules! two_blocks {
    ($tuple:ty, $b:tt: $pool_a:ty, $pool_b:ty) => {
        impl<A: Convolution, B: Convolution> Fusible for $tuple {}

        impl<Sh, A, B, T> FusedForward<Tensor<Sh, f32, Cpu, T>> for $tuple
        where
            Sh: Shape,
            A: ConvBlock<Sh, $pool_a>,
            B: ConvBlock<A::Out, $pool_b>,
            B::Out: ChannelsLast,
            T: Tape<f32, Cpu>,
        {
            type Output = Tensor<B::Out, f32, Cpu, T>;

            fn try_fused_forward(
                &self,
                x: Tensor<Sh, f32, Cpu, T>,
            ) -> Result<Self::Output, CpuError> {
                two_blocks(x, &self.0, &self.$b)
            }
        }

        impl<X, A, B> FusedForwardMut<X> for $tuple
        where
            Self: FusedForward<X>,
        {
            type Output = <Self as FusedForward<X>>::Output;

            fn try_fused_forward_mut(&mut self, x: X) -> Result<Self::Output, CpuError> {
                self.try_fused_forward(x)
            }
        }
    };
}
two_blocks!((A, ReLU, B, ReLU), 2: NoPool, NoPool);
two_blocks!((A, ReLU, B, ReLU, MaxPool2D<2>), 2: NoPool, MaxPool2D<2>);
two_blocks!((A, ReLU, MaxPool2D<2>, B, ReLU), 3: MaxPool2D<2>, NoPool);
two_blocks!((A, ReLU, MaxPool2D<2>, B, ReLU, MaxPool2D<2>), 3: MaxPool2D<2>, MaxPool2D<2>);
