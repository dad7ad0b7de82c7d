//! A block's tensors, whose channels lie last in memory, among other operations; and inputs without a gradient.
use dfdx::prelude::*;

use super::{Conv2DReLU, Conv2DReLUMaxPool, agree, numbers};
use crate::gradcheck;
use crate::layers::{Conv2D, Flatten, MaxPool2D};
use crate::ops::{Scope, conv2d, max_pool2d};

type Image<const C: usize, const H: usize, const W: usize> =
    Tensor<(usize, Const<C>, Const<H>, Const<W>), f32, Cpu>;

fn image<const C: usize, const H: usize, const W: usize>(batch: usize) -> Image<C, H, W> {
    let dev = Cpu::default();
    dev.tensor_from_vec(numbers(batch * C * H * W, 5), (batch, Const, Const, Const))
}

fn close(a: &[f32], b: &[f32]) {
    let b: Vec<f64> = b.iter().map(|&b| f64::from(b)).collect();
    agree("values", a, &b, 1e-5).unwrap();
}

/// Two blocks and `Flatten` against the same network of separate layers: outputs, and gradients of everything.
#[test]
fn blocks_in_a_row_give_what_separate_layers_give() {
    type Blocks = (Conv2DReLUMaxPool<2, 8, 3>, Conv2DReLU<8, 5, 2>, Flatten<30>);
    type Separate = (
        (Conv2D<2, 8, 3>, ReLU, MaxPool2D<2>),
        (Conv2D<8, 5, 2>, ReLU),
        Flatten<30>,
    );
    let dev = Cpu::seed_from_u64(1);
    let fused = dev.build_module::<Blocks, f32>();
    let mut separate = dev.build_module::<Separate, f32>();
    separate.0.0.weight = fused.0.0.weight.clone();
    separate.0.0.bias = fused.0.0.bias.clone();
    separate.1.0.weight = fused.1.0.weight.clone();
    separate.1.0.bias = fused.1.0.bias.clone();
    let x = image::<2, 8, 10>(19);
    let (a, b) = (
        fused.forward(x.leaky_trace()),
        separate.forward(x.leaky_trace()),
    );
    close(&a.as_vec(), &b.as_vec());
    let (a, b) = (a.square().mean().backward(), b.square().mean().backward());
    close(&a.get(&x).as_vec(), &b.get(&x).as_vec());
    close(
        &a.get(&fused.0.0.weight).as_vec(),
        &b.get(&separate.0.0.weight).as_vec(),
    );
    close(
        &a.get(&fused.0.0.bias).as_vec(),
        &b.get(&separate.0.0.bias).as_vec(),
    );
    close(
        &a.get(&fused.1.0.weight).as_vec(),
        &b.get(&separate.1.0.weight).as_vec(),
    );
    close(
        &a.get(&fused.1.0.bias).as_vec(),
        &b.get(&separate.1.0.bias).as_vec(),
    );
}

#[test]
fn a_single_image_and_a_batch_of_none_pass_through() {
    let layer = Cpu::seed_from_u64(1).build_module::<Conv2DReLUMaxPool<2, 4, 3>, f32>();
    let single: Tensor<Rank3<2, 6, 6>, f32, _> = Cpu::default().sample_uniform();
    let alone: Tensor<Rank3<4, 2, 2>, f32, _> = layer.forward(single.clone());
    let batch: Tensor<Rank4<1, 4, 2, 2>, f32, _> =
        layer.forward(single.reshape::<Rank4<1, 2, 6, 6>>());
    assert_eq!(alone.as_vec(), batch.as_vec());
    let none = layer.forward(image::<2, 6, 6>(0));
    assert_eq!(none.shape().concrete(), [0, 4, 2, 2]);
}

/// What a block gives looks like any tensor to operations that know nothing of its order in memory.
#[test]
fn other_operations_take_channels_last_tensors_and_their_gradients_arrive() {
    let dev = Cpu::seed_from_u64(1);
    let mut layer = dev.build_module::<Conv2DReLU<2, 3, 2>, f32>();
    layer.0.bias = dev.tensor([6.0; 3]); // every ReLU open: nothing has a kink
    let next = dev.build_module::<Conv2D<3, 2, 2>, f32>();
    let y = layer.forward(image::<2, 5, 6>(3));
    assert_eq!(y[[1, 2, 3, 4]], y.as_vec()[((3 + 2) * 4 + 3) * 5 + 4]);
    let x = image::<2, 5, 6>(3);
    let checked = gradcheck::tensor(&x, gradcheck::STEP, |x| {
        let y = layer.forward(x.leaky_trace());
        let y = conv2d(y * 2.0, &next.weight, &next.bias, Const::<1>, Const::<0>);
        max_pool2d(y, Const::<1>, Const::<2>, Const::<0>)
    });
    assert!(checked.relative < 5e-3, "{checked}");
}

#[test]
fn an_input_that_learns_nothing_changes_no_other_gradient() {
    let dev = Cpu::seed_from_u64(1);
    let layer = dev.build_module::<Conv2DReLU<2, 3, 2>, f32>();
    let x = image::<2, 5, 6>(3);
    let with = layer.forward(x.leaky_trace()).square().mean().backward();
    let scope = Scope::default().without_gradient_of(&x);
    let without = scope.run(|| layer.forward(x.leaky_trace()));
    let without = without.square().mean().backward();
    let weights = [&with, &without].map(|gradients| gradients.get(&layer.0.weight).as_vec());
    let same = gradcheck::compare(
        &weights[0],
        &weights[1].iter().map(|g| f64::from(*g)).collect::<Vec<_>>(),
    );
    assert!(same.relative < 1e-6, "{same}"); // summed in another order
    assert_eq!(
        with.get(&layer.0.bias).array(),
        without.get(&layer.0.bias).array()
    );
    assert!(with.get(&x).as_vec().iter().any(|g| *g != 0.0));
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| without.get(&x)));
    assert!(asked.is_err(), "there is no gradient of x");
    let after = layer.forward(x.leaky_trace()).square().mean().backward();
    assert_eq!(with.get(&x).as_vec(), after.get(&x).as_vec());
}

#[test]
fn a_parameter_added_to_the_input_still_learns() {
    let dev = Cpu::seed_from_u64(1);
    let layer = dev.build_module::<Conv2DReLU<2, 3, 2>, f32>();
    let x = image::<2, 5, 6>(3);
    let shift = dev.ones_like(&x);
    let scope = Scope::default().without_gradient_of(&x);
    let y = scope.run(|| layer.forward(x.leaky_trace() + shift.clone()));
    let gradients = y.square().mean().backward();
    assert!(gradients.get(&shift).as_vec().iter().any(|g| *g != 0.0));
}

#[test]
fn what_is_not_a_number_passes_relu_and_pooling() {
    let layer = Cpu::seed_from_u64(1).build_module::<Conv2DReLUMaxPool<1, 2, 1>, f32>();
    for place in 0..4 {
        let mut pixels = [1.0, -1.0, 0.5, 2.0];
        pixels[place] = f32::NAN;
        let x = Cpu::default().tensor_from_vec(
            pixels.to_vec(),
            (1usize, Const::<1>, Const::<2>, Const::<2>),
        );
        assert!(
            layer.forward(x).as_vec().iter().all(|y| y.is_nan()),
            "{place}"
        );
    }
}
