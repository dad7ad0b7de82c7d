//! Views, shared tensors and two uses of one: where gradients could go astray on the tape.
use dfdx::prelude::*;

use super::numbers;
use crate::gradcheck::{self, Difference, STEP};
use crate::ops::flatten_dropout::try_flatten_dropout;
use crate::ops::{avg_pool2d, conv2d, dropout, linear, max_pool2d};

fn tensor<S: ConstShape>(seed: u64) -> Tensor<S, f32, Cpu> {
    let shape = S::default();
    Cpu::default().tensor_from_vec(numbers(shape.num_elements(), seed), shape)
}

#[track_caller]
fn small(difference: Difference) {
    assert!(difference.relative < 5e-3, "{difference}");
}

#[test]
fn a_broadcast_or_permuted_image_gives_what_its_copy_gives() {
    let (w, b) = (tensor::<Rank4<3, 2, 2, 2>>(1), tensor::<Rank1<3>>(2));
    let image: Tensor<Rank3<2, 4, 5>, f32, _> = tensor(3);
    let repeated: Tensor<Rank4<6, 2, 4, 5>, f32, _> = image.broadcast();
    let transposed: Tensor<Rank4<2, 5, 6, 4>, f32, _> = repeated.permute::<_, Axes4<1, 3, 0, 2>>();
    let transposed: Tensor<Rank4<6, 2, 4, 5>, f32, _> =
        transposed.permute::<_, Axes4<2, 0, 3, 1>>();
    let upright: Tensor<Rank4<6, 2, 5, 4>, f32, _> = transposed.permute::<_, Axes4<0, 1, 3, 2>>();
    let copy = Cpu::default().tensor(upright.array());

    let of_view = conv2d(upright.clone(), &w, &b, Const::<1>, Const::<0>);
    let of_copy = conv2d(copy.clone(), &w, &b, Const::<1>, Const::<0>);
    assert_eq!(of_view.as_vec(), of_copy.as_vec());
    let of_view = max_pool2d(upright.clone(), Const::<2>, Const::<2>, Const::<0>);
    assert_eq!(
        of_view.as_vec(),
        max_pool2d(copy.clone(), Const::<2>, Const::<2>, Const::<0>).as_vec()
    );
    let of_view = avg_pool2d(upright, Const::<2>, Const::<2>, Const::<0>);
    assert_eq!(
        of_view.as_vec(),
        avg_pool2d(copy, Const::<2>, Const::<2>, Const::<0>).as_vec()
    );
}

#[test]
fn the_gradient_finds_its_way_back_through_a_view_of_the_input() {
    let (w, b) = (tensor::<Rank4<3, 2, 2, 2>>(1), tensor::<Rank1<3>>(2));
    let image: Tensor<Rank3<2, 4, 5>, f32, _> = tensor(3);
    small(gradcheck::tensor(&image, STEP, |x| {
        let x = x.leaky_trace().broadcast::<Rank4<3, 2, 4, 5>, _>();
        let x = x.permute::<Rank4<3, 2, 5, 4>, Axes4<0, 1, 3, 2>>();
        conv2d(x, &w, &b, Const::<1>, Const::<0>)
    }));
    small(gradcheck::tensor(&image, STEP, |x| {
        let x = x.leaky_trace().broadcast::<Rank4<3, 2, 4, 5>, _>();
        avg_pool2d(x, Const::<2>, Const::<1>, Const::<0>)
    }));
    let spread: Tensor<Rank3<1, 3, 4>, f32, _> = {
        let values = [3.0, 7.0, 1.0, 9.0, 4.0, 0.0, 6.0, 2.0, 10.0, 5.0, 11.0, 8.0];
        Cpu::default().tensor_from_vec(values.to_vec(), Default::default())
    };
    small(gradcheck::tensor(&spread, STEP, |x| {
        let x = x.leaky_trace().permute::<Rank3<1, 4, 3>, Axes3<0, 2, 1>>();
        max_pool2d(x, Const::<2>, Const::<1>, Const::<0>)
    }));
}

#[test]
fn the_gradient_finds_its_way_back_through_a_view_of_weight_and_bias() {
    let x: Tensor<Rank4<3, 2, 4, 5>, f32, _> = tensor(1);
    let (w, b) = (tensor::<Rank4<3, 2, 2, 2>>(2), tensor::<Rank1<3>>(3));
    let one_kernel: Tensor<Rank3<2, 2, 2>, f32, _> = tensor(4);
    small(gradcheck::tensor(&one_kernel, STEP, |w| {
        let w = w.clone().broadcast::<Rank4<3, 2, 2, 2>, _>();
        conv2d(x.leaky_trace(), &w, &b, Const::<1>, Const::<0>)
    }));
    small(gradcheck::tensor(&tensor::<Rank0>(5), STEP, |b| {
        let b = b.clone().broadcast::<Rank1<3>, _>();
        conv2d(x.leaky_trace(), &w, &b, Const::<1>, Const::<0>)
    }));
    let (x, transposed) = (tensor::<Rank2<6, 4>>(6), tensor::<Rank2<4, 3>>(7));
    small(gradcheck::tensor(&transposed, STEP, |w| {
        let w = w.clone().permute::<Rank2<3, 4>, _>();
        linear(x.leaky_trace(), &w, &b)
    }));
}

#[test]
fn a_tensor_multiplied_by_itself_gets_both_gradients() {
    let b: Tensor<Rank1<3>, f32, _> = tensor(1);
    small(gradcheck::tensor(&tensor::<Rank2<3, 4>>(2), STEP, |x| {
        linear(x.leaky_trace(), x, &b) // every row against every other
    }));
    small(gradcheck::tensor(
        &tensor::<Rank4<3, 2, 3, 3>>(3),
        STEP,
        |x| conv2d(x.leaky_trace(), x, &b, Const::<1>, Const::<1>),
    ));
}

#[test]
fn a_kernel_used_twice_in_one_pass_gets_the_sum_of_both_gradients() {
    let x: Tensor<Rank4<2, 2, 5, 4>, f32, _> = tensor(1);
    let (w, b) = (tensor::<Rank4<2, 2, 3, 3>>(2), tensor::<Rank1<2>>(3));
    let twice = |x: &Tensor<Rank4<2, 2, 5, 4>, f32, Cpu>, w: &_, b: &_| {
        let once = conv2d(x.leaky_trace(), w, b, Const::<1>, Const::<1>);
        conv2d(once, w, b, Const::<1>, Const::<1>)
    };
    small(gradcheck::tensor(&x, STEP, |x| twice(x, &w, &b)));
    small(gradcheck::tensor(&w, STEP, |w| twice(&x, w, &b)));
    small(gradcheck::tensor(&b, STEP, |b| twice(&x, &w, b)));
}

#[test]
fn an_output_used_twice_sends_both_gradients_back() {
    let (w, b) = (tensor::<Rank2<3, 4>>(1), tensor::<Rank1<3>>(2));
    small(gradcheck::tensor(&tensor::<Rank2<5, 4>>(3), STEP, |x| {
        let y = linear(x.leaky_trace(), &w, &b);
        y.with_empty_tape().square() + y
    }));
}

#[test]
fn without_a_tape_nothing_is_recorded_and_the_values_are_the_same() {
    let x: Tensor<Rank3<1, 4, 4>, f32, _> = tensor(1);
    let traced = max_pool2d(x.leaky_trace(), Const::<2>, Const::<2>, Const::<0>);
    let plain: Tensor<Rank3<1, 2, 2>, f32, Cpu, NoneTape> =
        max_pool2d(x, Const::<2>, Const::<2>, Const::<0>);
    assert_eq!(plain.array(), traced.array());
}

/// The gradient that the output of an operation has been given, where everybody may read it: 3, everywhere.
fn given<S: Shape>(y: Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>) -> Vec<f32> {
    let (y, tape) = y.split_tape();
    let gradients = (y.clone().put_tape(tape) * 3.0).sum().backward();
    gradients.get(&y).as_vec()
}

#[test]
fn the_gradient_of_an_intermediate_result_is_left_to_whoever_reads_it() {
    let layer = Cpu::seed_from_u64(1).build_module::<super::Conv2DReLU<2, 3, 2>, f32>();
    let image: Tensor<Rank3<2, 4, 5>, f32, _> = tensor(3);
    let maps = || layer.forward(image.leaky_trace());
    assert_eq!(given(maps()), [3.0; 3 * 3 * 4]);
    let vector = try_flatten_dropout(maps(), (Const::<36>,), 0.5).unwrap();
    assert_eq!(given(vector), [3.0; 36]);
    let row = tensor::<Rank1<8>>(4);
    assert_eq!(given(dropout(row.leaky_trace(), 0.5)), [3.0; 8]);
    let (w, b) = (tensor::<Rank2<5, 8>>(5), tensor::<Rank1<5>>(6));
    assert_eq!(given(linear(row.leaky_trace(), &w, &b)), [3.0; 5]);
}
