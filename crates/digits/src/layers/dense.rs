//! `Dense`: every output is a weighted sum of every input.
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, BuildOnDevice, Device, Dtype, Module, NonMutableModule, Storage};
use dfdx::prelude::{Const, Cpu, CpuError, Rank1, Rank2, Tape, Tensor};
use rand::distributions::uniform::SampleUniform;

use super::init::{fan_in_limit, glorot_limit, uniform};
use super::parameters::weight_and_bias;
use crate::ops::linear::InputsOf;
use crate::ops::{linear, linear_relu};

pub mod builder {
    //! The layer's name in a model's type.

    /// A fully connected layer of `I` inputs and `O` outputs: `(I)` → `(O)`, `(B, I)` → `(B, O)`.
    ///
    /// Keras's `Dense(O)`, PyTorch's `nn.Linear(I, O)`. It starts as in Keras: weights Glorot uniform, bias 0 (dfdx's own
    /// `Linear` starts otherwise, and can be used in its place).
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct Dense<const I: usize, const O: usize>;

    /// `(Dense<I, O>, ReLU)` as one layer; Keras's `Dense(O, activation="relu")`.
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct DenseReLU<const I: usize, const O: usize>;
}

weight_and_bias! {
    /// See [the builder](builder::Dense).
    Dense<I, O> {
        /// The weights, `(O, I)` as in dfdx and PyTorch; Keras keeps `(I, O)`.
        weight: Rank2<O, I>,
        fans: (I, O),
    }
}

weight_and_bias! {
    /// See [the builder](builder::DenseReLU). The same numbers as the two layers give.
    DenseReLU<I, O> {
        /// The weights, `(O, I)` as in dfdx and PyTorch; Keras keeps `(I, O)`.
        weight: Rank2<O, I>,
        fans: (I, O),
    }
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

impl<const I: usize, const O: usize, Sh, T> Module<Tensor<Sh, f32, Cpu, T>>
    for DenseReLU<I, O, f32, Cpu>
where
    Sh: InputsOf<I, Const<O>>,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<Sh::Out, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        linear_relu(x, &self.weight, &self.bias)
    }
}
