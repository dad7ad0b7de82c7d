//! The sizes of a convolution or pooling window, and which pixels it sees.
use std::ops::Range;

/// The sizes of a convolution or pooling on a batch of images, as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window2d {
    /// `B`: images in the batch.
    pub batch: usize,
    /// `C`: input channels.
    pub channels: usize,
    /// `(H, W)` of the input, in pixels.
    pub input: [usize; 2],
    /// `(H, W)` of the output, in pixels.
    pub output: [usize; 2],
    /// `K`: side of the square window, in pixels.
    pub kernel: usize,
    /// `S`: pixels from one window to the next.
    pub stride: usize,
    /// `P`: zeros added on each side, in pixels.
    pub padding: usize,
}

impl Window2d {
    /// A window of side `kernel` that moves by `stride` over a batch of images `[B, C, H, W]`, each
    /// with `padding` zeros on every side.
    ///
    /// ```
    /// let window = kernels::Window2d::new([2, 3, 28, 28], 5, 1, 0);
    /// assert_eq!((window.output, window.column()), ([24, 24], 3 * 5 * 5));
    /// ```
    pub fn new(
        [batch, channels, h, w]: [usize; 4],
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Self {
        let output = |side: usize| (side + 2 * padding - kernel) / stride + 1;
        Self {
            batch,
            channels,
            input: [h, w],
            output: [output(h), output(w)],
            kernel,
            stride,
            padding,
        }
    }

    /// The number of pixels of one input map, `H W`.
    pub fn input_map(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// The number of pixels of one output map, `H' W'`.
    pub fn output_map(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// The number of elements under one window, `C K K`.
    pub fn column(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    /// The number of outputs if there are as many channels as in the input, `B C H' W'`.
    pub fn outputs(&self) -> usize {
        self.batch * self.channels * self.output_map()
    }

    /// Visits the pixels of one map under kernel position `(u, v)`, one row of outputs after the
    /// other.
    ///
    /// `visit(outputs, pixel)`: `outputs` are those of the row for which `(u, v)` lies inside the
    /// image, not in its padding; the first of them sees `pixel`, the next one the pixel `S`
    /// further on. Both count in row-major order.
    ///
    /// ```
    /// use kernels::Window2d;
    /// // A window of 3 × 3 on 4 × 5 pixels, two pixels apart, with one pixel of padding.
    /// let window = Window2d {
    ///     batch: 1, channels: 1, input: [4, 5], output: [2, 3], kernel: 3, stride: 2, padding: 1,
    /// };
    /// let mut runs = Vec::new();
    /// window.for_each_run([0, 0], |outputs, pixel| runs.push((outputs, pixel)));
    /// assert_eq!(runs, [(4..6, 6)]); // the other windows begin in the padding
    /// ```
    #[inline]
    pub fn for_each_run(&self, [u, v]: [usize; 2], mut visit: impl FnMut(Range<usize>, usize)) {
        let ([h, w], [out_h, out_w]) = (self.input, self.output);
        let (stride, padding) = (self.stride, self.padding);
        // The outputs `i` with 0 ≤ i·S + offset − P < side.
        let inside = |offset: usize, side: usize, out: usize| {
            let first = padding.saturating_sub(offset).div_ceil(stride).min(out);
            let end = (side + padding).saturating_sub(offset).div_ceil(stride);
            first..end.clamp(first, out)
        };
        let columns = inside(v, w, out_w);
        if columns.is_empty() {
            return;
        }
        let x = columns.start * stride + v - padding;
        for i in inside(u, h, out_h) {
            let y = i * stride + u - padding;
            visit(
                i * out_w + columns.start..i * out_w + columns.end,
                y * w + x,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_window_ends_where_image_and_padding_end_or_less_than_a_stride_before() {
        for (h, w) in [(7, 9), (8, 8), (13, 7)] {
            for (k, s, p) in [(3, 1, 0), (3, 2, 1), (5, 3, 2), (7, 2, 3), (1, 3, 0)] {
                let window = Window2d::new([1, 1, h, w], k, s, p);
                for (side, output) in [h, w].into_iter().zip(window.output) {
                    let left = side + 2 * p - ((output - 1) * s + k);
                    assert!(left < s, "{window:?}");
                }
            }
        }
    }

    #[test]
    fn runs_visit_the_pixels_under_each_kernel_position_that_are_not_padding() {
        for (k, s, p) in [
            (3, 1, 0),
            (3, 2, 1),
            (5, 3, 2),
            (7, 2, 3),
            (1, 3, 0),
            (2, 1, 3),
        ] {
            let window = Window2d::new([1, 1, 7, 9], k, s, p);
            let ([h, w], [rows, columns]) = (window.input, window.output);
            for (u, v) in (0..k * k).map(|at| (at / k, at % k)) {
                let mut found = Vec::new();
                window.for_each_run([u, v], |outputs, pixel| {
                    found.extend(outputs.enumerate().map(|(n, y)| (y, pixel + n * s)));
                });
                let mut expected = Vec::new();
                for (i, j) in (0..rows * columns).map(|y| (y / columns, y % columns)) {
                    let at = [(i * s + u).checked_sub(p), (j * s + v).checked_sub(p)];
                    if let [Some(row), Some(column)] = at
                        && row < h
                        && column < w
                    {
                        expected.push((i * columns + j, row * w + column));
                    }
                }
                assert_eq!(found, expected, "{window:?}, ({u}, {v})");
            }
        }
    }
}
