use super::*;
use dfdx::optim::{self, Sgd, SgdConfig};

include!("keras.in");

type Theta = Tensor<Rank1<6>, f32, Cpu>;

/// The parameters after a step along each of `GRADIENTS`, as the optimiser goes through them.
fn steps<O: Optimizer<Theta>>(mut optimiser: O) -> Vec<[f32; 6]> {
    let dev = Cpu::default();
    let mut theta: Theta = dev.tensor(START[0].map(|x| x as f32));
    let after = GRADIENTS.iter().map(|gradient| {
        let gradient: Theta = dev.tensor(gradient.map(|g| g as f32));
        let mut gradients = (theta.trace(theta.alloc_grads()) * gradient)
            .sum()
            .backward();
        optimiser.step(&mut theta, &mut gradients).unwrap();
        theta.array()
    });
    after.collect()
}

/// The largest difference between our parameters and Keras's, relative to the distance from the
/// start, over all steps; differences that rounding explains count as zero or less.
pub(super) fn distance(course: &[[f32; 6]], keras: &[[f64; 6]; 12]) -> f64 {
    let mut largest = 0.0_f64;
    for (ours, keras) in course.iter().zip(keras) {
        for ((ours, keras), start) in ours.iter().zip(keras).zip(START[0]) {
            // Half a unit in the last place of θ for each of the twelve steps is rounding of
            // `f32`.
            let rounding = 12.0 * f64::from(f32::EPSILON) * start.abs().max(keras.abs());
            let gap = (f64::from(*ours) - keras).abs() - rounding;
            largest = largest.max(gap / (keras - start).abs().max(1e-30));
        }
    }
    largest
}

#[test]
fn adam_takes_the_same_steps_as_keras() {
    let ours = distance(&steps(Adam::default()), &ADAM);
    assert!(ours < 1e-4, "{ours}");
    let other = AdamConfig {
        learning_rate: 0.05,
        beta_1: 0.7,
        beta_2: 0.9,
        epsilon: 1e-3,
    };
    let ours = distance(&steps(Adam::new(other)), &ADAM_OTHER);
    assert!(ours < 1e-4, "{ours}");
}

#[test]
fn adadelta_takes_the_same_steps_as_keras() {
    let ours = distance(&steps(Adadelta::default()), &ADADELTA);
    assert!(ours < 1e-4, "{ours}");
    let other = AdadeltaConfig {
        learning_rate: 0.5,
        rho: 0.8,
        epsilon: 1e-4,
    };
    let ours = distance(&steps(Adadelta::new(other)), &ADADELTA_OTHER);
    assert!(ours < 1e-4, "{ours}");
}

/// The comparison above can fail: with PyTorch's ε it does.
#[test]
fn adadelta_with_another_epsilon_takes_other_steps_than_keras() {
    let other = AdadeltaConfig {
        epsilon: 1e-6,
        ..AdadeltaConfig::default()
    };
    let theirs = distance(&steps(Adadelta::new(other)), &ADADELTA);
    assert!(theirs > 0.1, "{theirs}");
}

#[test]
fn gradient_descent_takes_the_same_steps_as_keras() {
    let ours = distance(&steps(GradientDescent::new(0.1)), &GRADIENT_DESCENT);
    assert!(ours < 1e-5, "{ours}");
}

/// The comparison above can fail: with ε in the place where dfdx has it, it does.
#[test]
fn the_adam_of_dfdx_takes_other_steps_than_keras() {
    let dev = Cpu::default();
    let theta: Theta = dev.zeros();
    let same_settings = dfdx::optim::AdamConfig {
        lr: 1e-3,
        betas: [0.9, 0.999],
        eps: 1e-7,
        weight_decay: None,
    };
    let theirs = distance(&steps(optim::Adam::new(&theta, same_settings)), &ADAM);
    assert!(theirs > 0.1, "{theirs}");
}

#[test]
fn a_parameter_without_gradient_is_left_alone_and_the_others_move() {
    let dev = Cpu::default();
    let mut model = dev.build_module::<(Linear<2, 3>, Linear<3, 1>), f32>();
    let before = (model.0.bias.array(), model.1.bias.array());
    let x: Tensor<Rank2<4, 2>, f32, Cpu> = dev.sample_normal();
    let mut gradients = model.0.forward(x.leaky_trace()).square().mean().backward();
    GradientDescent::new(0.1)
        .step(&mut model, &mut gradients)
        .unwrap();
    assert_ne!(before.0, model.0.bias.array());
    assert_eq!(before.1, model.1.bias.array());
}

#[test]
fn the_optimisers_of_dfdx_report_a_parameter_without_gradient() {
    let dev = Cpu::default();
    let mut model = dev.build_module::<(Linear<2, 3>, Linear<3, 1>), f32>();
    let x: Tensor<Rank2<4, 2>, f32, Cpu> = dev.sample_normal();
    let mut gradients = model.0.forward(x.leaky_trace()).square().mean().backward();
    let mut sgd = Sgd::new(&model, SgdConfig::default());
    let Err(OptimizerUpdateError::UnusedParams(unused)) = sgd.step(&mut model, &mut gradients)
    else {
        panic!("the second layer has no gradient");
    };
    assert_eq!(unused.ids.len(), 2); // weight and bias
}

#[test]
fn adam_continues_along_its_running_mean_when_the_gradient_is_zero() {
    let dev = Cpu::default();
    let mut theta: Tensor<Rank1<1>, f32, Cpu> = dev.tensor([1.0]);
    let mut adam = Adam::default();
    let mut gradients = (theta.trace(theta.alloc_grads()) * 2.0).sum().backward();
    adam.step(&mut theta, &mut gradients).unwrap();
    let after_one = theta.array()[0];
    let mut zeros = theta.alloc_grads();
    adam.step(&mut theta, &mut zeros).unwrap();
    assert!(theta.array()[0] < after_one);
    assert_eq!(adam.steps(), 2);
}

#[test]
fn a_parameter_that_is_a_view_is_updated_as_by_dfdx() {
    let dev = Cpu::default();
    let matrix: Tensor<Rank2<2, 3>, f32, Cpu> = dev.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let step = |optimiser: &mut dyn Optimizer<Tensor<Rank2<3, 2>, f32, Cpu>>| {
        let mut view: Tensor<Rank2<3, 2>, f32, Cpu> = matrix.clone().permute();
        let mut gradients = view.leaky_trace().square().sum().backward();
        optimiser.step(&mut view, &mut gradients).unwrap();
        view.array()
    };
    let ours = step(&mut GradientDescent::new(0.25));
    assert_eq!(ours, [[0.5, 2.0], [1.0, 2.5], [1.5, 3.0]]);
    let plain = SgdConfig {
        lr: 0.25,
        momentum: None,
        weight_decay: None,
    };
    let view: Tensor<Rank2<3, 2>, f32, Cpu> = matrix.clone().permute();
    assert_eq!(ours, step(&mut Sgd::new(&view, plain)));
}

#[test]
fn one_optimiser_trains_all_layers_of_a_model() {
    let dev = Cpu::seed_from_u64(1);
    let mut model = dev.build_module::<(Linear<2, 8>, Tanh, Linear<8, 1>), f32>();
    let x: Tensor<Rank2<4, 2>, f32, Cpu> = dev.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]]);
    let y: Tensor<Rank2<4, 1>, f32, Cpu> = dev.tensor([[0.0], [1.0], [1.0], [0.0]]);
    let mut adam = Adam::new(AdamConfig {
        learning_rate: 0.05,
        ..AdamConfig::default()
    });
    let mut loss = f32::INFINITY;
    for _ in 0..300 {
        let error = mse_loss(model.forward(x.trace(model.alloc_grads())), y.clone());
        loss = error.array();
        adam.step(&mut model, &mut error.backward()).unwrap();
    }
    assert!(loss < 1e-3, "exclusive or is not learned: {loss}");
}

/// `theta` after three steps along the gradient 2θ; asserts that each step leaves a gradient of
/// zeros.
fn after_three_steps<S: ConstShape, O: Optimizer<Tensor<S, f32, Cpu>>>(
    mut theta: Tensor<S, f32, Cpu>,
    mut optimiser: O,
) -> Vec<f32> {
    for _ in 0..3 {
        let traced = theta.trace(theta.alloc_grads());
        let mut gradients = traced.square().sum().backward();
        optimiser.step(&mut theta, &mut gradients).unwrap();
        assert!(gradients.get(&theta).as_vec().iter().all(|g| *g == 0.0));
    }
    theta.as_vec()
}

#[test]
fn a_large_parameter_changes_as_its_parts_would_alone() {
    fn check<O>(optimiser: impl Fn() -> O)
    where
        O: Optimizer<Tensor<Rank1<40_000>, f32, Cpu>> + Optimizer<Tensor<Rank1<10_000>, f32, Cpu>>,
    {
        let dev = Cpu::seed_from_u64(3);
        let large: Tensor<Rank1<40_000>, f32, Cpu> = dev.sample_normal();
        let start = large.as_vec();
        let parts = start.chunks(10_000).flat_map(|part| {
            let part: Tensor<Rank1<10_000>, f32, Cpu> = dev.tensor(part.to_vec());
            after_three_steps(part, optimiser())
        });
        let parts: Vec<f32> = parts.collect();
        assert_eq!(after_three_steps(large, optimiser()), parts);
        assert_ne!(parts, start);
    }
    check(GradientDescent::default);
    check(Adam::default);
    check(Adadelta::default);
}

#[test]
fn a_step_of_an_optimiser_of_dfdx_leaves_gradients_of_zeros() {
    let theta: Tensor<Rank1<6>, f32, Cpu> = Cpu::default().ones();
    let sgd = Sgd::new(&theta, SgdConfig::default());
    assert!(after_three_steps(theta, sgd).iter().all(|x| *x < 1.0));
}

#[test]
fn running_means_decay_to_zero_without_becoming_denormal() {
    let dev = Cpu::default();
    let mut theta: Tensor<Rank1<1>, f32, Cpu> = dev.tensor([1.0]);
    let mut adam = Adam::default();
    for step in 0..2_000 {
        let slope = if step == 0 { 1e-3 } else { 0.0 };
        let mut gradients = (theta.trace(theta.alloc_grads()) * slope).sum().backward();
        adam.step(&mut theta, &mut gradients).unwrap();
        let m = adam.m.get(&theta).array()[0];
        assert!(m == 0.0 || m.is_normal(), "{m} after {step} steps");
    }
    assert_eq!(adam.m.get(&theta).array(), [0.0]);
}
