//! Max pooling where values tie, are infinite or not numbers.
use crate::ops::pool2d::{max_backward, max_forward};
use kernels::Window2d;

const NAN: f32 = f32::NAN;

/// Maxima, argmax, and the input's gradient for an output gradient of ones.
fn pool(window: Window2d, x: &[f32]) -> (Vec<f32>, Vec<u32>, Vec<f32>) {
    let (mut y, mut argmax) = (vec![0.0; window.outputs()], vec![0; window.outputs()]);
    max_forward(window, x, &mut y, &mut argmax);
    let mut dx = vec![0.0; x.len()];
    max_backward(window, &argmax, &vec![1.0; y.len()], &mut dx);
    (y, argmax, dx)
}

#[test]
fn of_equal_pixels_the_first_in_row_major_order_gets_the_gradient() {
    let two_by_two = Window2d::new([1, 1, 2, 2], 2, 2, 0);
    assert_eq!(pool(two_by_two, &[5.0; 4]).2, [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(
        pool(two_by_two, &[1.0, 5.0, 5.0, 5.0]).2,
        [0.0, 1.0, 0.0, 0.0]
    );
    assert_eq!(
        pool(two_by_two, &[1.0, 0.0, 5.0, 5.0]).2,
        [0.0, 0.0, 1.0, 0.0]
    );
}

#[test]
fn a_pixel_that_wins_in_several_windows_gets_the_gradient_of_each() {
    let overlapping = Window2d::new([1, 1, 3, 3], 2, 1, 0);
    let x = [0.0, 1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0, 7.0];
    let (y, _, dx) = pool(overlapping, &x);
    assert_eq!(y, [9.0; 4]);
    assert_eq!(dx, [0.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn padding_never_wins_even_against_negative_pixels() {
    let padded = Window2d::new([1, 1, 2, 2], 2, 2, 1); // each window holds one pixel
    let (y, argmax, _) = pool(padded, &[-4.0, -3.0, -2.0, -1.0]);
    assert_eq!(
        (y, argmax),
        (vec![-4.0, -3.0, -2.0, -1.0], vec![0, 1, 2, 3])
    );
}

#[test]
fn a_nan_wins_wherever_it_stands() {
    let two_by_two = Window2d::new([1, 1, 2, 2], 2, 2, 0);
    for place in 0..4 {
        let mut x = [1.0, f32::INFINITY, -2.0, 0.0];
        x[place] = NAN;
        let (y, argmax, dx) = pool(two_by_two, &x);
        assert!(y[0].is_nan());
        assert_eq!(argmax, [place as u32]);
        assert_eq!(dx[place], 1.0);
    }
}

#[test]
fn a_window_of_minus_infinity_still_has_an_argmax_of_its_own() {
    let row = [1.0, 1.0, f32::NEG_INFINITY, f32::NEG_INFINITY];
    let x: Vec<f32> = row.into_iter().chain(row).collect();
    let (y, argmax, dx) = pool(Window2d::new([1, 1, 2, 4], 2, 2, 0), &x);
    assert_eq!(y, [1.0, f32::NEG_INFINITY]);
    assert_eq!(argmax, [0, 2]);
    assert_eq!(dx.iter().sum::<f32>(), 2.0);
}
