//! `Dense`: every output is a weighted sum of every input.
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, BuildOnDevice, Device, Dtype, Module, NonMutableModule, Storage};
use dfdx::prelude::{Const, Cpu, CpuError, Rank1, Rank2, Tape, Tensor};
use rand::distributions::uniform::SampleUniform;

use super::init::{fan_in_limit, glorot_limit, uniform};
use crate::ops::linear;
use crate::ops::linear::InputsOf;

pub mod builder {
    //! The layer's name in a model's type.

    /// A fully connected layer of `I` inputs and `O` outputs: `(I)` → `(O)`, `(B, I)` → `(B, O)`.
    ///
    /// Keras's `Dense(O)`, PyTorch's `nn.Linear(I, O)`. It starts as in Keras: weights Glorot uniform, bias 0 (dfdx's own
    /// `Linear` starts otherwise, and can be used in its place).
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct Dense<const I: usize, const O: usize>;
}

impl<const I: usize, const O: usize, E: Dtype, D: Device<E>> BuildOnDevice<D, E>
    for builder::Dense<I, O>
where
    Dense<I, O, E, D>: BuildModule<D, E>,
{
    type Built = Dense<I, O, E, D>;
}

/// See [the builder](builder::Dense).
#[derive(Debug, Clone)]
pub struct Dense<const I: usize, const O: usize, E: Dtype, D: Storage<E>> {
    /// The weights, `(O, I)` as in dfdx and PyTorch; Keras keeps `(I, O)`.
    pub weight: Tensor<Rank2<O, I>, E, D>,
    /// One number an output, `(O)`.
    pub bias: Tensor<Rank1<O>, E, D>,
}

impl<const I: usize, const O: usize, E: Dtype + SampleUniform, D: Device<E>> Dense<I, O, E, D> {
    /// Draws weights and bias anew as dfdx and PyTorch do: uniform on ±1/√I.
    ///
    /// # Errors
    /// The device's.
    pub fn reset_as_dfdx(&mut self) -> Result<(), D::Err> {
        uniform(&mut self.weight, fan_in_limit(I))?;
        uniform(&mut self.bias, fan_in_limit(I))
    }
}

impl<const I: usize, const O: usize, E, D> TensorCollection<E, D> for Dense<I, O, E, D>
where
    E: Dtype + SampleUniform,
    D: Device<E>,
{
    type To<E2: Dtype, D2: Device<E2>> = Dense<I, O, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::tensor(
                    "weight",
                    |s| &s.weight,
                    |s| &mut s.weight,
                    TensorOptions::reset_with(|t| uniform(t, glorot_limit(I, O))),
                ),
                Self::tensor(
                    "bias",
                    |s| &s.bias,
                    |s| &mut s.bias,
                    TensorOptions::reset_to_zeros(),
                ),
            ),
            |(weight, bias)| Dense { weight, bias },
        )
    }
}

impl<const I: usize, const O: usize, E: Dtype, D: Storage<E>> NonMutableModule
    for Dense<I, O, E, D>
{
}

impl<const I: usize, const O: usize, Sh, T> Module<Tensor<Sh, f32, Cpu, T>>
    for Dense<I, O, f32, Cpu>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<Sh::Out, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        linear(x, &self.weight, &self.bias)
    }
}
