//! `Conv2DReLU` and `Conv2DReLUMaxPool`: a convolution and what nearly always follows it, in one layer.
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, BuildOnDevice, Device, Dtype, Module, NonMutableModule, Storage};
use dfdx::prelude::{Const, Cpu, CpuError, Rank1, Rank4, Tape, Tensor};
use rand::distributions::uniform::SampleUniform;

use super::init::{glorot_limit, uniform};
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

macro_rules! layer {
    ($name:ident) => {
        impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D>
            BuildOnDevice<D, E> for builder::$name<C, O, K, S, P>
        where
            E: Dtype,
            D: Device<E>,
            $name<C, O, K, S, P, E, D>: BuildModule<D, E>,
        {
            type Built = $name<C, O, K, S, P, E, D>;
        }

        /// See the builder of the same name. The same numbers as the separate layers give, in a fraction of their time
        /// ([`conv2d_relu`], [`conv2d_relu_max_pool2d`]); the same parameters, started in the same way.
        #[derive(Debug, Clone)]
        pub struct $name<
            const C: usize,
            const O: usize,
            const K: usize,
            const S: usize,
            const P: usize,
            E: Dtype,
            D: Storage<E>,
        > {
            /// The kernels, `(O, C, K, K)`.
            pub weight: Tensor<Rank4<O, C, K, K>, E, D>,
            /// One number a kernel, `(O)`.
            pub bias: Tensor<Rank1<O>, E, D>,
        }

        impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D>
            TensorCollection<E, D> for $name<C, O, K, S, P, E, D>
        where
            E: Dtype + SampleUniform,
            D: Device<E>,
        {
            type To<E2: Dtype, D2: Device<E2>> = $name<C, O, K, S, P, E2, D2>;

            fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                visitor.visit_fields(
                    (
                        Self::tensor(
                            "weight",
                            |s| &s.weight,
                            |s| &mut s.weight,
                            TensorOptions::reset_with(|t| {
                                uniform(t, glorot_limit(C * K * K, O * K * K))
                            }),
                        ),
                        Self::tensor(
                            "bias",
                            |s| &s.bias,
                            |s| &mut s.bias,
                            TensorOptions::reset_to_zeros(),
                        ),
                    ),
                    |(weight, bias)| $name { weight, bias },
                )
            }
        }

        impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D>
            NonMutableModule for $name<C, O, K, S, P, E, D>
        where
            E: Dtype,
            D: Storage<E>,
        {
        }
    };
}

layer!(Conv2DReLU);
layer!(Conv2DReLUMaxPool);

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
