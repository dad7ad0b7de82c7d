use super::*;
use crate::gradcheck::{self, STEP};

/// 2 × 3 elements, computed by hand: the squares of the differences are 0.25, 1, 1, 1, 4 and 0,
/// and their mean is 7.25 / 6.
const PREDICTIONS: [[f32; 3]; 2] = [[0.5, -1.0, 2.0], [0.0, 3.0, 1.0]];
const TARGETS: [[f32; 3]; 2] = [[0.0, 0.0, 1.0], [1.0, 1.0, 1.0]];

fn random(seed: u64) -> [Tensor<Rank2<3, 5>, f32, Cpu>; 2] {
    let dev = Cpu::seed_from_u64(seed);
    [dev.sample_normal(), dev.sample_normal()]
}

#[test]
fn the_loss_is_the_mean_of_the_squares_over_all_elements() {
    let dev = Cpu::default();
    let loss = mean_squared_error(dev.tensor(PREDICTIONS), dev.tensor(TARGETS));
    assert_eq!(loss.array(), 7.25 / 6.0);
    for seed in 0..20 {
        let [p, y] = random(seed);
        let ours = mean_squared_error(p.clone(), y.clone()).array();
        assert!((ours - mse_loss(p, y).array()).abs() < 1e-6);
    }
}

#[test]
fn the_gradient_agrees_with_central_differences_and_with_dfdx() {
    for seed in 0..20 {
        let [p, y] = random(seed);
        let checked = gradcheck::tensor(&p, STEP, |p| {
            mean_squared_error(p.leaky_trace(), y.clone()) * 3.0 // a gradient from above
        });
        assert!(checked.relative < 1e-3, "{checked}");
        let ours = mean_squared_error(p.leaky_trace(), y.clone()).backward();
        let dfdx = mse_loss(p.leaky_trace(), y).backward();
        let dfdx: Vec<f64> = dfdx.get(&p).as_vec().into_iter().map(f64::from).collect();
        let compared = gradcheck::compare(&ours.get(&p).as_vec(), &dfdx);
        assert!(compared.relative < 1e-5, "{compared}");
    }
}

/// Common mistakes: the factor 2 is missing, the mean is over images only, the sign is wrong.
#[test]
fn central_differences_disagree_with_a_wrong_gradient() {
    let [p, y] = random(1).map(|t| t.as_vec());
    let measured = gradcheck::central_differences(&p, STEP, |p| f64::from(mean(&forward(p, &y))));
    let gradient = |from_above| {
        let mut gradient = vec![0.0; p.len()];
        backward(&forward(&p, &y), from_above, &mut gradient);
        gradient
    };
    assert!(gradcheck::compare(&gradient(1.0), &measured).relative < 1e-3);
    for broken in [0.5, 5.0, -1.0] {
        assert!(gradcheck::compare(&gradient(broken), &measured).relative > 0.1);
    }
}

#[test]
fn predictions_may_have_a_run_time_batch_size_and_be_broadcast() {
    let dev = Cpu::default();
    let row = dev.tensor([0.5, 1.5, -1.0]);
    let targets = dev.tensor_from_vec(vec![0.0, 1.0, 0.0, 1.0, 0.0, 0.0], (2, Const::<3>));
    let rows: Tensor<(usize, Const<3>), f32, Cpu, _> =
        row.leaky_trace().broadcast_like(&(2, Const));
    let loss = mean_squared_error(rows, targets);
    assert_eq!(loss.array(), (0.25 + 0.25 + 1.0 + 0.25 + 2.25 + 1.0) / 6.0);
    let slopes = loss.backward().get(&row).array();
    // Each prediction is in both rows: its gradient is twice the sum of its differences, over 6.
    let expected = [2.0 * 0.0 / 6.0, 2.0 * 2.0 / 6.0, 2.0 * -2.0 / 6.0];
    for (slope, expected) in slopes.iter().zip(expected) {
        assert!((slope - expected).abs() < 1e-6, "{slopes:?}");
    }
}

#[test]
fn shapes_that_differ_are_an_error() {
    let dev = Cpu::default();
    let p: Tensor<(usize, Const<5>), f32, Cpu> = dev.zeros_like(&(3, Const));
    let y: Tensor<(usize, Const<5>), f32, Cpu> = dev.zeros_like(&(2, Const));
    assert!(matches!(
        try_mean_squared_error(p, y),
        Err(CpuError::WrongNumElements)
    ));
}

#[test]
fn a_prediction_that_is_nan_makes_the_loss_nan() {
    let dev = Cpu::default();
    let loss = mean_squared_error(dev.tensor([f32::NAN, 1.0]), dev.tensor([0.0, 1.0]));
    assert!(loss.array().is_nan());
}
