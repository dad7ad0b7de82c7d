//! `Fused`: the layers of a tuple, computed by one kernel.
//!
//! A kernel that computes convolution, ReLU and pooling together takes a fraction of the time of
//! the three, since the numbers between them never go to memory. There is one for these tuples:
//!
//! | tuple | what the kernel saves |
//! |---|---|
//! | `(Conv2D, ReLU)`, `(Conv2D, ReLU, MaxPool2D<2>)` | memory traffic: only the last output is stored |
//! | two of these, as one tuple of four to six layers | likewise |
//! | `(Dense, ReLU)` | one pass over the outputs |
//! | `(Flatten, Dropout)` | one pass over the feature maps |
mod chains;
mod pairs;

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::prelude::{BuildOnDevice, CpuError, Device, Dtype, Module, ModuleMut};

pub mod builder {
    //! The layer's name in a model's type.
    use super::Fusible;

    /// The layers of the tuple `L`, computed by one kernel. It gives the same numbers as the plain
    /// tuple, up to the rounding of their sums, has the same parameters with the same names, and
    /// takes less time.
    ///
    /// | here | Keras |
    /// |---|---|
    /// | `Fused<(Conv2D<1, 32, 3>, ReLU)>` | `Conv2D(32, 3, activation="relu")` |
    /// | `Fused<(Dense<784, 128>, ReLU)>` | `Dense(128, activation="relu")` |
    ///
    /// The layers are fields, as in a plain tuple: `model.0.0.weight`.
    ///
    /// ```
    /// use digits::dfdx::prelude::*;
    /// use digits::layers::{Conv2D, Fused, MaxPool2D};
    /// type Layers = (Conv2D<1, 4, 3>, ReLU, MaxPool2D<2>);
    /// let fused = Cpu::seed_from_u64(1).build_module::<Fused<Layers>, f32>();
    /// let plain = Cpu::seed_from_u64(1).build_module::<Layers, f32>();
    /// assert_eq!(fused.0.weight.array(), plain.0.weight.array());
    ///
    /// type Image = Tensor<Rank3<1, 28, 28>, f32, Cpu>; // (C, H, W)
    /// let x: Image = Cpu::seed_from_u64(2).sample_uniform();
    /// let (y, expected) = (fused.forward(x.clone()), plain.forward(x)); // (4, 13, 13)
    /// assert!((y - expected).abs().max::<Rank0, _>().array() < 1e-5);
    /// ```
    ///
    /// A tuple without a kernel does not compile:
    ///
    /// ```compile_fail,E0277
    /// use digits::dfdx::prelude::*;
    /// use digits::layers::{Dense, Fused};
    /// Cpu::default().build_module::<Fused<(Dense<4, 4>, Tanh)>, f32>();
    /// ```
    #[derive(Debug, Default, Copy, Clone, Eq, PartialEq)]
    pub struct Fused<L: Fusible>(std::marker::PhantomData<L>);
}

/// A tuple of layers, as written in a model's type, for which there is a fused kernel.
#[diagnostic::on_unimplemented(
    message = "there is no fused kernel for `{Self}`",
    label = "not a tuple of layers that can be fused",
    note = "there is one for `(Conv2D, ReLU)`, `(Conv2D, ReLU, MaxPool2D<2>)`, two of these in one \
            tuple, `(Dense, ReLU)` and `(Flatten, Dropout)`",
    note = "the plain tuple, without `Fused`, computes the same"
)]
pub trait Fusible {}

/// A tuple of built layers for which there is a fused kernel that takes inputs `X`.
pub trait FusedForward<X> {
    /// The type of the last layer's output.
    type Output;

    /// The output of the last layer.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if the output cannot be allocated.
    fn try_fused_forward(&self, x: X) -> Result<Self::Output, CpuError>;
}

/// A tuple of built layers for which there is a fused kernel that takes inputs `X` in training.
pub trait FusedForwardMut<X> {
    /// The type of the last layer's output.
    type Output;

    /// The output of the last layer, in training.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if the output cannot be allocated.
    fn try_fused_forward_mut(&mut self, x: X) -> Result<Self::Output, CpuError>;
}

/// See [the builder](builder::Fused).
#[derive(Debug, Default, Clone)]
pub struct Fused<L> {
    layers: L,
}

impl<L> Fused<L> {
    /// Fuses layers that have been built already.
    pub fn new(layers: L) -> Self {
        Self { layers }
    }
}

impl<L> std::ops::Deref for Fused<L> {
    type Target = L;
    fn deref(&self) -> &L {
        &self.layers
    }
}

impl<L> std::ops::DerefMut for Fused<L> {
    fn deref_mut(&mut self) -> &mut L {
        &mut self.layers
    }
}

impl<D: Device<E>, E: Dtype, L: Fusible + BuildOnDevice<D, E>> BuildOnDevice<D, E>
    for builder::Fused<L>
where
    Fused<L::Built>: dfdx::prelude::BuildModule<D, E>,
{
    type Built = Fused<L::Built>;
}

impl<X, L: FusedForward<X>> Module<X> for Fused<L> {
    type Output = L::Output;
    type Error = CpuError;

    fn try_forward(&self, x: X) -> Result<Self::Output, CpuError> {
        self.layers.try_fused_forward(x)
    }
}

impl<X, L: FusedForwardMut<X>> ModuleMut<X> for Fused<L> {
    type Output = L::Output;
    type Error = CpuError;

    fn try_forward_mut(&mut self, x: X) -> Result<Self::Output, CpuError> {
        self.layers.try_fused_forward_mut(x)
    }
}

/// Gives the parameters of `Fused<(A, B, …)>` the names that they have in `(A, B, …)`.
macro_rules! collection {
    ($($layer:ident $at:tt),+) => {
        impl<E: Dtype, D: Device<E>, $($layer: TensorCollection<E, D>),+> TensorCollection<E, D>
            for Fused<($($layer,)+)>
        {
            type To<E2: Dtype, D2: Device<E2>> = Fused<($($layer::To<E2, D2>,)+)>;

            fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                visitor.visit_fields(
                    ($(Self::module(
                        stringify!($at),
                        |s| &s.layers.$at,
                        |s| &mut s.layers.$at,
                    ),)+),
                    |layers| Fused { layers },
                )
            }
        }
    };
}
collection!(A 0, B 1);
collection!(A 0, B 1, C 2);
collection!(A 0, B 1, C 2, F 3);
collection!(A 0, B 1, C 2, F 3, G 4);
collection!(A 0, B 1, C 2, F 3, G 4, H 5);
