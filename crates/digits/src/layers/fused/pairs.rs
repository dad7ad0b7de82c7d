//! Pairs of layers: `(Conv2D, ReLU)`, `(Dense, ReLU)` and `(Flatten, Dropout)`.
use dfdx::prelude::{Const, Cpu, CpuError, HasShape, Module, NoneTape, OwnedTape, ReLU, Shape};
use dfdx::prelude::{Tape, Tensor};

use super::chains::{ConvBlock, NoPool, one_block};
use super::{FusedForward, FusedForwardMut, Fusible};
use crate::layers::flatten::Flat;
use crate::layers::{Dropout, Flatten, conv2d, dense};
use crate::ops::flatten_dropout::try_flatten_dropout;
use crate::ops::layout::ChannelsLast;
use crate::ops::linear::{InputsOf, try_linear_relu};

/// A layer, as written in a model's type, that can be fused with a ReLU after it.
pub trait WithReLU {}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize> WithReLU
    for conv2d::builder::Conv2D<C, O, K, S, P>
{
}

impl<const I: usize, const O: usize> WithReLU for dense::builder::Dense<I, O> {}

impl<A: WithReLU> Fusible for (A, ReLU) {}

/// A built layer that can be fused with a ReLU after it, for inputs `X`.
pub trait ForwardReLU<X> {
    /// The type of the ReLU's output.
    type Output;

    /// The output of the ReLU.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if the output cannot be allocated.
    fn try_forward_relu(&self, x: X) -> Result<Self::Output, CpuError>;
}

impl<X, A: ForwardReLU<X>> FusedForward<X> for (A, ReLU) {
    type Output = A::Output;

    fn try_fused_forward(&self, x: X) -> Result<Self::Output, CpuError> {
        self.0.try_forward_relu(x)
    }
}

impl<X, A: ForwardReLU<X>> FusedForwardMut<X> for (A, ReLU) {
    type Output = A::Output;

    fn try_fused_forward_mut(&mut self, x: X) -> Result<Self::Output, CpuError> {
        self.0.try_forward_relu(x)
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh, T>
    ForwardReLU<Tensor<Sh, f32, Cpu, T>> for conv2d::Conv2D<C, O, K, S, P, f32, Cpu>
where
    Sh: Shape,
    Self: ConvBlock<Sh, NoPool>,
    <Self as ConvBlock<Sh, NoPool>>::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<<Self as ConvBlock<Sh, NoPool>>::Out, f32, Cpu, T>;

    fn try_forward_relu(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        one_block::<_, _, NoPool, _>(x, self)
    }
}

impl<const I: usize, const O: usize, Sh, T> ForwardReLU<Tensor<Sh, f32, Cpu, T>>
    for dense::Dense<I, O, f32, Cpu>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<Sh::Out, f32, Cpu, T>;

    fn try_forward_relu(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        try_linear_relu(x, &self.weight, &self.bias)
    }
}

impl<const N: usize, const PERCENT: usize> Fusible for (Flatten<N>, Dropout<PERCENT>) {}

impl<const N: usize, const PERCENT: usize, Sh: Flat<N>> FusedForward<Tensor<Sh, f32, Cpu, NoneTape>>
    for (Flatten<N>, Dropout<PERCENT>)
{
    type Output = Tensor<Sh::Out, f32, Cpu, NoneTape>;

    fn try_fused_forward(
        &self,
        x: Tensor<Sh, f32, Cpu, NoneTape>,
    ) -> Result<Self::Output, CpuError> {
        self.try_forward(x)
    }
}

impl<const N: usize, const PERCENT: usize, Sh: Flat<N>>
    FusedForwardMut<Tensor<Sh, f32, Cpu, OwnedTape<f32, Cpu>>> for (Flatten<N>, Dropout<PERCENT>)
{
    type Output = Tensor<Sh::Out, f32, Cpu, OwnedTape<f32, Cpu>>;

    fn try_fused_forward_mut(
        &mut self,
        x: Tensor<Sh, f32, Cpu, OwnedTape<f32, Cpu>>,
    ) -> Result<Self::Output, CpuError> {
        const { Flatten::<N>::check::<Sh>() };
        let shape = x.shape().out();
        try_flatten_dropout(x, shape, Dropout::<PERCENT>::PROBABILITY)
    }
}
