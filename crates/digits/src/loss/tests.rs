use super::*;
use crate::gradcheck::{self, STEP};

// LOSS and GRADIENT, from PyTorch.
include!("pytorch.in");

/// Four rows: ordinary logits, one large logit, very large logits, equal logits. The same numbers
/// are in `bench/reference/cross_entropy.py`.
const LOGITS: [[f32; 5]; 4] = [
    [0.5, -1.25, 2.0, 0.0, 1.5],
    [30.0, 0.0, -30.0, 1.0, 2.0],
    [1000.0, 999.0, 0.0, -1000.0, 998.5],
    [0.0, 0.0, 0.0, 0.0, 0.0],
];
/// Three one-hot rows, the second for an improbable class, and a smoothed one.
const TARGETS: [[f32; 5]; 4] = [
    [0.0, 0.0, 1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 1.0],
    [0.6, 0.1, 0.1, 0.1, 0.1],
];

/// The loss by its definition, in `f64`, one image at a time.
fn naive(z: &[[f32; 5]], y: &[[f32; 5]]) -> f64 {
    let losses = z.iter().zip(y).map(|(z, y)| {
        let exp: Vec<f64> = z.iter().map(|&z| f64::from(z).exp()).collect();
        let sum: f64 = exp.iter().sum();
        let terms = exp.iter().zip(y);
        -terms
            .map(|(e, &y)| f64::from(y) * (e / sum).ln())
            .sum::<f64>()
    });
    losses.sum::<f64>() / z.len() as f64
}

/// Random logits and random targets whose rows sum to 1.
fn random(dev: &Cpu) -> ([[f32; 5]; 3], [[f32; 5]; 3]) {
    let logits: Tensor<Rank2<3, 5>, f32, Cpu> = dev.sample_normal();
    let targets: Tensor<Rank2<3, 5>, f32, Cpu> = dev.sample_normal();
    (logits.array(), targets.softmax::<Axis<1>>().array())
}

#[test]
fn the_loss_agrees_with_its_definition_and_with_dfdx() {
    for seed in 0..20 {
        let dev = Cpu::seed_from_u64(seed);
        let (z, y) = random(&dev);
        let ours = softmax_cross_entropy(dev.tensor(z), dev.tensor(y)).array();
        let dfdx = cross_entropy_with_logits_loss(dev.tensor(z), dev.tensor(y)).array();
        assert!((f64::from(ours) - naive(&z, &y)).abs() < 1e-6);
        assert!((ours - dfdx).abs() < 1e-6, "{ours} {dfdx}");
    }
}

#[test]
fn the_gradient_agrees_with_central_differences_and_with_dfdx() {
    for seed in 0..20 {
        let dev = Cpu::seed_from_u64(seed);
        let (z, y) = random(&dev);
        let z: Tensor<Rank2<3, 5>, f32, Cpu> = dev.tensor(z);
        let y: Tensor<Rank2<3, 5>, f32, Cpu> = dev.tensor(y);
        let checked = gradcheck::tensor(&z, STEP, |z| {
            softmax_cross_entropy(z.leaky_trace(), y.clone()) * 3.0 // a gradient from above
        });
        assert!(checked.relative < 1e-3, "{checked}");
        let ours = softmax_cross_entropy(z.leaky_trace(), y.clone()).backward();
        let dfdx = cross_entropy_with_logits_loss(z.leaky_trace(), y).backward();
        let dfdx: Vec<f64> = dfdx.get(&z).as_vec().into_iter().map(f64::from).collect();
        let compared = gradcheck::compare(&ours.get(&z).as_vec(), &dfdx);
        assert!(compared.relative < 1e-5, "{compared}");
    }
}

/// Common mistakes: a sum in place of the mean, the wrong sign, no targets subtracted.
#[test]
fn central_differences_disagree_with_a_wrong_gradient() {
    let (z, y) = random(&Cpu::seed_from_u64(1));
    let (z, y) = (z.concat(), y.concat());
    let measured = gradcheck::central_differences(&z, STEP, |z| f64::from(forward(z, &y, 5).0));
    let gradient = |classes| {
        let mut gradient = vec![0.0; z.len()];
        backward(&forward(&z, &y, 5).1, &y, classes, 1.0, &mut gradient);
        gradient
    };
    assert!(gradcheck::compare(&gradient(5), &measured).relative < 1e-3);
    let not_divided = gradient(15);
    assert!(gradcheck::compare(&not_divided, &measured).relative > 0.1);
    let flipped: Vec<f32> = gradient(5).into_iter().map(|g| -g).collect();
    assert!(gradcheck::compare(&flipped, &measured).relative > 0.1);
    let mut without_target = vec![0.0; z.len()];
    backward(
        &forward(&z, &y, 5).1,
        &[0.0; 15],
        5,
        1.0,
        &mut without_target,
    );
    assert!(gradcheck::compare(&without_target, &measured).relative > 0.1);
}

#[test]
fn extreme_logits_give_the_values_of_pytorch() {
    let dev = Cpu::default();
    let z: Tensor<Rank2<4, 5>, f32, Cpu> = dev.tensor(LOGITS);
    let loss = softmax_cross_entropy(z.leaky_trace(), dev.tensor(TARGETS));
    assert!((f64::from(loss.array()) - LOSS).abs() < 1e-6 * LOSS);
    let gradient = loss.backward().get(&z).as_vec();
    let compared = gradcheck::compare(&gradient, GRADIENT.as_flattened());
    assert!(compared.relative < 1e-6, "{compared}");
}

#[test]
fn logits_may_have_a_run_time_batch_size_and_be_permuted() {
    let dev = Cpu::seed_from_u64(2);
    let (z, y) = random(&dev);
    let expected = softmax_cross_entropy(dev.tensor(z), dev.tensor(y)).array();
    let z_run = dev.tensor_from_vec(z.concat(), (3, Const::<5>));
    let y_run = dev.tensor_from_vec(y.concat(), (3, Const::<5>));
    assert_eq!(softmax_cross_entropy(z_run, y_run).array(), expected);

    let columns: Tensor<Rank2<3, 5>, f32, Cpu> = dev.tensor(z);
    let columns: Tensor<Rank2<5, 3>, f32, Cpu> = columns.permute();
    let columns = columns.contiguous(); // stored by class
    let y: Tensor<Rank2<3, 5>, f32, Cpu> = dev.tensor(y);
    let checked = gradcheck::tensor(&columns, STEP, |columns| {
        let rows: Tensor<Rank2<3, 5>, f32, Cpu, _> = columns.leaky_trace().permute();
        softmax_cross_entropy(rows, y.clone())
    });
    assert!(checked.relative < 1e-3, "{checked}");
}

#[test]
fn batches_of_different_sizes_are_an_error() {
    let dev = Cpu::default();
    let z: Tensor<(usize, Const<5>), f32, Cpu> = dev.zeros_like(&(3, Const));
    let y: Tensor<(usize, Const<5>), f32, Cpu> = dev.zeros_like(&(2, Const));
    assert!(matches!(
        try_softmax_cross_entropy(z, y),
        Err(CpuError::WrongNumElements)
    ));
}

#[test]
fn a_logit_that_is_nan_makes_the_loss_nan() {
    let dev = Cpu::default();
    let loss = softmax_cross_entropy(dev.tensor([[f32::NAN, 1.0]]), dev.tensor([[0.0, 1.0]]));
    assert!(loss.array().is_nan());
}
