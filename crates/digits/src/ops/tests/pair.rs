//! Two blocks as one operation against the two operations, bit for bit.
use std::sync::Arc;

use dfdx::prelude::*;

use kernels::thread_pool::ThreadPool;

use super::{Conv2DReLU, Conv2DReLUMaxPool, numbers};
use crate::layers::{Conv2D, Fused, MaxPool2D};
use crate::ops::Scope;

fn bits(numbers: Vec<f32>) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// Outputs and gradients of `model` for images `x`: that of the images first, if it is wanted.
macro_rules! results {
    ($model:expr, $first:expr, $second:expr, $x:expr, $wants_images:expr) => {{
        let (model, x) = ($model, $x);
        let y = if $wants_images {
            model.forward(x.leaky_trace())
        } else {
            let scope = Scope::default().without_gradient_of(&x);
            scope.run(|| model.forward(x.leaky_trace()))
        };
        let mut results = vec![bits(y.as_vec())];
        let gradients = y.square().mean().backward();
        if $wants_images {
            results.push(bits(gradients.get(&x).as_vec()));
        }
        results.extend([
            bits(gradients.get(&$first.weight).as_vec()),
            bits(gradients.get(&$first.bias).as_vec()),
            bits(gradients.get(&$second.weight).as_vec()),
            bits(gradients.get(&$second.bias).as_vec()),
        ]);
        results
    }};
}

/// Asserts that `$pair`, whose second convolution is layer `$at`, gives the bits of `$a` followed by `$b`
/// for `$batch` images of `[C, H, W]`.
macro_rules! same {
    ($a:ty, $b:ty, $pair:ty, $at:tt, $batch:expr, [$c:expr, $h:expr, $w:expr]) => {
        let dev = Cpu::seed_from_u64(3);
        let two = dev.build_module::<($a, $b), f32>();
        let one = Cpu::seed_from_u64(3).build_module::<$pair, f32>();
        let x = dev.tensor_from_vec(
            numbers($batch * $c * $h * $w, 5),
            ($batch as usize, Const::<$c>, Const::<$h>, Const::<$w>),
        );
        for wants_images in [false, true] {
            let expected = results!(&two, two.0.0, two.1.0, x.clone(), wants_images);
            assert!(
                expected
                    .iter()
                    .all(|numbers| numbers.iter().any(|bits| *bits << 1 != 0))
            );
            for threads in [1, 3] {
                let found = Arc::new(ThreadPool::new(threads))
                    .install(|| results!(&one, one.0, one.$at, x.clone(), wants_images));
                assert!(found == expected, "{threads} threads, {wants_images}");
            }
        }
    };
}

#[test]
fn a_pair_gives_the_bits_of_its_two_blocks() {
    // The second by Winograd's method.
    type Pair = Fused<(Conv2D<1, 16, 3>, ReLU, Conv2D<16, 8, 3>, ReLU, MaxPool2D<2>)>;
    same!(Conv2DReLU<1, 16, 3>, Conv2DReLUMaxPool<16, 8, 3>, Pair, 2, 19, [1, 14, 13]);
    type Odd = Fused<(Conv2D<2, 5, 2>, ReLU, Conv2D<5, 3, 3>, ReLU)>;
    same!(Conv2DReLU<2, 5, 2>, Conv2DReLU<5, 3, 3>, Odd, 2, 5, [2, 9, 8]);
}

#[test]
fn so_it_does_with_pooling_between_and_with_padding() {
    type Between = Fused<(
        Conv2D<1, 16, 3, 1, 1>,
        ReLU,
        MaxPool2D<2>,
        Conv2D<16, 8, 3, 1, 1>,
        ReLU,
    )>;
    same!(Conv2DReLUMaxPool<1, 16, 3, 1, 1>, Conv2DReLU<16, 8, 3, 1, 1>, Between, 3, 9, [1, 12, 14]);
    type Twice = Fused<(
        Conv2D<3, 4, 3, 1, 1>,
        ReLU,
        MaxPool2D<2>,
        Conv2D<4, 5, 3, 2, 2>,
        ReLU,
        MaxPool2D<2>,
    )>;
    same!(
        Conv2DReLUMaxPool<3, 4, 3, 1, 1>,
        Conv2DReLUMaxPool<4, 5, 3, 2, 2>,
        Twice,
        3,
        9,
        [3, 12, 14]
    );
}

#[test]
fn a_pair_takes_a_single_image_and_a_batch_of_none() {
    type Pair = Fused<(Conv2D<1, 4, 3>, ReLU, Conv2D<4, 6, 3>, ReLU, MaxPool2D<2>)>;
    let dev = Cpu::seed_from_u64(1);
    let pair = dev.build_module::<Pair, f32>();
    let single: Tensor<Rank3<1, 8, 8>, f32, _> = dev.sample_uniform();
    let alone: Tensor<Rank3<6, 2, 2>, f32, _> = pair.forward(single.clone());
    let batch: Tensor<Rank4<1, 6, 2, 2>, f32, _> =
        pair.forward(single.reshape::<Rank4<1, 1, 8, 8>>());
    assert_eq!(alone.as_vec(), batch.as_vec());
    let none: Tensor<Rank4<0, 1, 8, 8>, f32, _> = dev.zeros();
    assert_eq!(pair.forward(none).shape().concrete(), [0, 6, 2, 2]);
}
