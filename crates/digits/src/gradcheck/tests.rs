use super::*;

type Matrix = Tensor<Rank2<2, 3>, f32, Cpu>;

fn matrix(dev: &Cpu) -> Matrix {
    dev.tensor([[0.3, -0.8, 1.2], [-0.5, 0.9, 0.1]])
}

/// x² with a gradient of `factor · x` instead of 2x: in all elements, or only in element `only`.
fn square_with_gradient(
    x: &Matrix,
    factor: f32,
    only: Option<usize>,
) -> Tensor<Rank2<2, 3>, f32, Cpu, OwnedTape<f32, Cpu>> {
    let (values, dev) = (x.as_vec(), x.device().clone());
    let squares: Vec<f32> = values.iter().map(|x| x * x).collect();
    let (_, mut tape) = x.leaky_trace().split_tape();
    let out: Matrix = dev.tensor(squares);
    let (x_ghost, out_ghost) = (x.ghost(), out.ghost());
    tape.add_backward_op(move |gradients| {
        let from_above = gradients.get_or_alloc_mut(&out_ghost)?.to_vec();
        let into = gradients.get_or_alloc_mut(&x_ghost)?;
        for (i, g) in from_above.iter().enumerate() {
            let factor = if only.is_none_or(|only| only == i) {
                factor
            } else {
                2.0
            };
            into[i] += g * factor * values[i];
        }
        Ok(())
    });
    out.put_tape(tape)
}

#[test]
fn a_correct_gradient_agrees_with_central_differences() {
    let x = matrix(&Cpu::default());
    let checked = tensor(&x, STEP, |x| square_with_gradient(x, 2.0, None));
    assert!(checked.relative < 1e-4, "{checked}");
}

#[test]
fn a_gradient_wrong_by_a_factor_or_a_sign_is_found() {
    let x = matrix(&Cpu::default());
    for factor in [-2.0, 0.0, 1.0, 2.1] {
        let checked = tensor(&x, STEP, |x| square_with_gradient(x, factor, None));
        assert!(checked.relative > 1e-2, "factor {factor}: {checked}");
    }
}

#[test]
fn a_gradient_wrong_in_one_element_is_found_there() {
    let x = matrix(&Cpu::default());
    for wrong in 0..5 {
        let checked = tensor(&x, STEP, |x| square_with_gradient(x, 3.0, Some(wrong)));
        assert_eq!(checked.index, wrong, "{checked}");
        assert!(checked.relative > 1e-2, "{checked}");
    }
}

#[test]
fn an_argument_without_a_tape_can_be_checked() {
    let dev = Cpu::default();
    let x = matrix(&dev);
    let w: Tensor<Rank2<3, 4>, f32, Cpu> = dev.sample_normal();
    let checked = tensor(&w, 0.1, |w| x.leaky_trace().matmul(w.clone()));
    assert!(checked.relative < 1e-4, "{checked}");
}

#[test]
fn a_gradient_that_is_missing_counts_as_zero() {
    let dev = Cpu::default();
    let (x, other) = (matrix(&dev), matrix(&dev));
    let checked = tensor(&x, STEP, |x| other.leaky_trace() * x.clone().square());
    assert_eq!(checked.gradient, 0.0, "{checked}");
    assert!(checked.relative > 0.9, "{checked}");
}

#[test]
fn views_can_be_checked_as_arguments_and_as_results() {
    let dev = Cpu::default();
    let transposed: Tensor<Rank2<3, 2>, f32, Cpu> = matrix(&dev).permute();
    let checked = tensor(&transposed, STEP, |x| {
        x.leaky_trace().square().permute::<Rank2<2, 3>, _>()
    });
    assert!(checked.relative < 1e-4, "{checked}");
    let row: Tensor<Rank1<3>, f32, Cpu> = dev.tensor([0.3, -0.8, 1.2]);
    let checked = tensor(&row, STEP, |x| {
        x.leaky_trace().square().broadcast::<Rank2<2, 3>, _>()
    });
    assert!(checked.relative < 1e-4, "{checked}");
}

#[test]
fn the_parameters_of_a_module_are_checked_by_name_and_restored() {
    let dev = Cpu::seed_from_u64(3);
    let mut model = dev.build_module::<(Linear<3, 4>, Sigmoid, Linear<4, 2>), f32>();
    let before = (model.0.weight.as_vec(), model.2.bias.as_vec());
    let x = matrix(&dev);
    let checked = module(&mut model, STEP, |model| model.forward(x.leaky_trace()));
    let names: Vec<&str> = checked.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias"]);
    for (name, difference) in &checked {
        assert!(difference.relative < 2e-3, "{name}: {difference}");
    }
    assert_eq!(before, (model.0.weight.as_vec(), model.2.bias.as_vec()));
}

#[test]
fn nan_and_infinity_are_infinitely_far_from_any_slope() {
    for (gradient, measured) in [(f32::NAN, 1.0), (1.0, f64::NAN), (f32::INFINITY, 1.0)] {
        let compared = compare(&[0.5, gradient], &[0.5, measured]);
        assert_eq!(compared.relative, f64::INFINITY, "{compared}");
    }
}

#[test]
fn an_element_nearer_to_a_kink_than_the_step_is_found_and_its_central_difference_is_wrong() {
    let x: Tensor<Rank1<4>, f32, Cpu> = Cpu::default().tensor([0.3, -0.8, 0.004, 0.5]);
    let on = |x: &[f32]| x.iter().map(|&x| x > 0.0).collect::<Vec<bool>>();
    assert_eq!(crossings(&x.as_vec(), STEP, on), [2]);
    let checked = tensor(&x, STEP, |x| x.leaky_trace().relu());
    assert_eq!(checked.index, 2, "{checked}");
    // (0.014 − 0) / 0.02 = 0.7 of the slope
    assert!(
        (checked.measured / checked.gradient - 0.7).abs() < 1e-3,
        "{checked}"
    );
    assert!(crossings(&x.as_vec(), 1e-3, on).is_empty());
    let checked = tensor(&x, 1e-3, |x| x.leaky_trace().relu());
    assert!(checked.relative < 1e-3, "{checked}");
}

#[test]
fn near_ties_in_a_maximum_are_found() {
    let winner = |x: &[f32]| (0..x.len()).max_by(|&i, &j| x[i].total_cmp(&x[j]));
    // A step can raise the second largest above the largest, or lower the largest below it.
    assert_eq!(crossings(&[0.5, 1.0, 0.995], STEP, winner), [1, 2]);
}

#[test]
fn max_pooling_can_be_checked_away_from_ties() {
    use crate::ops::max_pool2d;
    let x: Tensor<Rank3<1, 4, 6>, f32, Cpu> = Cpu::seed_from_u64(2).sample_normal();
    let pooled = |values: &[f32]| {
        let x: Tensor<Rank3<1, 4, 6>, f32, Cpu> = Cpu::default().tensor(values.to_vec());
        let y = max_pool2d(x, Const::<2>, Const::<2>, Const::<0>).as_vec();
        let won = |y: &f32| values.iter().position(|x| x == y);
        y.iter().map(won).collect::<Vec<_>>()
    };
    assert!(crossings(&x.as_vec(), STEP, pooled).is_empty());
    let checked = tensor(&x, STEP, |x| {
        max_pool2d(x.leaky_trace(), Const::<2>, Const::<2>, Const::<0>)
    });
    assert!(checked.relative < 1e-3, "{checked}");
}
