//! Reused activations: the same numbers and gradients as without, whatever a model does with them.
use dfdx::prelude::*;

use super::{Conv2DReLU, Conv2DReLUMaxPool, DenseReLU, FlattenDropout, numbers};
use crate::layers::{Dense, Dropout};
use crate::ops::{ActivationPool, Scope, avg_pool2d, conv2d, linear, max_pool2d};
use crate::raw;

type Net = (
    (Conv2DReLU<1, 3, 3>, Conv2DReLUMaxPool<3, 5, 3>), // (B, 5, 3, 3)
    FlattenDropout<45, 25>,
    (DenseReLU<45, 8>, Dropout<50>),
    Dense<8, 4>,
);
type Images = Tensor<(usize, Const<1>, Const<10>, Const<10>), f32, Cpu>;

fn images(dev: &Cpu, batch: usize, seed: u64) -> Images {
    dev.tensor_from_vec(numbers(batch * 100, seed), (batch, Const, Const, Const))
}

/// Calls `forward`, in a scope with `pool` if there is one.
fn with<R>(pool: &mut Option<ActivationPool>, forward: impl FnOnce() -> R) -> R {
    match pool {
        Some(pool) => within(pool, forward),
        None => forward(),
    }
}

fn within<R>(pool: &mut ActivationPool, forward: impl FnOnce() -> R) -> R {
    Scope::default().reusing(pool).run(forward)
}

/// The losses of passes over batches of these sizes, and the gradients of the first and the last weight,
/// summed over the passes.
fn passes(batches: &[usize], mut pool: Option<ActivationPool>) -> (Vec<f32>, [Vec<f32>; 2]) {
    let dev = Cpu::seed_from_u64(3);
    let mut net = dev.build_module::<Net, f32>();
    let mut gradients = net.alloc_grads();
    let mut losses = Vec::new();
    for (seed, batch) in (1..).zip(batches) {
        let x = images(&dev, *batch, seed);
        let forward = || net.forward_mut(x.traced(gradients));
        let loss = with(&mut pool, forward).square().mean();
        losses.push(loss.array());
        gradients = loss.backward();
        if let Some(pool) = &mut pool {
            pool.keep_gradients(&mut gradients).unwrap();
        }
    }
    let first = gradients.get(&net.0.0.0.weight).as_vec();
    (losses, [first, gradients.get(&net.3.weight).as_vec()])
}

#[test]
fn passes_give_the_same_bits_with_and_without() {
    for batches in [&[6, 6, 6, 6][..], &[6, 4, 6, 6], &[40, 40, 40]] {
        let reused = passes(batches, Some(ActivationPool::default()));
        assert_eq!(reused, passes(batches, None), "{batches:?}");
        assert!(reused.0.iter().all(|loss| *loss > 0.0));
    }
}

#[test]
fn an_output_takes_the_place_of_the_one_before_and_leaves_alone_what_is_held() {
    let (w, b): (Tensor<Rank2<2, 2>, f32, Cpu>, _) = {
        let dev = Cpu::default();
        (dev.tensor([[1.0, 2.0], [3.0, 4.0]]), dev.tensor([0.0, 0.0]))
    };
    let mut pool = ActivationPool::default();
    let mut give = |x: [f32; 2]| {
        let x = Cpu::default().tensor(x);
        within(&mut pool, || linear(x, &w, &b))
    };
    let first = give([1.0, 0.0]);
    let place = raw::address(&first);
    drop(first);
    let second = give([0.0, 1.0]);
    assert_eq!((raw::address(&second), second.array()), (place, [2.0, 4.0]));
    let third = give([1.0, 1.0]);
    assert_ne!(raw::address(&third), place);
    assert_eq!((second.array(), third.array()), ([2.0, 4.0], [3.0, 7.0]));
}

#[test]
fn an_output_that_dfdx_uses_too_and_one_that_is_held_get_their_gradients() {
    let (w, b) = {
        let dev = Cpu::default();
        let w: Tensor<Rank2<2, 2>, f32, Cpu> = dev.tensor([[1.0, -2.0], [3.0, 4.0]]);
        (w, dev.tensor([0.5, 0.25]))
    };
    let mut held = Vec::new();
    let mut gradients = [true, false].map(|lend| {
        let mut pool = lend.then(ActivationPool::default);
        let mut gradients = w.alloc_grads();
        let mut passes = Vec::new();
        for pass in 1..5 {
            let x: Tensor<Rank1<2>, f32, _> = Cpu::default().tensor([0.3, -0.1 * pass as f32]);
            let loss = with(&mut pool, || {
                let y = linear(x.traced(gradients), &w, &b);
                if pass > 2 {
                    held.push(y.retaped::<NoneTape>()); // from now on, somebody holds each output
                }
                let z = linear(y.with_empty_tape(), &w, &b);
                (z.square() + y).sum()
            });
            gradients = loss.backward();
            if let Some(pool) = &mut pool {
                pool.keep_gradients(&mut gradients).unwrap();
            }
            passes.push(gradients.get(&w).array());
        }
        passes
    });
    assert_eq!(gradients[0], gradients[1]);
    gradients[0].dedup();
    assert_eq!(gradients[0].len(), 4); // each pass adds something
}

#[test]
fn every_operation_writes_all_of_an_output() {
    let x: Tensor<Rank4<2, 2, 5, 5>, f32, Cpu> =
        Cpu::default().tensor_from_vec(numbers(100, 1), Default::default());
    let w: Tensor<Rank4<3, 2, 3, 3>, f32, Cpu> =
        Cpu::default().tensor_from_vec(numbers(54, 2), Default::default());
    let b = Cpu::default().tensor([0.1, 0.2, 0.3]);
    let mut pool = ActivationPool::default();
    for _ in 0..2 {
        within(&mut pool, || {
            let y = conv2d(x.clone(), &w, &b, Const::<2>, Const::<1>);
            let max = max_pool2d(x.clone(), Const::<2>, Const::<1>, Const::<1>);
            let avg = avg_pool2d(x.clone(), Const::<3>, Const::<1>, Const::<1>);
            let all = [y.as_vec(), max.as_vec(), avg.as_vec()].concat();
            assert!(all.iter().all(|number| number.is_finite())); // debug builds fill reused memory with NaN
        });
    }
}

#[test]
fn a_scope_within_another_takes_nothing_from_it() {
    let (w, b) = {
        let dev = Cpu::default();
        let w: Tensor<Rank2<1, 1>, f32, Cpu> = dev.tensor([[2.0]]);
        (w, dev.tensor([0.0]))
    };
    let give = |x: f32| linear(Cpu::default().tensor([x]), &w, &b);
    let (mut outer, mut inner) = (ActivationPool::default(), ActivationPool::default());
    for x in [1.0, 2.0] {
        let [first, within, last] = within(&mut outer, || {
            [give(x), within(&mut inner, || give(10.0 * x)), give(-x)]
        });
        let numbers = [first.array()[0], within.array()[0], last.array()[0]];
        assert_eq!(numbers, [2.0 * x, 20.0 * x, -2.0 * x]);
    }
}
