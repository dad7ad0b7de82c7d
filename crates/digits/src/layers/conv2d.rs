//! `Conv2D`: a convolution with its kernels and bias.
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, BuildOnDevice, Device, Dtype, Module, NonMutableModule, Storage};
use dfdx::prelude::{Const, Cpu, CpuError, Rank1, Rank4, Tape, Tensor};
use rand::distributions::uniform::SampleUniform;

use super::init::{fan_in_limit, glorot_limit, uniform};
use crate::ops::conv2d;
use crate::shape::{ImagesOf, Windowed};

pub mod builder {
    //! The layer's name in a model's type.

    /// A convolution of `C` input channels with `O` kernels of side `K`, stride `S` and padding `P`.
    ///
    /// | here | Keras | PyTorch |
    /// |---|---|---|
    /// | `Conv2D<1, 32, 3>` | `Conv2D(32, 3)` on one channel | `nn.Conv2d(1, 32, 3)` |
    /// | `Conv2D<1, 32, 3, 1, 1>` | `Conv2D(32, 3, padding="same")` | `nn.Conv2d(1, 32, 3, padding=1)` |
    ///
    /// Takes `(C, H, W)` or `(B, C, H, W)`, gives `(O, H', W')` or `(B, O, H', W')` with
    /// H' = ⌊(H + 2P − K) / S⌋ + 1, computed by the type system. It starts as in Keras: kernels Glorot uniform, bias 0.
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct Conv2D<
        const C: usize,
        const O: usize,
        const K: usize,
        const S: usize = 1,
        const P: usize = 0,
    >;
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D>
    BuildOnDevice<D, E> for builder::Conv2D<C, O, K, S, P>
where
    E: Dtype,
    D: Device<E>,
    Conv2D<C, O, K, S, P, E, D>: BuildModule<D, E>,
{
    type Built = Conv2D<C, O, K, S, P, E, D>;
}

/// See [the builder](builder::Conv2D).
#[derive(Debug, Clone)]
pub struct Conv2D<
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
    Conv2D<C, O, K, S, P, E, D>
where
    E: Dtype + SampleUniform,
    D: Device<E>,
{
    /// Draws kernels and bias anew as dfdx and PyTorch do: uniform on ±1/√(C K²).
    ///
    /// # Errors
    /// The device's.
    pub fn reset_as_dfdx(&mut self) -> Result<(), D::Err> {
        uniform(&mut self.weight, fan_in_limit(C * K * K))?;
        uniform(&mut self.bias, fan_in_limit(C * K * K))
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D>
    TensorCollection<E, D> for Conv2D<C, O, K, S, P, E, D>
where
    E: Dtype + SampleUniform,
    D: Device<E>,
{
    type To<E2: Dtype, D2: Device<E2>> = Conv2D<C, O, K, S, P, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::tensor(
                    "weight",
                    |s| &s.weight,
                    |s| &mut s.weight,
                    TensorOptions::reset_with(|t| uniform(t, glorot_limit(C * K * K, O * K * K))),
                ),
                Self::tensor(
                    "bias",
                    |s| &s.bias,
                    |s| &mut s.bias,
                    TensorOptions::reset_to_zeros(),
                ),
            ),
            |(weight, bias)| Conv2D { weight, bias },
        )
    }
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, E, D>
    NonMutableModule for Conv2D<C, O, K, S, P, E, D>
where
    E: Dtype,
    D: Storage<E>,
{
}

impl<const C: usize, const O: usize, const K: usize, const S: usize, const P: usize, Sh, T>
    Module<Tensor<Sh, f32, Cpu, T>> for Conv2D<C, O, K, S, P, f32, Cpu>
where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<Sh::Out, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        conv2d(x, &self.weight, &self.bias)
    }
}
