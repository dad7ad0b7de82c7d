//! `Together`: two convolutional layers whose numbers between them never leave the cache.
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::prelude::{BuildOnDevice, Cpu, CpuError, Device, Dtype, Module, NonMutableModule, Shape};
use dfdx::prelude::{Tape, Tensor};

use crate::ops::conv_block::ConvBlock;
use crate::ops::conv_blocks;
use crate::ops::layout::ChannelsLast;

/// `(A, B)` as one layer, for `A` and `B` of [`Conv2DReLU`](super::Conv2DReLU) and [`Conv2DReLUMaxPool`](super::Conv2DReLUMaxPool):
/// the same parameters by the same names, the same numbers to the last bit. Faster where what `A` gives is larger than the cache
/// ([`conv_blocks`]).
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::layers::{Conv2DReLU, Conv2DReLUMaxPool, Together};
/// type Two = (Conv2DReLU<1, 2, 3>, Conv2DReLUMaxPool<2, 3, 3>);
/// let dev = Cpu::seed_from_u64(1);
/// let one = dev.build_module::<Together<Conv2DReLU<1, 2, 3>, Conv2DReLUMaxPool<2, 3, 3>>, f32>();
/// let two = Cpu::seed_from_u64(1).build_module::<Two, f32>();
/// let image: Tensor<Rank3<1, 8, 8>, f32, _> = dev.sample_uniform(); // (C, H, W)
/// assert_eq!(one.forward(image.clone()).array(), two.forward(image).array());
/// ```
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct Together<A, B>(pub A, pub B);

impl<D: Device<E>, E: Dtype, A: BuildOnDevice<D, E>, B: BuildOnDevice<D, E>> BuildOnDevice<D, E>
    for Together<A, B>
{
    type Built = Together<A::Built, B::Built>;
}

impl<E: Dtype, D: Device<E>, A: TensorCollection<E, D>, B: TensorCollection<E, D>>
    TensorCollection<E, D> for Together<A, B>
{
    type To<E2: Dtype, D2: Device<E2>> = Together<A::To<E2, D2>, B::To<E2, D2>>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("0", |s| &s.0, |s| &mut s.0),
                Self::module("1", |s| &s.1, |s| &mut s.1),
            ),
            |(a, b)| Together(a, b),
        )
    }
}

impl<A, B> NonMutableModule for Together<A, B> {}

impl<Sh, A, B, T> Module<Tensor<Sh, f32, Cpu, T>> for Together<A, B>
where
    Sh: Shape,
    A: ConvBlock<Sh>,
    B: ConvBlock<A::Out>,
    B::Out: ChannelsLast,
    T: Tape<f32, Cpu>,
{
    type Output = Tensor<B::Out, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        conv_blocks(x, &self.0, &self.1)
    }
}
