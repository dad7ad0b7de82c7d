//! `MaxPool2D` and `AvgPool2D`: pooling without parameters.
use dfdx::prelude::{
    Const, Cpu, CpuError, Module, NonMutableModule, Tape, Tensor, ZeroSizedModule,
};

use crate::ops::{try_avg_pool2d, try_max_pool2d};
use crate::shape::{Channels, Windowed};

macro_rules! pooling {
    ($name:ident, $op:ident, $doc:literal) => {
        #[doc = $doc]
        ///
        /// Windows of side `K`, `S` pixels apart (default 2; in Keras and PyTorch `K`), with `P` pixels of
        /// padding.
        /// `(C, H, W)` → `(C, H', W')`, `(B, C, H, W)` → `(B, C, H', W')` with H' = ⌊(H + 2P − K) / S⌋ + 1.
        #[derive(Debug, Default, Copy, Clone, Eq, PartialEq)]
        pub struct $name<const K: usize, const S: usize = 2, const P: usize = 0>;

        impl<const K: usize, const S: usize, const P: usize> ZeroSizedModule for $name<K, S, P> {}
        impl<const K: usize, const S: usize, const P: usize> NonMutableModule for $name<K, S, P> {}

        impl<const K: usize, const S: usize, const P: usize, Sh, T> Module<Tensor<Sh, f32, Cpu, T>>
            for $name<K, S, P>
        where
            Sh: Channels + Windowed<Sh::C, K, S, P>,
            T: Tape<f32, Cpu>,
        {
            type Output = Tensor<Sh::Out, f32, Cpu, T>;
            type Error = CpuError;

            fn try_forward(&self, x: Tensor<Sh, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
                $op(x, Const::<K>, Const::<S>, Const::<P>)
            }
        }
    };
}

pooling!(
    MaxPool2D,
    try_max_pool2d,
    "The largest element of each window; Keras's `MaxPooling2D`, PyTorch's `nn.MaxPool2d`."
);
pooling!(
    AvgPool2D,
    try_avg_pool2d,
    "The mean of each window; Keras's `AveragePooling2D`, PyTorch's `nn.AvgPool2d`."
);
