//! The matrix product on slices, by the `gemm` crate, which picks the widest instructions of the
//! CPU at run time.
use crate::thread_pool;

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
    /// A row-major matrix with `rows` rows and `cols` columns.
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

    /// The same elements with rows and columns exchanged.
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
    fn row_range(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.rows, "rows of the matrix");
        Self {
            data: &self.data[(first * self.row_stride).min(self.data.len())..],
            rows: count,
            ..self
        }
    }

    /// The `count` columns from `first` on.
    fn column_range(self, first: usize, count: usize) -> Self {
        self.transposed().row_range(first, count).transposed()
    }
}

/// `out = a b`, or `out += a b` if `accumulate`; `out` is row-major, `a.rows` × `b.cols`. One
/// thread.
///
/// ```
/// use kernels::{Matrix, matmul};
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
    check(out, a, b);
    // SAFETY: `out` holds `a.rows` × `b.cols` elements, and no other reference to them exists.
    unsafe { product(out.as_mut_ptr(), b.cols, a, b, accumulate) }
}

/// [`matmul`] on several threads, if the product is large enough. The split depends on the sizes
/// alone, so that every element is the same number on one thread and on many: by rows, or, if the
/// result is many times as wide as high, by columns. (Each part reads the whole of one factor and
/// its share of the other, which should be the larger one.)
///
/// # Panics
/// If the sizes do not fit.
pub fn par_matmul(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>, accumulate: bool) {
    /// The number of multiplications that take about as long as handing work to another thread.
    const MIN_PARALLEL: usize = 1 << 18;
    const MAX_PARTS: usize = 4;
    /// A result more than this many times as wide as high is split by columns.
    const WIDE: usize = 8;
    /// The number of lanes of the widest vector.
    const VECTOR: usize = 16;
    if a.rows * a.cols * b.cols < MIN_PARALLEL {
        return matmul(out, a, b, accumulate);
    }
    check(out, a, b);
    if b.cols <= WIDE * a.rows {
        let rows = a.rows.div_ceil(MAX_PARTS);
        return thread_pool::for_each(out.chunks_mut(rows * b.cols), |part, out| {
            let a = a.row_range(part * rows, out.len() / b.cols);
            matmul(out, a, b, accumulate);
        });
    }
    let columns = b.cols.div_ceil(MAX_PARTS).next_multiple_of(VECTOR);
    let out = SharedPtr(out.as_mut_ptr());
    thread_pool::run(b.cols.div_ceil(columns), |part| {
        let from = part * columns;
        let b_part = b.column_range(from, columns.min(b.cols - from));
        // SAFETY: `check` has shown that `out` holds `a.rows` × `b.cols` elements; only the parts
        // see them, and each writes columns of its own.
        unsafe { product(out.from(from), b.cols, a, b_part, accumulate) }
    });
}

/// A pointer that threads share, each of which writes to places of its own.
struct SharedPtr(*mut f32);

// SAFETY: see `par_matmul`, which is the only one to make one.
unsafe impl Sync for SharedPtr {}

impl SharedPtr {
    /// # Safety
    /// The pointer must point to more than `elements` elements.
    unsafe fn from(&self, elements: usize) -> *mut f32 {
        // SAFETY: as the caller promises.
        unsafe { self.0.add(elements) }
    }
}

/// Panics if the sizes do not fit.
fn check(out: &[f32], a: Matrix<'_>, b: Matrix<'_>) {
    assert_eq!(a.cols, b.rows, "columns of a against rows of b");
    assert_eq!(out.len(), a.rows * b.cols, "elements of the product");
}

/// `out = a b`, or `out += a b`, for a row-major `out` whose rows begin `row` elements apart.
///
/// # Safety
/// The `a.rows` × `b.cols` elements of `out` exist, and no other thread reads or writes them at the
/// same time.
unsafe fn product(out: *mut f32, row: usize, a: Matrix<'_>, b: Matrix<'_>, accumulate: bool) {
    // SAFETY: `Matrix` holds `rows * cols` elements at its strides (checked in `new`, kept by
    // `transposed`, `row_range` and `column_range`); `out` is the caller's, and cannot overlap `a`
    // or `b`, which are borrowed.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out,
            1,
            row as isize,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{numbers, same_on_any_number_of_threads};

    #[test]
    fn a_small_product_agrees_with_three_loops() {
        agrees_with_three_loops((5, 7, 3), matmul);
        agrees_with_three_loops((5, 7, 3), par_matmul);
    }

    #[test]
    fn a_product_split_over_threads_agrees_with_three_loops() {
        // Rows in parts of 33, 33, 33 and 31; columns in parts of 96, 96, 96 and 42.
        agrees_with_three_loops((130, 150, 110), par_matmul);
        agrees_with_three_loops((20, 150, 330), par_matmul);
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
    fn a_product_has_the_same_bits_on_one_thread_and_many() {
        for (m, k, n) in [(130, 150, 110), (20, 150, 330)] {
            let (a, b) = (numbers(m * k, 0, 1), numbers(k * n, 0, 2));
            same_on_any_number_of_threads(&format!("{m} × {k} × {n}"), || {
                let mut out = vec![0.0; m * n];
                par_matmul(
                    &mut out,
                    Matrix::new(&a, m, k),
                    Matrix::new(&b, k, n),
                    false,
                );
                vec![out]
            });
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
