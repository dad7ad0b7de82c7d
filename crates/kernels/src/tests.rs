//! What the tests of several modules share.
use std::sync::Arc;

use crate::simd::Isa;
use crate::thread_pool::ThreadPool;

/// Every set of instructions; one that the CPU lacks is the next narrower one again.
pub const EVERY: [Isa; 3] = [Isa::Baseline, Isa::Avx2, Isa::Avx512];

/// Numbers between −1 and 1 of which `zeros` in ten are zero, of either sign.
pub fn numbers(length: usize, zeros: usize, seed: usize) -> Vec<f32> {
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

/// Asserts that the numbers are alike, but for rounding: 1e-5 of the largest.
#[track_caller]
pub fn agree(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f64, |max, x| max.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(*found) - expected).abs();
        assert!(
            difference <= 1e-5 * largest,
            "{what}, {i}: found {found}, expected {expected}"
        );
    }
}

/// Asserts that `compute` gives the same bits on one thread and on several.
#[track_caller]
pub fn same_on_any_number_of_threads(what: &str, compute: impl Fn() -> Vec<Vec<f32>>) {
    let bits = |threads| {
        let results = Arc::new(ThreadPool::new(threads)).install(&compute);
        let bits = |numbers: &Vec<f32>| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        results.iter().map(bits).collect::<Vec<_>>()
    };
    let on_one = bits(1);
    for threads in [2, 5] {
        assert!(bits(threads) == on_one, "{what} on {threads} threads");
    }
}
