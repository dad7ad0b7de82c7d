//! `Dense`: every output is a weighted sum of every input.
use dfdx::prelude::{Const, Cpu, CpuError, Module, Rank2, Tape, Tensor};

use super::parameters::weight_and_bias;
use crate::ops::linear::InputsOf;
use crate::ops::try_linear;

pub mod builder {
    //! The layer's name in a model's type.

    /// A fully connected layer of `I` inputs and `O` outputs: `(I)` → `(O)`, `(B, I)` → `(B, O)`.
    ///
    /// Keras's `Dense(O)`, PyTorch's `nn.Linear(I, O)`. It is initialised as in Keras: weights
    /// Glorot uniform, bias 0. (dfdx's own `Linear` can be used in its place; it is initialised as
    /// in PyTorch.)
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct Dense<const I: usize, const O: usize>;
}

weight_and_bias! {
    /// See [the builder](builder::Dense).
    Dense<I, O> {
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
        try_linear(x, &self.weight, &self.bias)
    }
}
