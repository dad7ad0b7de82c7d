use super::*;
use crate::gradcheck;

const EVERY: [Isa; 3] = [Isa::Plain, Isa::Avx2, Isa::Avx512];

/// Numbers of which so many in ten are zero, of either sign.
fn numbers(length: usize, zeros: usize, seed: usize) -> Vec<f32> {
    let number = |i: usize| {
        let x = ((i * 7919 + seed * 104_729) as f32 * 0.618).sin();
        if (i * 31 + seed) % 10 < zeros {
            0.0f32.copysign(x)
        } else {
            x
        }
    };
    (0..length).map(number).collect()
}

/// Batch, inputs, outputs: one of each; less than a vector, more, many panels and blocks.
const SIZES: [[usize; 3]; 6] = [
    [1, 1, 1],
    [3, 5, 7],
    [2, 128, 64],
    [9, 131, 33],
    [5, 300, 100],
    [33, 260, 530],
];

fn agree(found: &[f32], expected: &[f64]) {
    let difference = gradcheck::compare(found, expected);
    assert!(difference.relative < 1e-5, "{difference}");
}

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
                let mut y = vec![1.0; b * o]; // to be added to
                times_transposed(isa, &Nonzeros::new(isa, &a, i), &w, &mut y);
                agree(&y, &expected);
            }
        }
    }
}

#[test]
fn lists_hold_what_is_not_zero_in_order_and_what_is_not_a_number() {
    let mut matrix = numbers(3 * 200, 8, 4);
    (matrix[130], matrix[201]) = (f32::NAN, f32::INFINITY);
    for isa in EVERY {
        let lists = Nonzeros::new(isa, &matrix, 200);
        for (row, numbers) in matrix.chunks(200).enumerate() {
            for (panel, numbers) in numbers.chunks(PANEL).enumerate() {
                let all = numbers.iter().enumerate().filter(|(_, x)| **x != 0.0);
                let expected: Vec<(u32, u32)> = all.map(|(i, x)| (i as u32, x.to_bits())).collect();
                let (places, found) = lists.list(panel, row);
                let found: Vec<_> = places
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
    let a = Nonzeros::new(Isa::best(), &[], 5);
    times_transposed(Isa::best(), &a, &[1.0; 10], &mut []);
}
