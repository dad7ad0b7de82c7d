//! The tensor halves: shapes and gradients on dfdx's tape, against the naive twin and central differences.
use dfdx::prelude::*;

use super::{Verdict, agree, numbers};
use crate::gradcheck::{self, Difference, STEP};
use crate::ops::{avg_pool2d, conv2d, linear, max_pool2d};
use crate::shape::{Channels, ImagesOf, Windowed};
use kernels::naive;

/// What rounding in `f32` leaves of a slope measured with [`STEP`].
const TOLERANCE: f64 = 5e-3;

fn tensor<S: Shape>(shape: S, seed: u64) -> Tensor<S, f32, Cpu> {
    Cpu::default().tensor_from_vec(numbers(shape.num_elements(), seed), shape)
}

fn small(difference: Difference) -> Verdict {
    if difference.relative < TOLERANCE {
        Ok(())
    } else {
        Err(difference.to_string())
    }
}

fn check_conv2d<
    Sh,
    const C: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>(
    shape: Sh,
) where
    Sh: ImagesOf<C> + Windowed<Const<O>, K, S, P>,
{
    let x = tensor(shape, 1);
    let w: Tensor<Rank4<O, C, K, K>, f32, _> = tensor(Default::default(), 2);
    let b: Tensor<Rank1<O>, f32, _> = tensor(Default::default(), 3);
    let y = conv2d(x.clone(), &w, &b, Const::<S>, Const::<P>);
    let expected = naive::conv2d(shape.window(), &x.as_vec(), &w.as_vec(), &b.as_vec());
    agree("y", &y.as_vec(), &expected, 1e-5).unwrap();
    let conv = |x: &Tensor<Sh, f32, Cpu>, w: &_, b: &_| {
        conv2d(x.leaky_trace(), w, b, Const::<S>, Const::<P>)
    };
    small(gradcheck::tensor(&x, STEP, |x| conv(x, &w, &b))).unwrap();
    small(gradcheck::tensor(&w, STEP, |w| conv(&x, w, &b))).unwrap();
    small(gradcheck::tensor(&b, STEP, |b| conv(&x, &w, b))).unwrap();
}

#[test]
fn convolution_is_differentiable_for_every_kind_of_batch() {
    check_conv2d::<_, 2, 3, 3, 1, 0>((Const::<2>, Const::<5>, Const::<6>));
    check_conv2d::<_, 2, 3, 3, 1, 0>((Const::<4>, Const::<2>, Const::<5>, Const::<6>));
    check_conv2d::<_, 2, 3, 3, 1, 0>((4usize, Const::<2>, Const::<5>, Const::<6>));
    check_conv2d::<_, 1, 2, 2, 1, 0>((18usize, Const::<1>, Const::<4>, Const::<3>));
}

#[test]
fn convolution_is_differentiable_for_every_stride_and_padding() {
    check_conv2d::<_, 1, 1, 1, 1, 0>((Const::<1>, Const::<4>, Const::<3>));
    check_conv2d::<_, 1, 2, 3, 2, 1>((Const::<1>, Const::<7>, Const::<4>));
    check_conv2d::<_, 2, 1, 5, 3, 2>((2usize, Const::<2>, Const::<6>, Const::<9>));
    check_conv2d::<_, 1, 2, 7, 1, 3>((Const::<1>, Const::<3>, Const::<5>));
    check_conv2d::<_, 3, 2, 2, 3, 3>((Const::<3>, Const::<4>, Const::<5>));
}

/// Every value at least 0.05 from the next, so that a step changes no maximum.
fn without_ties<S: Shape>(shape: S) -> Tensor<S, f32, Cpu> {
    let values = numbers(shape.num_elements(), 4);
    let rank = |value: f32| values.iter().filter(|&&other| other < value).count() as f32;
    let ranks = values.iter().map(|&value| 0.05 * rank(value)).collect();
    Cpu::default().tensor_from_vec(ranks, shape)
}

fn check_pooling<Sh, const K: usize, const S: usize, const P: usize>(shape: Sh)
where
    Sh: Channels + Windowed<Sh::C, K, S, P>,
{
    let x = without_ties(shape);
    let max =
        |x: &Tensor<Sh, f32, Cpu>| max_pool2d(x.leaky_trace(), Const::<K>, Const::<S>, Const::<P>);
    let expected = naive::max_pool2d(shape.window(), &x.as_vec());
    agree("maximum", &max(&x).as_vec(), &expected, 1e-6).unwrap();
    small(gradcheck::tensor(&x, STEP, max)).unwrap();
    let mean =
        |x: &Tensor<Sh, f32, Cpu>| avg_pool2d(x.leaky_trace(), Const::<K>, Const::<S>, Const::<P>);
    let expected = naive::avg_pool2d(shape.window(), &x.as_vec());
    agree("mean", &mean(&x).as_vec(), &expected, 1e-5).unwrap();
    small(gradcheck::tensor(&x, STEP, mean)).unwrap();
}

#[test]
fn pooling_is_differentiable_for_every_kind_of_batch() {
    check_pooling::<_, 2, 2, 0>((Const::<2>, Const::<5>, Const::<6>));
    check_pooling::<_, 2, 2, 0>((Const::<3>, Const::<2>, Const::<5>, Const::<6>));
    check_pooling::<_, 2, 2, 0>((3usize, Const::<2>, Const::<5>, Const::<6>));
    check_pooling::<_, 2, 2, 0>((2usize, 3usize, Const::<4>, Const::<5>)); // channels unknown as well
    check_pooling::<_, 2, 1, 0>((19usize, Const::<1>, Const::<3>, Const::<4>));
}

#[test]
fn pooling_is_differentiable_for_every_stride_and_padding() {
    check_pooling::<_, 3, 1, 1>((Const::<1>, Const::<6>, Const::<5>));
    check_pooling::<_, 5, 3, 2>((Const::<2>, Const::<7>, Const::<9>));
    check_pooling::<_, 7, 2, 3>((Const::<1>, Const::<8>, Const::<5>));
    check_pooling::<_, 1, 3, 0>((Const::<1>, Const::<7>, Const::<5>));
}

#[test]
fn pooling_no_channels_gives_no_channels() {
    let x: Tensor<(usize, usize, Const<4>, Const<4>), f32, _> =
        Cpu::default().zeros_like(&(2, 0, Const, Const));
    let y = max_pool2d(x.clone(), Const::<2>, Const::<2>, Const::<0>);
    assert_eq!(*y.shape(), (2, 0, Const::<2>, Const::<2>));
    let y = avg_pool2d(x, Const::<2>, Const::<2>, Const::<0>);
    assert_eq!(*y.shape(), (2, 0, Const::<2>, Const::<2>));
}

#[test]
fn the_dense_product_is_differentiable_with_and_without_a_batch() {
    let w: Tensor<Rank2<3, 5>, f32, _> = tensor(Default::default(), 2);
    let b: Tensor<Rank1<3>, f32, _> = tensor(Default::default(), 3);

    let x = tensor((Const::<5>,), 1);
    small(gradcheck::tensor(&x, STEP, |x| {
        linear(x.leaky_trace(), &w, &b)
    }))
    .unwrap();
    small(gradcheck::tensor(&w, STEP, |w| {
        linear(x.leaky_trace(), w, &b)
    }))
    .unwrap();
    small(gradcheck::tensor(&b, STEP, |b| {
        linear(x.leaky_trace(), &w, b)
    }))
    .unwrap();

    let x = tensor((18usize, Const::<5>), 1);
    small(gradcheck::tensor(&x, STEP, |x| {
        linear(x.leaky_trace(), &w, &b)
    }))
    .unwrap();
    small(gradcheck::tensor(&w, STEP, |w| {
        linear(x.leaky_trace(), w, &b)
    }))
    .unwrap();
    small(gradcheck::tensor(&b, STEP, |b| {
        linear(x.leaky_trace(), &w, b)
    }))
    .unwrap();
    let expected = naive::linear(5, &x.as_vec(), &w.as_vec(), &b.as_vec());
    agree("y", &linear(x, &w, &b).as_vec(), &expected, 1e-5).unwrap();
}
