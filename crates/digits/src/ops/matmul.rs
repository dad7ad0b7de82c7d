//! Matrix product on slices, by the `gemm` crate, which picks the widest instructions of the CPU at run time.
use crate::cpu::team;

/// A matrix seen in a slice: element `(i, j)` is `data[i * row_stride + j * col_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix of `rows` × `cols`.
    ///
    /// # Panics
    /// If `data` has another length than `rows * cols`.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} × {cols} matrix");
        Self {
            data,
            rows,
            cols,
            row_stride: cols,
            col_stride: 1,
        }
    }

    /// The same elements, rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// The `count` rows from `first` on.
    fn some_rows(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.rows, "rows of the matrix");
        Self {
            data: &self.data[(first * self.row_stride).min(self.data.len())..],
            rows: count,
            ..self
        }
    }
}

/// `out = a b`, or `out += a b` if `accumulate`; `out` is row-major, `a.rows` × `b.cols`. One thread.
///
/// ```
/// use digits::ops::{Matrix, matmul};
/// let a = Matrix::new(&[1.0, 2.0], 1, 2);
/// let b = Matrix::new(&[3.0, 4.0, 5.0, 6.0], 2, 2);
/// let mut out = [0.0; 2];
/// matmul(&mut out, a, b.transposed(), false);
/// assert_eq!(out, [1.0 * 3.0 + 2.0 * 4.0, 1.0 * 5.0 + 2.0 * 6.0]);
/// ```
///
/// # Panics
/// If the sizes do not fit.
pub fn matmul(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>, accumulate: bool) {
    assert_eq!(a.cols, b.rows, "columns of a against rows of b");
    assert_eq!(out.len(), a.rows * b.cols, "elements of the product");
    // SAFETY: `Matrix` holds `rows * cols` elements at its strides (checked in `new`, kept by `transposed` and
    // `some_rows`), `out` is checked above, and it cannot overlap `a` or `b` because it is borrowed mutably.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out.as_mut_ptr(),
            1,
            b.cols as isize,
            accumulate,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            if accumulate { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// [`matmul`] on several threads, if the product is worth it. How the rows are dealt out depends on the sizes alone, so
/// that every element is the same number on one thread and on many.
///
/// # Panics
/// If the sizes do not fit.
pub fn par_matmul(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>, accumulate: bool) {
    /// Multiplications that take about as long as handing work to another thread and back, some 20 µs.
    const WORTH_IT: usize = 1 << 21;
    const PARTS: usize = 4;
    if a.rows * a.cols * b.cols < WORTH_IT {
        return matmul(out, a, b, accumulate);
    }
    assert_eq!(out.len(), a.rows * b.cols, "elements of the product");
    let rows = a.rows.div_ceil(PARTS);
    team::for_each(out.chunks_mut(rows * b.cols), |part, out| {
        let a = a.some_rows(part * rows, out.len() / b.cols);
        matmul(out, a, b, accumulate);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_product_agrees_with_three_loops() {
        agrees_with_three_loops((5, 7, 3), matmul);
        agrees_with_three_loops((5, 7, 3), par_matmul);
    }

    #[test]
    fn a_product_split_over_threads_agrees_with_three_loops() {
        agrees_with_three_loops((130, 150, 110), par_matmul); // 130 rows in parts of 33, 33, 33 and 31
    }

    fn agrees_with_three_loops(
        (m, k, n): (usize, usize, usize),
        product: fn(&mut [f32], Matrix<'_>, Matrix<'_>, bool),
    ) {
        let a: Vec<f32> = (0..m * k).map(|i| (i as f32 * 0.37).sin()).collect();
        let b: Vec<f32> = (0..k * n).map(|i| (i as f32 * 0.73).cos()).collect();
        let mut out = vec![1.0; m * n];
        let transposed: Vec<f32> = (0..k * m).map(|i| a[i % m * k + i / m]).collect(); // (k, m)
        product(&mut out, Matrix::new(&a, m, k), Matrix::new(&b, k, n), true);
        let mut again = vec![1.0; m * n];
        let a_again = Matrix::new(&transposed, k, m).transposed();
        product(&mut again, a_again, Matrix::new(&b, k, n), true);
        for i in 0..m {
            for j in 0..n {
                let sum: f64 = (0..k)
                    .map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j]))
                    .sum();
                for out in [&out, &again] {
                    assert!((f64::from(out[i * n + j]) - 1.0 - sum).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "columns of a against rows of b")]
    fn sizes_that_do_not_fit_are_refused() {
        matmul(
            &mut [0.0; 4],
            Matrix::new(&[0.0; 6], 2, 3),
            Matrix::new(&[0.0; 4], 2, 2),
            false,
        );
    }
}
