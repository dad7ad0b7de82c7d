//! `Dropout`: sets some numbers to zero in training.
use dfdx::prelude::ZeroSizedModule;
use dfdx::prelude::{Cpu, CpuError, Module, ModuleMut, NoneTape, OwnedTape, Shape, Tensor};

use crate::ops::try_dropout;

/// In training, sets each number to 0 with a probability of `PERCENT` %, and divides the others by
/// the probability of being kept, so that the expected value stays the same; otherwise does
/// nothing. Keras's `Dropout(0.2)` and PyTorch's `nn.Dropout(0.2)` are `Dropout<20>`.
///
/// (Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.)
/// The choice follows from the seed of the tensor's device. As with dfdx's own dropout, a tensor
/// with a tape is in training and takes `forward_mut`; one without is not, and takes `forward`; the
/// other two combinations do not compile.
///
/// ```
/// use digits::{dfdx::prelude::*, layers::Dropout};
/// let dev = Cpu::seed_from_u64(1);
/// let x: Tensor<Rank1<1000>, f32, _> = dev.ones();
/// let y = Dropout::<20>.forward_mut(x.leaky_trace());
/// assert!(y.as_vec().iter().all(|y| *y == 0.0 || *y == 1.25));
/// assert_eq!(Dropout::<20>.forward(x.clone()).array(), x.array());
/// ```
#[derive(Debug, Default, Copy, Clone, Eq, PartialEq)]
pub struct Dropout<const PERCENT: usize>;

impl<const PERCENT: usize> ZeroSizedModule for Dropout<PERCENT> {}

impl<const PERCENT: usize> Dropout<PERCENT> {
    /// The probability with which a number is set to 0.
    pub const PROBABILITY: f64 = {
        assert!(PERCENT < 100, "Dropout<PERCENT>: some numbers must be left");
        PERCENT as f64 / 100.0
    };
}

impl<const PERCENT: usize, S: Shape> Module<Tensor<S, f32, Cpu, NoneTape>> for Dropout<PERCENT> {
    type Output = Tensor<S, f32, Cpu, NoneTape>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<S, f32, Cpu, NoneTape>) -> Result<Self::Output, CpuError> {
        Ok(x)
    }
}

impl<const PERCENT: usize, S: Shape> ModuleMut<Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>>
    for Dropout<PERCENT>
{
    type Output = Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>;
    type Error = CpuError;

    fn try_forward_mut(
        &mut self,
        x: Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>,
    ) -> Result<Self::Output, CpuError> {
        try_dropout(x, Self::PROBABILITY)
    }
}
