//! `Conv2D`: a convolution with its kernels and bias.
use dfdx::prelude::{Const, Cpu, CpuError, Module, Rank4, Tape, Tensor};

use super::parameters::weight_and_bias;
use crate::ops::try_conv2d;
use crate::shape::{ImagesOf, Windowed};

pub mod builder {
    //! The layer's name in a model's type.

    /// A convolution of `C` input channels with `O` kernels of side `K`, stride `S` and padding
    /// `P`.
    ///
    /// | here | Keras | PyTorch |
    /// |---|---|---|
    /// | `Conv2D<1, 32, 3>` | `Conv2D(32, 3)` on one channel | `nn.Conv2d(1, 32, 3)` |
    /// | `Conv2D<1, 32, 3, 1, 1>` | `Conv2D(32, 3, padding="same")` | `nn.Conv2d(1, 32, 3, padding=1)` |
    ///
    /// Takes `(C, H, W)` or `(B, C, H, W)`, gives `(O, H', W')` or `(B, O, H', W')` with
    /// `H' = ⌊(H + 2P − K) / S⌋ + 1`, computed by the type system. It is initialised as in Keras:
    /// kernels Glorot uniform, bias 0.
    #[derive(Debug, Copy, Clone, Eq, PartialEq)]
    pub struct Conv2D<
        const C: usize,
        const O: usize,
        const K: usize,
        const S: usize = 1,
        const P: usize = 0,
    >;
}

weight_and_bias! {
    /// See [the builder](builder::Conv2D).
    Conv2D<C, O, K, S, P> {
        /// The kernels, `(O, C, K, K)`.
        weight: Rank4<O, C, K, K>,
        fans: (C * K * K, O * K * K),
    }
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
        try_conv2d(x, &self.weight, &self.bias, Const, Const)
    }
}
