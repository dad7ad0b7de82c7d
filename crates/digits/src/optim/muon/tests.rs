use super::*;
use crate::optim::Optimizer;
use crate::optim::tests::{MUON, MUON_OF_A_VECTOR, START, WAVES, distance};

const SETTINGS: MuonConfig = MuonConfig {
    learning_rate: 0.1,
    momentum: 0.75,
    iterations: 5,
    vector_rate: 0.1,
    vectors: AdamConfig {
        learning_rate: f64::NAN, // not read
        beta_1: 0.8,
        beta_2: 0.95,
        epsilon: 1e-7,
    },
};

/// The elements of a parameter of shape `S` after a step along each of `gradients`.
fn steps<S: ConstShape>(gradients: &[[f64; 6]], mut muon: Muon) -> Vec<[f32; 6]> {
    let dev = Cpu::default();
    let mut theta: Tensor<S, f32, Cpu> = dev.zeros();
    theta.copy_from(&START[0].map(|x| x as f32));
    let after = gradients.iter().map(|gradient| {
        let mut slope: Tensor<S, f32, Cpu> = dev.zeros();
        slope.copy_from(&gradient.map(|g| g as f32));
        let traced = theta.trace(theta.alloc_grads());
        let mut gradients = (traced * slope).sum().backward();
        muon.step(&mut theta, &mut gradients).unwrap();
        assert!(gradients.get(&theta).as_vec().iter().all(|g| *g == 0.0));
        theta.as_vec().try_into().unwrap()
    });
    after.collect()
}

#[test]
fn matrices_take_the_same_steps_as_in_keras() {
    let ours = distance(&steps::<Rank2<2, 3>>(&WAVES, Muon::new(SETTINGS)), &MUON);
    assert!(ours < 1e-4, "{ours}");
}

#[test]
fn vectors_take_the_steps_of_adam_as_in_keras() {
    let ours = steps::<Rank1<6>>(&WAVES, Muon::new(SETTINGS));
    let ours = distance(&ours, &MUON_OF_A_VECTOR);
    assert!(ours < 1e-4, "{ours}");
}

/// The comparison can fail: with one iteration fewer it does.
#[test]
fn with_one_iteration_fewer_matrices_take_other_steps_than_in_keras() {
    let other = MuonConfig {
        iterations: 4,
        ..SETTINGS
    };
    let theirs = distance(&steps::<Rank2<2, 3>>(&WAVES, Muon::new(other)), &MUON);
    assert!(theirs > 0.01, "{theirs}");
}

#[test]
fn each_kernel_is_one_row_of_a_matrix() {
    let kernels = steps::<Rank4<2, 3, 1, 1>>(&WAVES, Muon::new(SETTINGS));
    assert_eq!(kernels, steps::<Rank2<2, 3>>(&WAVES, Muon::new(SETTINGS)));
}

#[test]
fn steps_of_a_tall_matrix_are_longer_by_the_root_of_rows_over_columns() {
    let transposed = |x: &[f64; 6]| [x[0], x[3], x[1], x[4], x[2], x[5]];
    let first = WAVES[0];
    let wide = steps::<Rank2<2, 3>>(&[first], Muon::new(SETTINGS))[0];
    let tall = steps::<Rank2<3, 2>>(&[transposed(&first)], Muon::new(SETTINGS))[0];
    let step = |after: [f32; 6]| -> [f64; 6] {
        std::array::from_fn(|i| f64::from(after[i]) - START[0][i])
    };
    for (wide, tall) in transposed(&step(wide)).into_iter().zip(step(tall)) {
        assert!((tall - 1.5_f64.sqrt() * wide).abs() < 1e-6, "{wide} {tall}");
    }
}

#[test]
fn a_view_is_trained_as_a_vector() {
    let dev = Cpu::default();
    let matrix: Tensor<Rank2<2, 3>, f32, Cpu> = dev.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let mut view: Tensor<Rank2<3, 2>, f32, Cpu> = matrix.permute();
    let mut gradients = view.trace(view.alloc_grads()).square().sum().backward();
    let mut muon = Muon::new(SETTINGS);
    muon.step(&mut view, &mut gradients).unwrap();
    for (after, before) in view
        .as_vec()
        .into_iter()
        .zip([1.0, 4.0, 2.0, 5.0, 3.0, 6.0])
    {
        assert!((before - after - 0.01_f32).abs() < 1e-6); // Adam's first step is its learning rate
    }
}

/// The iteration as it is written in the papers, each product as three nested loops.
fn written_out(matrix: &[f32], rows: usize, iterations: usize) -> Vec<f64> {
    let columns = matrix.len() / rows;
    let norm = matrix.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
    let mut x: Vec<f64> = matrix.iter().map(|x| f64::from(*x) / norm).collect();
    let [a, b, c] = POLYNOMIAL.map(f64::from);
    let product = |a: &[f64], b: &[f64], n: usize| -> Vec<f64> {
        let columns = b.len() / n;
        let entry = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * b[k * columns + j]).sum();
        let places = (0..a.len() / n).flat_map(|i| (0..columns).map(move |j| (i, j)));
        places.map(|(i, j)| entry(i, j)).collect()
    };
    for _ in 0..iterations {
        let transposed: Vec<f64> = (0..x.len())
            .map(|n| x[n % rows * columns + n / rows])
            .collect();
        let gram = product(&x, &transposed, columns);
        let of_gram: Vec<f64> = {
            let squared = product(&gram, &gram, rows);
            squared
                .iter()
                .zip(&gram)
                .map(|(g2, g)| b * g + c * g2)
                .collect()
        };
        let moved = product(&of_gram, &x, rows);
        x = x.iter().zip(moved).map(|(x, m)| a * x + m).collect();
    }
    x
}

#[test]
fn reordering_the_factors_does_not_change_the_result() {
    for (rows, columns, iterations) in [(5, 9, 5), (9, 5, 5), (6, 6, 3), (1, 7, 4), (7, 1, 1)] {
        let matrix: Vec<f32> = (0..rows * columns)
            .map(|n| ((n * n) as f32 * 0.37).sin() + if n % 8 == 0 { 3.0 } else { 0.0 })
            .collect();
        let ours = orthogonalize(&matrix, rows, iterations);
        let theirs = written_out(&matrix, rows, iterations);
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            assert!((f64::from(ours) - theirs).abs() < 2e-4, "{ours} {theirs}");
        }
    }
}

#[test]
fn a_matrix_of_zeros_stays_zero_and_without_iterations_the_matrix_is_only_scaled() {
    assert_eq!(orthogonalize(&[0.0; 6], 2, 5), [0.0; 6]);
    let scaled = orthogonalize(&[3.0, 0.0, 0.0, 4.0], 2, 0);
    assert!((scaled[0] - 0.6).abs() < 1e-6 && (scaled[3] - 0.8).abs() < 1e-6);
    assert!(orthogonalize(&[], 3, 5).is_empty());
}
