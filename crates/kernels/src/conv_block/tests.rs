//! Convolution, bias, ReLU and pooling in one, against the naive twins of the four one after the
//! other, on every set of instructions; chains of blocks against one block at a time.
mod twin;

use super::{Block, ConvLayer};
use crate::simd::Isa;
use crate::tests::{EVERY, agree, numbers, same_on_any_number_of_threads};
use crate::window::Window2d;
use crate::{conv_block, naive};

fn block(window: Window2d, kernels: usize, pool: usize, isa: Isa) -> Block {
    Block {
        window,
        kernels,
        pool,
        isa,
    }
}

/// Blocks that differ in everything; kernels and channels that fill vectors, do not fill one, and
/// spill over.
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

fn some_arguments(block: Block, seed: usize) -> Vec<Vec<f32>> {
    let lengths = twin::arguments(block).into_iter().zip(1..);
    lengths
        .map(|((_, length), i)| numbers(length, 0, seed * 100 + i))
        .collect()
}

/// The gradients, of `x` only if it is wanted. They must be *added* to what was there: ones, which
/// are taken off again.
fn gradients(block: Block, a: &[Vec<f32>], dy: &[f32], wants_inputs: bool) -> Vec<Vec<f32>> {
    let mut gradients: Vec<Vec<f32>> = a.iter().map(|a| vec![1.0; a.len()]).collect();
    twin::add_gradients(block, a, dy, &mut gradients, wants_inputs);
    gradients.iter_mut().flatten().for_each(|g| *g -= 1.0);
    gradients
}

fn as_f64(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

/// Asserts that forward pass and gradients are those that are expected; the gradients of the
/// parameters, whether or not that of `x` is wanted.
fn check(block: Block, a: &[Vec<f32>], y: &[f64], dy: &[f32], expected: &[Vec<f64>]) {
    agree(&format!("y of {block:?}"), &twin::forward(block, a), y);
    for wants_inputs in [true, false] {
        let found = gradients(block, a, dy, wants_inputs);
        let named = twin::arguments(block).into_iter().zip(found).zip(expected);
        for (((name, _), found), expected) in named.skip(usize::from(!wants_inputs)) {
            agree(&format!("{name} of {block:?}"), &found, expected);
        }
    }
}

#[test]
fn a_block_agrees_with_loops_on_every_set_of_instructions() {
    for (isa, seed) in EVERY.into_iter().flat_map(|isa| [(isa, 1), (isa, 2)]) {
        for block in blocks(isa) {
            let a = some_arguments(block, seed);
            let y = twin::slow_forward(block, &a);
            let dy = numbers(y.len(), 0, seed + 1);
            let expected = twin::slow_backward(block, &a, &dy);
            check(block, &a, &y, &dy, &expected);
        }
    }
}

/// Winograd's tiles of one colour are computed once: a spot, an image of another colour, must not
/// be lost.
#[test]
fn areas_of_one_colour_agree_with_loops_on_every_set_of_instructions() {
    const MAP: usize = 18 * 23;
    for (isa, pool) in EVERY.into_iter().flat_map(|isa| [(isa, 1), (isa, 2)]) {
        let block = block(Window2d::new([3, 16, 18, 23], 3, 1, 0), 37, pool, isa);
        let mut a = some_arguments(block, 5);
        for (image, seed) in a[0].chunks_exact_mut(16 * MAP).zip([7, 7, 8]) {
            for (map, number) in image.chunks_exact_mut(MAP).zip(numbers(16, 0, seed)) {
                map.fill(number);
            }
        }
        a[0][3 * MAP + 9 * 23 + 9] += 1.0;
        a[0][(16 + 5) * MAP + 17 * 23 + 22] += 1.0;
        let expected = twin::slow_forward(block, &a);
        agree(
            &format!("y of {block:?}"),
            &twin::forward(block, &a),
            &expected,
        );
    }
}

/// Rounding alone tells the sets of instructions apart.
#[test]
fn every_set_of_instructions_gives_the_same_numbers_within_rounding() {
    for isa in [Isa::Avx2, Isa::Avx512] {
        for (plain, fast) in blocks(Isa::Baseline).into_iter().zip(blocks(isa)) {
            let a = some_arguments(plain, 3);
            let y = as_f64(&twin::forward(plain, &a));
            let dy = numbers(y.len(), 0, 4);
            let expected = gradients(plain, &a, &dy, true);
            let expected: Vec<Vec<f64>> = expected.iter().map(|g| as_f64(g)).collect();
            check(fast, &a, &y, &dy, &expected);
        }
    }
}

#[test]
fn a_block_gives_the_same_bits_on_one_thread_and_many() {
    for isa in EVERY {
        for block in [
            block(Window2d::new([37, 3, 13, 11], 3, 1, 1), 8, 2, isa),
            block(Window2d::new([19, 16, 6, 5], 3, 1, 0), 40, 1, isa),
            block(Window2d::new([21, 16, 14, 13], 3, 1, 0), 8, 2, isa),
        ] {
            let a = some_arguments(block, 1);
            same_on_any_number_of_threads(&format!("{block:?}"), || {
                let y = twin::forward(block, &a);
                let dy = numbers(y.len(), 0, 2);
                let both = [true, false].map(|wants| gradients(block, &a, &dy, wants));
                [vec![y], both.concat()].concat()
            });
        }
    }
}

/// Two blocks, of which the second reads what the first gives.
fn pairs(isa: Isa) -> Vec<[Block; 2]> {
    let pair = |input, [a, b]: [(usize, [usize; 3], usize); 2]| {
        let (kernels, [kernel, stride, padding], pool) = a;
        let first = block(
            Window2d::new(input, kernel, stride, padding),
            kernels,
            pool,
            isa,
        );
        let [h, w] = first.output();
        let (last, [kernel, stride, padding], pool) = b;
        let input = [input[0], kernels, h, w];
        let second = Window2d::new(input, kernel, stride, padding);
        [first, block(second, last, pool, isa)]
    };
    vec![
        // the second by Winograd's method
        pair([19, 1, 14, 13], [(16, [3, 1, 0], 1), (8, [3, 1, 0], 2)]),
        pair([5, 2, 9, 8], [(5, [2, 1, 0], 1), (5, [3, 3, 0], 1)]),
        // pooling between, padding
        pair([9, 1, 12, 14], [(16, [3, 1, 1], 2), (8, [3, 1, 1], 1)]),
        pair([9, 3, 12, 14], [(4, [3, 1, 1], 2), (5, [3, 2, 2], 2)]),
        // padding in one of them only
        pair([3, 2, 9, 10], [(4, [3, 1, 0], 2), (3, [3, 1, 1], 1)]),
        pair([3, 2, 9, 10], [(4, [3, 1, 1], 1), (3, [2, 1, 0], 2)]),
    ]
}

/// Outputs and gradients of a chain that is computed `at_a_time` blocks at a time: that of the
/// images, if it is wanted, then weight and bias of each block.
fn results(layers: &[ConvLayer<'_>], x: &[f32], at_a_time: usize, wants: bool) -> Vec<Vec<f32>> {
    let parts: Vec<&[ConvLayer<'_>]> = layers.chunks(at_a_time).collect();
    let mut between = vec![(x.to_vec(), Vec::new())];
    for part in &parts {
        between.push(twin::outputs(part, &between[between.len() - 1].0));
    }
    let y = between[parts.len()].0.clone();
    let mut dy = numbers(y.len(), 0, 9);
    let mut sums: Vec<[Vec<f32>; 2]> = layers
        .iter()
        .map(|layer| [vec![1.0; layer.weight.len()], vec![1.0; layer.bias.len()]])
        .collect();
    for (n, (part, sums)) in parts
        .iter()
        .zip(sums.chunks_mut(at_a_time))
        .enumerate()
        .rev()
    {
        let (x, argmax) = (&between[n].0, &between[n + 1].1);
        let mut dx = vec![0.0; x.len()];
        let wanted = (n > 0 || wants).then_some(&mut dx[..]);
        conv_block::backward(part, x, (&mut dy, argmax), wanted, sums);
        dy = dx;
    }
    [vec![y, dy], sums.into_iter().flatten().collect()].concat()
}

#[test]
fn a_chain_of_two_blocks_gives_the_bits_of_one_after_the_other() {
    for pair in EVERY.into_iter().flat_map(pairs) {
        let a = pair.map(|block| some_arguments(block, 3));
        let layers = [0, 1].map(|n| twin::layer(pair[n], &a[n]));
        for wants_inputs in [true, false] {
            let expected = results(&layers, &a[0][0], 1, wants_inputs);
            let some = |numbers: &Vec<f32>| numbers.iter().any(|x| *x != 0.0 && *x != 1.0);
            let none = usize::from(!wants_inputs); // the gradient of the images
            assert_eq!(
                expected.iter().filter(|numbers| !some(numbers)).count(),
                none
            );
            same_on_any_number_of_threads(&format!("{pair:?}"), || {
                let found = results(&layers, &a[0][0], 2, wants_inputs);
                assert!(found == expected, "{pair:?}, {wants_inputs}");
                found
            });
        }
    }
}

#[test]
fn a_chain_of_two_blocks_agrees_with_loops_on_every_set_of_instructions() {
    for pair in EVERY.into_iter().flat_map(pairs) {
        let mut a = pair.map(|block| some_arguments(block, 3));
        let [first, second] = pair;
        let inside = twin::slow_forward(first, &a[0]);
        a[1][0] = inside.iter().map(|&y| y as f32).collect();
        let x = twin::transposed(&a[0][0], first.window.channels, first.window.input_map());
        let layers = [0, 1].map(|n| twin::layer(pair[n], &a[n]));
        let found = results(&layers, &x, 2, true);

        let y = twin::transposed(&found[0], second.groups(), second.kernels);
        agree(
            &format!("y of {pair:?}"),
            &y,
            &twin::slow_forward(second, &a[1]),
        );
        let dy = numbers(y.len(), 0, 9);
        let dy = twin::transposed(&dy, second.groups(), second.kernels);
        let [between, dw_2, db_2] = twin::slow_backward(second, &a[1], &dy);
        let between: Vec<f32> = between.iter().map(|&dy| dy as f32).collect();
        let [dx, dw_1, db_1] = twin::slow_backward(first, &a[0], &between);
        let found_dx = twin::transposed(&found[1], first.window.input_map(), first.window.channels);
        agree(&format!("x of {pair:?}"), &found_dx, &dx);
        for (found, expected) in found[2..].iter().zip([dw_1, db_1, dw_2, db_2]) {
            let found: Vec<f32> = found.iter().map(|g| g - 1.0).collect();
            agree(&format!("parameters of {pair:?}"), &found, &expected);
        }
    }
}
