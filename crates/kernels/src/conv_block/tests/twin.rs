//! A block on arguments `(x, weight, bias)` with channels first, beside its naive twin.
//!
//! The tests of `digits` include this file too: they measure the slopes of the twin, and break the
//! block's gradients.
use super::{Block, ConvLayer, Window2d, conv_block, naive};

/// Name and number of elements of each argument.
pub fn arguments(block: Block) -> [(&'static str, usize); 3] {
    [
        ("x", block.window.batch * block.inputs()),
        ("weight", block.kernels * block.window.column()),
        ("bias", block.kernels),
    ]
}

/// `(B, O, H″, W″)`
pub fn forward(block: Block, a: &[Vec<f32>]) -> Vec<f32> {
    transposed(&run(block, a).1, block.groups(), block.kernels)
}

/// Adds the gradients to `gradients`: that of `x` only if it is wanted, which may be computed in
/// another way.
pub fn add_gradients(
    block: Block,
    a: &[Vec<f32>],
    dy: &[f32],
    gradients: &mut [Vec<f32>],
    wants_inputs: bool,
) {
    let (channels, map) = (block.window.channels, block.window.input_map());
    let (x, _, argmax) = run(block, a);
    let mut dy = transposed(dy, block.kernels, block.groups());
    let mut dx = transposed(&gradients[0], channels, map);
    let mut sums = [[gradients[1].clone(), gradients[2].clone()]];
    let wanted = wants_inputs.then_some(&mut dx[..]);
    let outputs = (&mut dy[..], &argmax[..]);
    conv_block::backward(&[layer(block, a)], &x, outputs, wanted, &mut sums);
    let zero = dy.iter().all(|dy| *dy == 0.0);
    assert!(zero, "dy is zero for the next pass to add to");
    let [[dw, db]] = sums;
    for (gradient, sum) in gradients
        .iter_mut()
        .zip([transposed(&dx, map, channels), dw, db])
    {
        *gradient = sum;
    }
}

/// A block with weight and bias among the arguments.
pub fn layer(block: Block, a: &[Vec<f32>]) -> ConvLayer<'_> {
    ConvLayer {
        block,
        weight: a[1].as_slice().into(),
        bias: a[2].as_slice().into(),
    }
}

/// Images, outputs and argmax, channels last.
fn run(block: Block, a: &[Vec<f32>]) -> (Vec<f32>, Vec<f32>, Vec<u32>) {
    let x = transposed(&a[0], block.window.channels, block.window.input_map());
    let (y, argmax) = outputs(&[layer(block, a)], &x);
    (x, y, argmax)
}

/// The outputs of the last layer, and their argmax.
pub fn outputs(layers: &[ConvLayer<'_>], x: &[f32]) -> (Vec<f32>, Vec<u32>) {
    let last = layers[layers.len() - 1].block;
    let mut y = vec![f32::NAN; last.window.batch * last.outputs()];
    let mut argmax = vec![99; last.window.batch * last.stored_argmax()];
    conv_block::forward(layers, x, &mut y, &mut argmax);
    if last.pool == 1 {
        argmax = y.iter().map(|y| y.to_bits()).collect();
    }
    (y, argmax)
}

/// Matrices `(rows, columns)` → their transposes.
pub fn transposed(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let of_one = |m: &[f32]| -> Vec<f32> {
        let places = 0..rows * columns;
        places.map(|i| m[i % rows * columns + i / rows]).collect()
    };
    x.chunks_exact(rows * columns).flat_map(of_one).collect()
}

/// The window of pooling on what the convolution gives.
fn pooling(block: Block) -> Window2d {
    let [h, w] = block.window.output;
    Window2d::new([block.window.batch, block.kernels, h, w], 2, 2, 0)
}

fn convolved(block: Block, a: &[Vec<f32>]) -> Vec<f32> {
    let y = naive::conv2d(block.window, &a[0], &a[1], &a[2]);
    y.iter().map(|&y| y as f32).collect()
}

/// [`forward`] by plain loops: convolution, pooling and ReLU, one after the other.
pub fn slow_forward(block: Block, a: &[Vec<f32>]) -> Vec<f64> {
    let y = convolved(block, a);
    let mut y: Vec<f64> = match block.pool {
        2 => naive::max_pool2d(pooling(block), &y),
        _ => y.iter().map(|&y| f64::from(y)).collect(),
    };
    y.iter_mut().for_each(|y| *y = y.max(0.0));
    y
}

/// The gradients by plain loops.
pub fn slow_backward(block: Block, a: &[Vec<f32>], dy: &[f32]) -> [Vec<f64>; 3] {
    let y = slow_forward(block, a);
    let live = |(&dy, &y): (&f32, &f64)| if y <= 0.0 { 0.0 } else { dy };
    let mut dy: Vec<f32> = dy.iter().zip(&y).map(live).collect();
    if block.pool == 2 {
        let spread = naive::max_pool2d_gradient(pooling(block), &convolved(block, a), &dy);
        dy = spread.iter().map(|&dy| dy as f32).collect();
    }
    naive::conv2d_gradients(block.window, &a[0], &a[1], &a[2], &dy)
}
