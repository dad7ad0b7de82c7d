//! `FlattenDropout`: feature maps → vectors which, while training, lose some of their numbers.
use dfdx::prelude::ZeroSizedModule;
use dfdx::prelude::{Cpu, CpuError, HasShape, Module, ModuleMut, NoneTape, OwnedTape, Tensor};

use super::flatten::Flat;
use super::{Dropout, Flatten};
use crate::ops::flatten_dropout;

/// [`Flatten<N>`](Flatten) and [`Dropout<PERCENT>`](Dropout) one after the other, computed in one pass: the same numbers, sooner.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::layers::{Dropout, Flatten, FlattenDropout};
/// let x: Tensor<Rank3<2, 3, 4>, f32, _> = Cpu::seed_from_u64(1).sample_normal(); // (C, H, W)
/// let [a, b] = [Cpu::seed_from_u64(2), Cpu::seed_from_u64(2)].map(|dev| x.to_device(&dev).leaky_trace());
/// let y = FlattenDropout::<24, 25>.forward_mut(a); // (24)
/// assert_eq!(y.array(), (Flatten::<24>, Dropout::<25>).forward_mut(b).array());
/// ```
#[derive(Debug, Default, Copy, Clone, Eq, PartialEq)]
pub struct FlattenDropout<const N: usize, const PERCENT: usize>;

impl<const N: usize, const PERCENT: usize> ZeroSizedModule for FlattenDropout<N, PERCENT> {}

impl<const N: usize, const PERCENT: usize, Sh: Flat<N>> Module<Tensor<Sh, f32, Cpu, NoneTape>>
    for FlattenDropout<N, PERCENT>
{
    type Output = Tensor<Sh::Out, f32, Cpu, NoneTape>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, NoneTape>) -> Result<Self::Output, CpuError> {
        Dropout::<PERCENT>.try_forward(Flatten::<N>.try_forward(x)?)
    }
}

impl<const N: usize, const PERCENT: usize, Sh: Flat<N>>
    ModuleMut<Tensor<Sh, f32, Cpu, OwnedTape<f32, Cpu>>> for FlattenDropout<N, PERCENT>
{
    type Output = Tensor<Sh::Out, f32, Cpu, OwnedTape<f32, Cpu>>;
    type Error = CpuError;

    fn try_forward_mut(
        &mut self,
        x: Tensor<Sh, f32, Cpu, OwnedTape<f32, Cpu>>,
    ) -> Result<Self::Output, CpuError> {
        const {
            assert!(
                Sh::ELEMENTS == N,
                "FlattenDropout<N, PERCENT>: N must be C · H · W of the layer before"
            );
            assert!(
                PERCENT < 100,
                "FlattenDropout<N, PERCENT>: some numbers must be left"
            )
        };
        let shape = x.shape().out();
        flatten_dropout(x, shape, PERCENT as f64 / 100.0)
    }
}
