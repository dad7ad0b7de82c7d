use super::*;
use crate::tests::{EVERY, agree, numbers, same_on_any_number_of_threads};
use crate::{Matrix, par_matmul};

/// Batch, inputs, outputs: one of each; less than a vector, more, many panels and blocks.
const SIZES: [[usize; 3]; 6] = [
    [1, 1, 1],
    [3, 5, 7],
    [2, 128, 64],
    [9, 131, 33],
    [5, 300, 100],
    [33, 260, 530],
];

#[test]
fn the_product_agrees_with_loops_whatever_share_is_zero_and_on_every_set_of_instructions() {
    for [b, i, o] in SIZES {
        for zeros in [0, 5, 8, 10] {
            let (a, w) = (numbers(b * i, zeros, 1), numbers(o * i, 0, 2));
            let expected: Vec<f64> = (0..b * o)
                .map(|n| {
                    let products = (0..i).map(|k| [a[n / o * i + k], w[n % o * i + k]]);
                    let products = products.map(|factors| factors.map(f64::from));
                    products.map(|[x, y]| x * y).sum::<f64>() + 1.0
                })
                .collect();
            for isa in EVERY {
                let lists = PackedSparse::new(isa, &a, i);
                let mut y = vec![1.0; b * o]; // to be added to
                add_product_transposed(isa, &lists, &w, &mut y);
                agree("y", &y, &expected);
                let mut y = vec![1.0; b * o];
                add_product(isa, &lists, &transposed(&w, o, i), &mut y);
                agree("y", &y, &expected);
            }
        }
    }
}

/// A matrix of so many rows and columns, transposed.
fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let numbers = 0..rows * columns;
    numbers
        .map(|n| matrix[n % rows * columns + n / rows])
        .collect()
}

#[test]
fn a_product_that_pays_has_the_bits_of_a_plain_one() {
    let isa = Isa::best();
    for [b, i, o] in [[70, 64, 100], [64, 128, 2000], [130, 100, 33]] {
        let (a, w) = (numbers(b * i, 8, 1), numbers(i * o, 0, 2));
        assert!(is_profitable(isa, &a, i));
        let [mut found, mut expected] = [0, 1].map(|_| numbers(b * o, 0, 3));
        add_product(isa, &PackedSparse::new(isa, &a, i), &w, &mut found);
        let [left, right] = [Matrix::new(&a, b, i), Matrix::new(&w, i, o)];
        par_matmul(&mut expected, left, right, true);
        if isa == Isa::Baseline {
            let expected: Vec<f64> = expected.iter().map(|y| f64::from(*y)).collect();
            agree("y", &found, &expected); // products that are rounded before they are added
        } else {
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_product_pays_if_its_lists_are_many_and_long_and_hold_little() {
    let isa = Isa::best();
    let is_profitable = |rows: usize, columns: usize, zeros| {
        super::is_profitable(isa, &numbers(rows * columns, zeros, 1), columns)
    };
    assert!(is_profitable(64, 64, 7));
    assert!(!is_profitable(64, 64, 6));
    assert!(!is_profitable(63, 64, 7));
    assert!(!is_profitable(64, 63, 7));
    assert!(!is_profitable(64, PANEL + 1, 7));
    assert!(!is_profitable(0, 64, 7));
}

#[test]
fn lists_hold_what_is_not_zero_in_order_and_what_is_not_a_number() {
    let mut matrix = numbers(3 * 200, 8, 4);
    (matrix[130], matrix[201]) = (f32::NAN, f32::INFINITY);
    for isa in EVERY {
        let lists = PackedSparse::new(isa, &matrix, 200);
        for (row, numbers) in matrix.chunks(200).enumerate() {
            for (panel, numbers) in numbers.chunks(PANEL).enumerate() {
                let all = numbers.iter().enumerate().filter(|(_, x)| **x != 0.0);
                let expected: Vec<(u8, u32)> = all.map(|(i, x)| (i as u8, x.to_bits())).collect();
                let (indices, found) = lists.list(panel, row);
                let found: Vec<_> = indices
                    .iter()
                    .copied()
                    .zip(found.iter().map(|x| x.to_bits()))
                    .collect();
                assert_eq!(found, expected);
            }
        }
    }
}

#[test]
fn no_rows_are_no_work() {
    let a = PackedSparse::new(Isa::best(), &[], 5);
    add_product_transposed(Isa::best(), &a, &[1.0; 10], &mut []);
}

#[test]
fn a_product_has_the_same_bits_on_one_thread_and_many() {
    let [b, i, o] = [33, 1000, 530];
    let (a, w) = (numbers(b * i, 8, 1), numbers(o * i, 0, 2));
    for isa in EVERY {
        same_on_any_number_of_threads(&format!("{isa:?}"), || {
            let lists = PackedSparse::new(isa, &a, i);
            let mut y = [vec![0.5; b * o], vec![0.5; b * o]];
            add_product(isa, &lists, &w, &mut y[0]);
            add_product_transposed(isa, &lists, &w, &mut y[1]);
            y.into()
        });
    }
}
