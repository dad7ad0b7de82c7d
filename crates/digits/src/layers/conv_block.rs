//! `Conv2DReLU` and `Conv2DReLUMaxPool`: a convolution and what nearly always follows it, in one layer.
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, BuildOnDevice, Device, Dtype, Module, NonMutableModule, Storage};
use dfdx::prelude::{Const, Cpu, CpuError, Rank1, Rank4, Tape, Tensor};
use rand::distributions::uniform::SampleUniform;

use super::init::{fan_in_limit, glorot_limit, uniform};
use super::parameters::weight_and_bias;
use crate::ops::conv_block::{ConvBlock, Link};
use crate::ops::layout::ChannelsLast;
use crate::ops::{conv2d_relu, conv2d_relu_max_pool2d};
use crate::shape::{ImagesOf, Windowed};

pub mod builder {
    //! The layers' names in a model's type.

    /// `(Conv2D<C, O, K, S, P>, ReLU)` as one layer; Keras's `Conv2D(O, K, activation="relu")`.
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct Conv2DReLU<
        const C: usize,
        const O: usize,
        const K: usize,
        const S: usize = 1,
        const P: usize = 0,
    >;

    /// `(Conv2D<C, O, K, S, P>, ReLU, MaxPool2D<2>)` as one layer; Keras's `Conv2D(O, K, activation="relu")` and
    /// `MaxPooling2D(2)`.
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct Conv2DReLUMaxPool<
        const C: usize,
        const O: usize,
        const K: usize,
        const S: usize = 1,
        const P: usize = 0,
    >;
}

weight_and_bias! {
    /// See [the builder](builder::Conv2DReLU). The same numbers as the separate layers give, in a fraction of their time
    /// ([`conv2d_relu`]).
    Conv2DReLU<C, O, K, S, P> {
        /// The kernels, `(O, C, K, K)`.
        weight: Rank4<O, C, K, K>,
        fans: (C * K * K, O * K * K),
    }
}

weight_and_bias! {
    /// See [the builder](builder::Conv2DReLUMaxPool). The same numbers as the separate layers give, in a fraction of their time
    /// ([`conv2d_relu_max_pool2d`]).
    Conv2DReLUMaxPool<C, O, K, S, P> {
        /// The kernels, `(O, C, K, K)`.
        weight: Rank4<O, C, K, K>,
        fans: (C * K * K, O * K * K),
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh, T>
    Module<Tensor<Sh, f32, Cpu, T>> for Conv2DReLU<C, O, K, S, P, f32, Cpu>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    Sh::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<Sh::Out, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        conv2d_relu(x, &self.weight, &self.bias)
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh, T>
    Module<Tensor<Sh, f32, Cpu, T>> for Conv2DReLUMaxPool<C, O, K, S, P, f32, Cpu>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    Sh::Out: Windowed<Const<O>, 2, 2, 0>,
    <Sh::Out as Windowed<Const<O>, 2, 2, 0>>::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<<Sh::Out as Windowed<Const<O>, 2, 2, 0>>::Out, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        conv2d_relu_max_pool2d(x, &self.weight, &self.bias)
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh>
    ConvBlock<Sh> for Conv2DReLU<C, O, K, S, P, f32, Cpu>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
{
    type Out = Sh::Out;

    fn out(&self, x: &Sh) -> Self::Out {
        x.out(Const)
    }

    fn link<T: Tape<f32, Cpu>>(&self, x: &Sh, tape: T) -> Result<(Link, T), CpuError> {
        Link::new(x, &self.weight, &self.bias, [S, P], 1, tape)
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh>
    ConvBlock<Sh> for Conv2DReLUMaxPool<C, O, K, S, P, f32, Cpu>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    Sh::Out: Windowed<Const<O>, 2, 2, 0>,
{
    type Out = <Sh::Out as Windowed<Const<O>, 2, 2, 0>>::Out;

    fn out(&self, x: &Sh) -> Self::Out {
        Windowed::out(&Windowed::out(x, Const::<O>), Const)
    }

    fn link<T: Tape<f32, Cpu>>(&self, x: &Sh, tape: T) -> Result<(Link, T), CpuError> {
        Link::new(x, &self.weight, &self.bias, [S, P], 2, tape)
    }
}
