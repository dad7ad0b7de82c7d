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
fn all_three_products_agree_with_loops_whatever_share_is_zero_and_on_every_set_of_instructions() {
    for [b, i, o] in SIZES {
        for zeros in [0, 5, 8, 10] {
            let (a, w) = (numbers(b * i, zeros, 1), numbers(o * i, 0, 2));
            let dy = numbers(b * o, zeros, 3);
            let sum = |terms: usize, term: &dyn Fn(usize) -> [f32; 2]| {
                (0..terms)
                    .map(|n| term(n).map(f64::from))
                    .map(|[x, y]| x * y)
                    .sum::<f64>()
                    + 1.0
            };
            let y: Vec<f64> = (0..b * o)
                .map(|n| sum(i, &|k| [a[n / o * i + k], w[n % o * i + k]]))
                .collect();
            let dx: Vec<f64> = (0..b * i)
                .map(|n| sum(o, &|k| [dy[n / i * o + k], w[k * i + n % i]]))
                .collect();
            let dw: Vec<f64> = (0..o * i)
                .map(|n| sum(b, &|k| [dy[k * o + n / i], a[k * i + n % i]]))
                .collect();
            for isa in EVERY {
                let (list, list_dy) = (Nonzeros::new(isa, &a, i), Nonzeros::new(isa, &dy, o));
                let mut found = [vec![1.0; b * o], vec![1.0; b * i], vec![1.0; o * i]]; // to be added to
                times_transposed(isa, &list, &w, &mut found[0]);
                times(isa, &list_dy, &w, i, &mut found[1]);
                transposed_times(isa, &dy, &list, &mut found[2]);
                for (found, expected) in found.iter().zip([&y, &dx, &dw]) {
                    agree(found, expected);
                }
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
    let mut dw = [1.0; 10];
    transposed_times(Isa::best(), &[], &a, &mut dw);
    assert_eq!(dw, [1.0; 10]);
    times_transposed(Isa::best(), &a, &[1.0; 10], &mut []);
}
