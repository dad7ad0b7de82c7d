//! The machine's matrix-product peak: what `gemm`, with which `digits` multiplies, reaches on
//! square products of single precision that fit the caches.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use digits::experiment::{Peak, median};
use digits::kernels::{Matrix, matmul};

const SIDES: [usize; 4] = [192, 256, 384, 512];
/// How long each size is multiplied in each of the [`ROUNDS`].
const SPELL: Duration = Duration::from_millis(150);
const ROUNDS: usize = 5;

/// The peak on one thread and on all that the system offers, each with matrices of its own: the
/// best size's median of five rounds.
pub fn measure() -> Peak {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let best = |threads| {
        let sides = SIDES.iter().map(|&side| median_gflops(side, threads));
        sides.fold(0.0, f64::max)
    };
    Peak {
        threads,
        one_thread_gflops: best(1),
        one_thread_gflops_all: vec![],
        all_threads_gflops: best(threads),
        all_threads_gflops_all: vec![],
    }
}

fn median_gflops(side: usize, threads: usize) -> f64 {
    let rounds: Vec<f64> = (0..ROUNDS).map(|_| gflops(side, threads)).collect();
    median(&rounds)
}

/// 10⁹ operations a second that `threads` threads reach together in products of `side` × `side`.
fn gflops(side: usize, threads: usize) -> f64 {
    let start = Barrier::new(threads);
    let operations_a_second = || {
        let (a, b) = (vec![0.5; side * side], vec![0.25; side * side]);
        let mut out = vec![0.0; side * side];
        start.wait();
        let (begun, mut products) = (Instant::now(), 0);
        while begun.elapsed() < SPELL {
            matmul(
                &mut out,
                Matrix::new(&a, side, side),
                Matrix::new(&b, side, side),
                false,
            );
            std::hint::black_box(&mut out);
            products += 1;
        }
        let operations = 2.0 * (side as f64).powi(3) * f64::from(products);
        operations / begun.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| scope.spawn(operations_a_second))
            .collect();
        let each = threads
            .into_iter()
            .map(|thread| thread.join().expect("a product does not panic"));
        each.sum::<f64>() / 1e9
    })
}
