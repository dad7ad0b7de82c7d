//! Convolution, bias, ReLU and pooling in one, against the naive twins of the four one after the other, on every set of
//! instructions.
use super::broken::rejects_every_fault;
use super::{Operation, agree, central, naive, numbers, slow};
use kernels::Window2d;
use kernels::conv_block::{self, Block, ConvLayer};
use kernels::simd::Isa;

const EVERY: [Isa; 3] = [Isa::Baseline, Isa::Avx2, Isa::Avx512];

/// Matrices `(rows, columns)` → their transposes.
fn transposed<N: Copy>(x: &[N], rows: usize, columns: usize) -> Vec<N> {
    let matrices = x.chunks_exact(rows * columns);
    let of_one = |m: &[N]| {
        (0..rows * columns)
            .map(|i| m[i % rows * columns + i / rows])
            .collect::<Vec<N>>()
    };
    matrices.flat_map(of_one).collect()
}

/// The window of pooling on what a convolution gives.
fn pooling(w: Window2d, kernels: usize) -> Window2d {
    Window2d::new([w.batch, kernels, w.output[0], w.output[1]], 2, 2, 0)
}

fn slow_forward(block: Block, a: &[Vec<f32>]) -> Vec<f64> {
    let y = slow::conv2d(block.window, &a[0], &a[1], &a[2]);
    let y: Vec<f32> = y.iter().map(|&y| y as f32).collect();
    let mut y: Vec<f64> = match block.pool {
        2 => slow::max_pool2d(pooling(block.window, block.kernels), &y),
        _ => y.iter().map(|&y| f64::from(y)).collect(),
    };
    y.iter_mut().for_each(|y| *y = y.max(0.0));
    y
}

fn slow_backward(block: Block, a: &[Vec<f32>], dy: &[f32]) -> Vec<Vec<f64>> {
    let y = slow_forward(block, a);
    let live = |(&dy, &y): (&f32, &f64)| if y <= 0.0 { 0.0 } else { dy };
    let mut dy: Vec<f32> = dy.iter().zip(&y).map(live).collect();
    if block.pool == 2 {
        let before = slow::conv2d(block.window, &a[0], &a[1], &a[2]);
        let before: Vec<f32> = before.iter().map(|&y| y as f32).collect();
        let pooling = pooling(block.window, block.kernels);
        let spread = slow::max_pool2d_gradient(pooling, &before, &dy);
        dy = spread.iter().map(|&dy| dy as f32).collect();
    }
    slow::conv2d_gradients(block.window, &a[0], &a[1], &a[2], &dy).into()
}

/// A block with weight and bias among the arguments `(x, weight, bias)`.
fn layer(block: Block, a: &[Vec<f32>]) -> ConvLayer<'_> {
    ConvLayer {
        block,
        weight: a[1].as_slice().into(),
        bias: a[2].as_slice().into(),
    }
}

impl Operation {
    pub fn block(block: Block) -> Self {
        let (w, kernels) = (block.window, block.kernels);
        let forward = move |a: &[Vec<f32>]| {
            let x = transposed(&a[0], w.channels, w.input_map());
            let mut y = vec![f32::NAN; w.batch * block.outputs()];
            let mut argmax = vec![99; w.batch * block.stored_argmax()];
            conv_block::forward(&[layer(block, a)], &x, &mut y, &mut argmax);
            if block.pool == 1 {
                argmax = y.iter().map(|y| y.to_bits()).collect();
            }
            (x, transposed(&y, block.groups(), kernels), argmax)
        };
        let backward = move |argument: usize| -> super::Backward {
            Box::new(move |a, dy, gradient| {
                let (x, _, argmax) = forward(a);
                let mut dy = transposed(dy, kernels, block.groups());
                let [mut dx, dw, db] = [0, 1, 2].map(|i| vec![0.0; a[i].len()]);
                let mut sums = [[dw, db]];
                match argument {
                    0 => dx = transposed(gradient, w.channels, w.input_map()),
                    n => sums[0][n - 1].copy_from_slice(gradient),
                }
                let wanted = (argument == 0).then_some(&mut dx[..]);
                conv_block::backward(
                    &[layer(block, a)],
                    &x,
                    (&mut dy, &argmax),
                    wanted,
                    &mut sums,
                );
                assert!(
                    dy.iter().all(|dy| *dy == 0.0),
                    "for the next pass to add to"
                );
                gradient.copy_from_slice(match argument {
                    0 => {
                        dx = transposed(&dx, w.input_map(), w.channels);
                        &dx
                    }
                    n => &sums[0][n - 1],
                });
            })
        };
        Self {
            name: "convolution, ReLU and pooling",
            arguments: vec![
                ("x", w.batch * w.channels * w.input_map()),
                ("weight", kernels * w.column()),
                ("bias", kernels),
            ],
            forward: Box::new(move |a| forward(a).1),
            backward: (0..3).map(backward).collect(),
            slow_forward: Box::new(move |a| slow_forward(block, a)),
            slow_backward: Box::new(move |a, dy| slow_backward(block, a, dy)),
        }
    }
}

pub fn block(window: Window2d, kernels: usize, pool: usize, isa: Isa) -> Block {
    Block {
        window,
        kernels,
        pool,
        isa,
    }
}

/// Blocks that differ in everything; kernels and channels that fill vectors, do not fill one, and spill over.
fn blocks(isa: Isa) -> Vec<Block> {
    vec![
        block(Window2d::new([2, 1, 9, 7], 3, 1, 0), 32, 2, isa),
        block(Window2d::new([3, 32, 7, 6], 3, 1, 0), 5, 2, isa),
        block(Window2d::new([11, 2, 6, 5], 3, 2, 1), 37, 1, isa),
        block(Window2d::new([2, 3, 9, 9], 5, 1, 2), 3, 1, isa),
        block(Window2d::new([9, 1, 8, 8], 7, 1, 3), 2, 2, isa),
        block(Window2d::new([1, 16, 5, 5], 1, 3, 0), 33, 2, isa),
        block(Window2d::new([5, 40, 4, 4], 2, 1, 0), 20, 1, isa),
        block(Window2d::new([1, 64, 5, 5], 3, 1, 0), 64, 1, isa),
        // Winograd's: whole tiles, cut ones, padding, kernels that do not fill a vector
        block(Window2d::new([3, 16, 13, 13], 3, 1, 0), 37, 2, isa),
        block(Window2d::new([2, 32, 10, 14], 3, 1, 1), 32, 1, isa),
        block(Window2d::new([9, 16, 11, 17], 3, 1, 0), 5, 1, isa),
    ]
}

#[test]
fn a_block_agrees_with_loops_on_every_set_of_instructions() {
    for isa in EVERY {
        for block in blocks(isa) {
            for seed in [1, 2] {
                naive::check(&Operation::block(block), seed).unwrap_or_else(|wrong| {
                    panic!("{block:?}, seed {seed}: {wrong}");
                });
            }
        }
    }
}

/// Winograd's tiles of one colour are computed once: a spot, an image of another colour, must not be lost.
#[test]
fn areas_of_one_colour_agree_with_loops_on_every_set_of_instructions() {
    const MAP: usize = 18 * 23;
    for (isa, pool) in EVERY.into_iter().flat_map(|isa| [(isa, 1), (isa, 2)]) {
        let operation = Operation::block(block(
            Window2d::new([3, 16, 18, 23], 3, 1, 0),
            37,
            pool,
            isa,
        ));
        let mut a = operation.some_arguments(5);
        for (image, seed) in a[0].chunks_exact_mut(16 * MAP).zip([7, 7, 8]) {
            for (map, number) in image.chunks_exact_mut(MAP).zip(numbers(16, seed)) {
                map.fill(number);
            }
        }
        a[0][3 * MAP + 9 * 23 + 9] += 1.0;
        a[0][(16 + 5) * MAP + 17 * 23 + 22] += 1.0;
        let expected = (operation.slow_forward)(&a);
        agree("y", &(operation.forward)(&a), &expected, 1e-5).unwrap();
    }
}

/// Rounding alone tells the sets of instructions apart: 1e-5 of the largest value.
#[test]
fn every_set_of_instructions_gives_the_same_numbers_within_rounding() {
    for (plain, isa) in EVERY[1..].iter().map(|&isa| (Isa::Baseline, isa)) {
        for (plain, fast) in blocks(plain).into_iter().zip(blocks(isa)) {
            let (plain, fast) = (Operation::block(plain), Operation::block(fast));
            let a = plain.some_arguments(3);
            let expected = (plain.forward)(&a);
            let as_f64 = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
            agree("y", &(fast.forward)(&a), &as_f64(&expected), 1e-5).unwrap();
            let dy = numbers(expected.len(), 4);
            for i in 0..3 {
                let expected = as_f64(&plain.gradient(i, &a, &dy));
                agree(
                    plain.arguments[i].0,
                    &fast.gradient(i, &a, &dy),
                    &expected,
                    1e-5,
                )
                .unwrap();
            }
        }
    }
}

/// Arguments at which no maximum and no ReLU changes sides within the step of central differences.
fn clear_of_kinks(block: Block) -> Vec<Vec<f32>> {
    let operation = Operation::block(block);
    let clear = |a: &Vec<Vec<f32>>| {
        let y = slow::conv2d(block.window, &a[0], &a[1], &a[2]);
        let [h, w] = block.window.output;
        let mut groups = y.chunks_exact(h * w).flat_map(|map| {
            (0..block.groups()).map(move |g| {
                let (i, j) = (g / block.output()[1] * 2, g % block.output()[1] * 2);
                let mut four =
                    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| map[(i + a) * w + j + b]);
                four.sort_by(f64::total_cmp);
                four
            })
        });
        groups.all(|four| four[3] - four[2] > 0.02 && four[3].abs() > 0.02)
    };
    let mut arguments = (1..500).map(|seed| operation.some_arguments(seed));
    arguments.find(clear).expect("arguments without kinks")
}

fn small_block() -> Operation {
    Operation::block(block(
        Window2d::new([2, 2, 5, 4], 3, 1, 0),
        3,
        2,
        Isa::best(),
    ))
}

#[test]
fn every_gradient_of_a_block_is_the_slope_that_is_measured() {
    let a = clear_of_kinks(block(
        Window2d::new([2, 2, 5, 4], 3, 1, 0),
        3,
        2,
        Isa::best(),
    ));
    central::check_at(&small_block(), a).unwrap();
}

#[test]
fn the_naive_twin_and_central_differences_reject_every_broken_gradient_of_a_block() {
    let a = clear_of_kinks(block(
        Window2d::new([2, 2, 5, 4], 3, 1, 0),
        3,
        2,
        Isa::best(),
    ));
    rejects_every_fault(small_block, |operation| {
        central::check_at(operation, a.clone())
    });
    rejects_every_fault(small_block, |operation| naive::check(operation, 3));
}
