//! The operations as plain loops in `f64` that follow the formulas: what the fast ones are tested
//! against. Slices are row-major, images `(B, C, H, W)`.
use crate::window::Window2d;

/// The indices of one product `w · x` that is a term of `y`.
struct Term {
    y: usize,
    x: usize,
    w: usize,
}

/// `y[b, o, i, j] = bias[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[b, c, i·S + u − P, j·S + v − P]`
pub fn conv2d(window: Window2d, x: &[f32], w: &[f32], bias: &[f32]) -> Vec<f64> {
    let map = window.output_map();
    let mut y: Vec<f64> = (0..window.batch * bias.len() * map)
        .map(|y| f64::from(bias[y / map % bias.len()]))
        .collect();
    for_each_term(window, bias.len(), |at| {
        y[at.y] += f64::from(w[at.w]) * f64::from(x[at.x]);
    });
    y
}

/// Gradients with respect to `x`, `w` and `bias`, given `dy`: each term `w · x` of an output adds
/// `dy · w` to the gradient of `x` and `dy · x` to that of `w`.
pub fn conv2d_gradients(
    window: Window2d,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    dy: &[f32],
) -> [Vec<f64>; 3] {
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    let mut db = vec![0.0; bias.len()];
    for_each_term(window, bias.len(), |at| {
        dx[at.x] += f64::from(dy[at.y]) * f64::from(w[at.w]);
        dw[at.w] += f64::from(dy[at.y]) * f64::from(x[at.x]);
    });
    for (y, dy) in dy.iter().enumerate() {
        db[y / window.output_map() % bias.len()] += f64::from(*dy);
    }
    [dx, dw, db]
}

/// Calls `visit` with every product of the convolution.
fn for_each_term(window: Window2d, kernels: usize, mut visit: impl FnMut(Term)) {
    let (k, channels) = (window.kernel, window.channels);
    for b in 0..window.batch {
        for o in 0..kernels {
            for c in 0..channels {
                for_each_pixel(window, |[i, j], [u, v], [row, column]| {
                    visit(Term {
                        y: ((b * kernels + o) * window.output[0] + i) * window.output[1] + j,
                        x: ((b * channels + c) * window.input[0] + row) * window.input[1] + column,
                        w: ((o * channels + c) * k + u) * k + v,
                    });
                });
            }
        }
    }
}

/// `visit([i, j], [u, v], [row, column])` for every output of a map and every pixel of its window.
fn for_each_pixel(window: Window2d, mut visit: impl FnMut([usize; 2], [usize; 2], [usize; 2])) {
    for i in 0..window.output[0] {
        for j in 0..window.output[1] {
            for u in 0..window.kernel {
                for v in 0..window.kernel {
                    let (row, column) = (i * window.stride + u, j * window.stride + v);
                    let inside =
                        |at: usize, side| at >= window.padding && at < side + window.padding;
                    if inside(row, window.input[0]) && inside(column, window.input[1]) {
                        visit(
                            [i, j],
                            [u, v],
                            [row - window.padding, column - window.padding],
                        );
                    }
                }
            }
        }
    }
}

/// Lists, for every output of pooling, the indices in `x` of its window's pixels, in row-major
/// order.
fn windows(window: Window2d) -> Vec<Vec<usize>> {
    let mut windows = vec![Vec::new(); window.outputs()];
    for map in 0..window.batch * window.channels {
        for_each_pixel(window, |[i, j], _, [row, column]| {
            let y = (map * window.output[0] + i) * window.output[1] + j;
            windows[y].push((map * window.input[0] + row) * window.input[1] + column);
        });
    }
    windows
}

/// `y[c, i, j] = max_{u, v} x[c, i·S + u − P, j·S + v − P]`
pub fn max_pool2d(window: Window2d, x: &[f32]) -> Vec<f64> {
    let windows = windows(window).into_iter();
    windows
        .map(|pixels| f64::from(x[first_maximum(x, &pixels)]))
        .collect()
}

/// The gradient with respect to `x`: `dy` goes to the first of the largest pixels of each window.
pub fn max_pool2d_gradient(window: Window2d, x: &[f32], dy: &[f32]) -> Vec<f64> {
    let mut dx = vec![0.0; x.len()];
    for (pixels, dy) in windows(window).iter().zip(dy) {
        dx[first_maximum(x, pixels)] += f64::from(*dy);
    }
    dx
}

/// The first of `pixels`, indices in `x`, at which `x` is largest.
fn first_maximum(x: &[f32], pixels: &[usize]) -> usize {
    let largest = pixels
        .iter()
        .map(|&i| x[i])
        .fold(f32::NEG_INFINITY, f32::max);
    let mut pixels = pixels.iter().copied();
    pixels
        .find(|&i| x[i] == largest)
        .expect("a window that is not all padding")
}

/// `y[c, i, j] = 1/K² Σ_u Σ_v x[c, i·S + u − P, j·S + v − P]`
pub fn avg_pool2d(window: Window2d, x: &[f32]) -> Vec<f64> {
    let area = (window.kernel * window.kernel) as f64;
    let windows = windows(window).into_iter();
    windows
        .map(|pixels| pixels.iter().map(|&i| f64::from(x[i])).sum::<f64>() / area)
        .collect()
}

/// The gradient with respect to `x`: every pixel of a window gets 1/K² of `dy`.
pub fn avg_pool2d_gradient(window: Window2d, x: &[f32], dy: &[f32]) -> Vec<f64> {
    let area = (window.kernel * window.kernel) as f64;
    let mut dx = vec![0.0; x.len()];
    for (pixels, dy) in windows(window).iter().zip(dy) {
        for &i in pixels {
            dx[i] += f64::from(*dy) / area;
        }
    }
    dx
}

/// `y[b, o] = bias[o] + Σ_i w[o, i] · x[b, i]`
pub fn linear(inputs: usize, x: &[f32], w: &[f32], bias: &[f32]) -> Vec<f64> {
    let mut y = Vec::new();
    for x in x.chunks_exact(inputs) {
        for (w, bias) in w.chunks_exact(inputs).zip(bias) {
            let products = w.iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x));
            y.push(f64::from(*bias) + products.sum::<f64>());
        }
    }
    y
}

/// Gradients with respect to `x`, `w` and `bias`, given `dy`.
pub fn linear_gradients(
    inputs: usize,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    dy: &[f32],
) -> [Vec<f64>; 3] {
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    let mut db = vec![0.0; bias.len()];
    for (y, dy) in dy.iter().enumerate() {
        let (b, o) = (y / bias.len(), y % bias.len());
        db[o] += f64::from(*dy);
        for i in 0..inputs {
            dx[b * inputs + i] += f64::from(*dy) * f64::from(w[o * inputs + i]);
            dw[o * inputs + i] += f64::from(*dy) * f64::from(x[b * inputs + i]);
        }
    }
    [dx, dw, db]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_maxima_are_those_worked_out_by_hand() {
        let window = Window2d::new([1, 1, 2, 3], 2, 1, 0);
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let w = [1.0, 10.0, 100.0, 1000.0];
        let y = conv2d(window, &x, &w, &[0.5]);
        assert_eq!(y, [5421.0 + 0.5, 6532.0 + 0.5]);
        let [dx, dw, db] = conv2d_gradients(window, &x, &w, &[0.5], &[1.0, -2.0]);
        assert_eq!(dx, [1.0, 8.0, -20.0, 100.0, 800.0, -2000.0]);
        assert_eq!(dw, [1.0 - 4.0, 2.0 - 6.0, 4.0 - 10.0, 5.0 - 12.0]);
        assert_eq!(db, [-1.0]);

        assert_eq!(max_pool2d(window, &x), [5.0, 6.0]);
        let dx = max_pool2d_gradient(window, &[7.0; 6], &[1.0, -2.0]);
        assert_eq!(dx, [1.0, -2.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(avg_pool2d(window, &x), [3.0, 4.0]);
        let dx = avg_pool2d_gradient(window, &x, &[4.0, 8.0]);
        assert_eq!(dx, [1.0, 3.0, 2.0, 1.0, 3.0, 2.0]);
    }

    #[test]
    fn padding_counts_as_zero_in_a_mean_and_never_as_a_maximum() {
        let window = Window2d::new([1, 1, 1, 1], 2, 1, 1);
        assert_eq!(max_pool2d(window, &[-8.0]), [-8.0; 4]);
        assert_eq!(avg_pool2d(window, &[-8.0]), [-2.0; 4]);
    }

    #[test]
    fn dense_products_are_those_worked_out_by_hand() {
        let (x, w, bias) = ([1.0, 2.0], [3.0, 4.0, 5.0, 6.0], [0.5, -0.5]);
        assert_eq!(linear(2, &x, &w, &bias), [11.5, 16.5]);
        let [dx, dw, db] = linear_gradients(2, &x, &w, &bias, &[1.0, -1.0]);
        assert_eq!(dx, [3.0 - 5.0, 4.0 - 6.0]);
        assert_eq!(dw, [1.0, 2.0, -1.0, -2.0]);
        assert_eq!(db, [1.0, -1.0]);
    }
}
