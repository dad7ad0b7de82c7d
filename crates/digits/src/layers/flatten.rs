//! `Flatten`: feature maps → vectors.
use dfdx::prelude::{Const, ConstDim, Cpu, CpuError, Dim, HasShape, Module, NonMutableModule};
use dfdx::prelude::{Shape, Tape, Tensor, ZeroSizedModule};

use crate::ops::try_flatten;

/// Turns `(C, H, W)` into a vector of `N` = C · H · W elements, `(B, C, H, W)` into `(B, N)`, in
/// row-major order: pixel `(c, i, j)` becomes element `(c · H + i) · W + j`. (In Keras, where
/// channels come last, the order is another.)
///
/// Stable Rust cannot multiply const generics, so `N` is written out; a wrong one does not compile.
#[derive(Debug, Default, Copy, Clone, Eq, PartialEq)]
pub struct Flatten<const N: usize>;

impl<const N: usize> ZeroSizedModule for Flatten<N> {}
impl<const N: usize> NonMutableModule for Flatten<N> {}

impl<const N: usize> Flatten<N> {
    /// Panics if the images of shape `Sh` do not have `N` elements; evaluated as a constant, that
    /// is a compile error.
    pub(super) const fn check<Sh: Flat<N>>() {
        assert!(
            Sh::ELEMENTS == N,
            "Flatten<N>: N must be C · H · W of the layer before"
        );
    }
}

/// A shape that can be flattened to vectors of `N` elements: `(C, H, W)` or `(B, C, H, W)`.
#[diagnostic::on_unimplemented(
    message = "only images can be flattened, not a tensor of shape `{Self}`",
    label = "expected `(C, H, W)` or `(B, C, H, W)`"
)]
pub trait Flat<const N: usize>: Shape {
    /// `(N)` or `(B, N)`.
    type Out: Shape;
    /// C · H · W.
    const ELEMENTS: usize;
    /// The shape after flattening.
    fn out(&self) -> Self::Out;
}

impl<const N: usize, C: ConstDim, H: ConstDim, W: ConstDim> Flat<N> for (C, H, W) {
    type Out = (Const<N>,);
    const ELEMENTS: usize = C::SIZE * H::SIZE * W::SIZE;
    fn out(&self) -> Self::Out {
        (Const,)
    }
}

impl<const N: usize, B: Dim, C: ConstDim, H: ConstDim, W: ConstDim> Flat<N> for (B, C, H, W) {
    type Out = (B, Const<N>);
    const ELEMENTS: usize = C::SIZE * H::SIZE * W::SIZE;
    fn out(&self) -> Self::Out {
        (self.0, Const)
    }
}

impl<const N: usize, Sh: Flat<N>, T: Tape<f32, Cpu>> Module<Tensor<Sh, f32, Cpu, T>>
    for Flatten<N>
{
    type Output = Tensor<Sh::Out, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        const { Self::check::<Sh>() };
        let shape = x.shape().out();
        try_flatten(x, shape)
    }
}
