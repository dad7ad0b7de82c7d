use super::*;
use dfdx::optim::{self, Optimizer};

include!("keras.in");

type Theta = Tensor<Rank1<6>, f32, Cpu>;

/// `theta` after a step along each of `GRADIENTS`.
fn steps<O: Optimizer<Theta, Cpu, f32>>(mut optimiser: O) -> Vec<[f32; 6]> {
    let dev = Cpu::default();
    let mut theta: Theta = dev.tensor(START[0].map(|x| x as f32));
    let after = GRADIENTS.iter().map(|gradient| {
        let gradient: Theta = dev.tensor(gradient.map(|g| g as f32));
        let gradients = (theta.trace(theta.alloc_grads()) * gradient)
            .sum()
            .backward();
        optimiser.update(&mut theta, &gradients).unwrap();
        theta.array()
    });
    after.collect()
}

/// The largest difference of two courses: from the parameters, relative to the steps taken so far.
pub(super) fn distance(course: &[[f32; 6]], keras: &[[f64; 6]; 12]) -> f64 {
    let mut largest = 0.0_f64;
    for (ours, keras) in course.iter().zip(keras) {
        for ((ours, keras), start) in ours.iter().zip(keras).zip(START[0]) {
            // Half a unit in the last place of θ for each of twelve steps is f32's own doing.
            let rounding = 12.0 * f64::from(f32::EPSILON) * start.abs().max(keras.abs());
            let gap = (f64::from(*ours) - keras).abs() - rounding;
            largest = largest.max(gap / (keras - start).abs().max(1e-30));
        }
    }
    largest
}

#[test]
fn adam_takes_kerass_steps() {
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
fn adadelta_takes_kerass_steps() {
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

/// Proof that the comparison above can fail: PyTorch's ε does.
#[test]
fn adadelta_with_another_epsilon_does_not_take_kerass_steps() {
    let other = AdadeltaConfig {
        epsilon: 1e-6,
        ..AdadeltaConfig::default()
    };
    let theirs = distance(&steps(Adadelta::new(other)), &ADADELTA);
    assert!(theirs > 0.1, "{theirs}");
}

#[test]
fn gradient_descent_takes_kerass_steps() {
    let ours = distance(&steps(GradientDescent::new(0.1)), &GRADIENT_DESCENT);
    assert!(ours < 1e-5, "{ours}");
}

/// Proof that the comparison above can fail: the same ε in the other place does.
#[test]
fn dfdxs_adam_does_not_take_kerass_steps() {
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
fn a_parameter_without_gradient_is_reported_and_left_alone_and_the_others_move() {
    let dev = Cpu::default();
    let mut model = dev.build_module::<(Linear<2, 3>, Linear<3, 1>), f32>();
    let before = (model.0.bias.array(), model.1.bias.array());
    let x: Tensor<Rank2<4, 2>, f32, Cpu> = dev.sample_normal();
    let gradients = model.0.forward(x.leaky_trace()).square().mean().backward();
    let Err(OptimizerUpdateError::UnusedParams(unused)) =
        GradientDescent::new(0.1).update(&mut model, &gradients)
    else {
        panic!("the second layer took no part");
    };
    assert_eq!(unused.ids.len(), 2); // weight and bias
    assert_ne!(before.0, model.0.bias.array());
    assert_eq!(before.1, model.1.bias.array());
}

#[test]
fn a_gradient_of_zeros_is_not_a_missing_one() {
    let dev = Cpu::default();
    let mut model = dev.build_module::<(Linear<2, 3>, Linear<3, 1>), f32>();
    let x: Tensor<Rank2<4, 2>, f32, Cpu> = dev.sample_normal();
    let traced = x.trace(model.alloc_grads());
    let gradients = model.0.forward(traced).square().mean().backward();
    assert!(Adam::default().update(&mut model, &gradients).is_ok());
}

#[test]
fn adams_means_go_on_when_a_gradient_is_zero() {
    let dev = Cpu::default();
    let mut theta: Tensor<Rank1<1>, f32, Cpu> = dev.tensor([1.0]);
    let mut adam = Adam::default();
    let gradients = (theta.trace(theta.alloc_grads()) * 2.0).sum().backward();
    adam.update(&mut theta, &gradients).unwrap();
    let after_one = theta.array()[0];
    let zeros = theta.alloc_grads();
    adam.update(&mut theta, &zeros).unwrap();
    assert!(theta.array()[0] < after_one);
    assert_eq!(adam.steps(), 2);
}

#[test]
fn a_parameter_that_is_a_view_is_updated_as_dfdx_does() {
    let dev = Cpu::default();
    let matrix: Tensor<Rank2<2, 3>, f32, Cpu> = dev.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let step = |optimiser: &mut dyn Optimizer<Tensor<Rank2<3, 2>, f32, Cpu>, Cpu, f32>| {
        let mut view: Tensor<Rank2<3, 2>, f32, Cpu> = matrix.clone().permute();
        let gradients = view.leaky_trace().square().sum().backward();
        optimiser.update(&mut view, &gradients).unwrap();
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
fn one_optimiser_serves_a_whole_model() {
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
        adam.update(&mut model, &error.backward()).unwrap();
    }
    assert!(loss < 1e-3, "exclusive or is not learned: {loss}");
}

#[test]
fn a_step_is_an_update_in_place_and_leaves_zeros_also_for_parameters_that_are_split() {
    fn same<O>(optimiser: impl Fn() -> O)
    where
        O: FitOptimizer<Tensor<Rank1<40_000>, f32, Cpu>>,
    {
        let dev = Cpu::seed_from_u64(3);
        let start: Tensor<Rank1<40_000>, f32, Cpu> = dev.sample_normal();
        let (mut updated, mut stepped) = (start.clone(), start.clone());
        let (mut of_update, mut of_step) = (optimiser(), optimiser());
        for _ in 0..3 {
            let gradients = (updated.trace(updated.alloc_grads()))
                .square()
                .sum()
                .backward();
            of_update.update(&mut updated, &gradients).unwrap();
            let mut gradients = (stepped.trace(stepped.alloc_grads()))
                .square()
                .sum()
                .backward();
            of_step.step(&mut stepped, &mut gradients).unwrap();
            assert!(gradients.get(&stepped).as_vec().iter().all(|g| *g == 0.0));
        }
        assert_eq!(updated.as_vec(), stepped.as_vec());
        assert_ne!(updated.as_vec(), start.as_vec());
    }
    same(GradientDescent::default);
    same(Adam::default);
    same(Adadelta::default);
    let dfdx_sgd = || {
        Sgd::new(
            &Cpu::default().zeros::<Rank1<40_000>>(),
            SgdConfig::default(),
        )
    };
    same(dfdx_sgd);
}

#[test]
fn running_means_of_a_parameter_that_is_never_used_again_end_at_zero_not_among_denormal_numbers() {
    let dev = Cpu::default();
    let mut theta: Tensor<Rank1<1>, f32, Cpu> = dev.tensor([1.0]);
    let mut adam = Adam::default();
    for step in 0..2_000 {
        let slope = if step == 0 { 1e-3 } else { 0.0 };
        let gradients = (theta.trace(theta.alloc_grads()) * slope).sum().backward();
        adam.update(&mut theta, &gradients).unwrap();
        let m = adam.m.get(&theta).array()[0];
        assert!(m == 0.0 || m.is_normal(), "{m} after {step} steps");
    }
    assert_eq!(adam.m.get(&theta).array(), [0.0]);
}
