//! The layers as dfdx sees them: collections of tensors that are built, reset, saved, trained and chained.
mod collection;
mod init;
mod training;

use dfdx::prelude::*;

use super::{AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D};

/// Every layer of ours between dfdx's own: digits of 8 × 9 pixels in, three numbers out.
type Mixed = (
    (Conv2D<1, 3, 3, 1, 1>, ReLU, MaxPool2D<2>), // (B, 3, 4, 4)
    (Conv2D<3, 4, 2>, Tanh, AvgPool2D<2, 1>),    // (B, 4, 2, 2)
    (Flatten<16>, Dense<16, 6>, Sigmoid),        // (B, 6)
    Linear<6, 3>,                                // (B, 3)
);

/// The parameters of [`Mixed`]: kernels and bias of two convolutions, weights and bias of two dense layers.
const MIXED_PARAMETERS: usize = 3 * (9 + 1) + 4 * (3 * 4 + 1) + 6 * (16 + 1) + 3 * (6 + 1);

/// A model that is another one while it is trained.
type WithDropout = (
    (Conv2D<1, 3, 3>, ReLU, DropoutOneIn<2>), // (B, 3, 6, 7)
    (Flatten<126>, Dense<126, 3>),            // (B, 3)
);

type Model<M> = <M as BuildOnDevice<Cpu, f32>>::Built;

fn build<M: BuildOnDevice<Cpu, f32>>(seed: u64) -> Model<M> {
    Cpu::seed_from_u64(seed).build_module::<M, f32>()
}

/// A batch of `batch` images between 0 and 1.
fn images<const H: usize, const W: usize>(
    batch: usize,
    seed: u64,
) -> Tensor<(usize, Const<1>, Const<H>, Const<W>), f32, Cpu> {
    Cpu::seed_from_u64(seed).sample_uniform_like(&(batch, Const, Const, Const))
}
