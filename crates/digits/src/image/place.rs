//! A picture → the picture in another size, or at a position on a larger background.

use super::{Grey, ImageError, MAX_SIDE};
use ::image::imageops::{self, FilterType};
use ::image::{ImageBuffer, Luma};

impl Grey {
    /// The picture resized to `height × width` pixels, with anti-aliasing. The aspect ratio may
    /// change.
    ///
    /// A pixel of a smaller picture is a weighted mean of the pixels around its position. The
    /// weights form a triangle two of the new pixels wide (`Triangle` in the crate `image`,
    /// `BILINEAR` in Pillow).
    ///
    /// # Errors
    /// [`ImageError::Side`] if a side is 0 or over [`MAX_SIDE`].
    pub fn resize(&self, height: usize, width: usize) -> Result<Self, ImageError> {
        self.resize_by(FilterType::Triangle, height, width)
    }

    /// The picture resized to `height × width` pixels, without anti-aliasing: each pixel has the
    /// value of the nearest pixel of the original.
    ///
    /// # Errors
    /// As for [`resize`](Self::resize).
    pub fn resize_nearest(&self, height: usize, width: usize) -> Result<Self, ImageError> {
        self.resize_by(FilterType::Nearest, height, width)
    }

    /// The picture resized to `side` pixels on its longer side, with its aspect ratio kept. The
    /// shorter side is rounded to whole pixels, and at least 1.
    ///
    /// # Errors
    /// As for [`resize`](Self::resize).
    pub fn fit(&self, side: usize) -> Result<Self, ImageError> {
        let longer = self.height.max(self.width) as f64;
        let fitted = |length: usize| ((side * length) as f64 / longer).round().max(1.0) as usize;
        check_side(1, side)?;
        self.resize(fitted(self.height), fitted(self.width))
    }

    /// The picture on a background of `side × side` zeros, placed so that its centre of mass is as
    /// near as whole pixels allow to row and column `side / 2` (rounded down, from 0), as in MNIST.
    ///
    /// Nothing is cut off: a picture whose centre of mass is far from its middle is placed at the
    /// edge.
    ///
    /// # Errors
    /// [`ImageError::Side`] if the picture does not fit, [`ImageError::Blank`] if all values are 0.
    pub fn centre_by_mass(&self, side: usize) -> Result<Self, ImageError> {
        check_side(self.height.max(self.width), side)?;
        let (row, col) = self.centre_of_mass()?;
        let start = |centre: f64, length: usize| {
            let wanted = (side as f64 / 2.0).floor() - centre;
            wanted.round().clamp(0.0, (side - length) as f64) as usize
        };
        self.put(start(row, self.height), start(col, self.width), side)
    }

    /// The picture on a background of `side × side` zeros, with its top left pixel in row `top`
    /// and column `left`.
    ///
    /// # Errors
    /// [`ImageError::Side`] if the picture does not fit.
    pub fn put(&self, top: usize, left: usize, side: usize) -> Result<Self, ImageError> {
        let (bottom, right) = (
            top.saturating_add(self.height),
            left.saturating_add(self.width),
        );
        check_side(bottom.max(right), side)?;
        let mut values = vec![0.0; side * side];
        for (row, from) in self.values.chunks_exact(self.width).enumerate() {
            values[(top + row) * side + left..][..self.width].copy_from_slice(from);
        }
        Self::new(side, side, values)
    }

    /// The picture resized to `height × width` pixels with a filter of the crate `image`.
    fn resize_by(
        &self,
        filter: FilterType,
        height: usize,
        width: usize,
    ) -> Result<Self, ImageError> {
        check_side(1, height)?;
        check_side(1, width)?;
        let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let picture: ImageBuffer<Luma<f32>, _> =
            ImageBuffer::from_raw(size(self.width), size(self.height), self.values.as_slice())
                .expect("there are as many values as pixels");
        let resized = imageops::resize(&picture, size(width), size(height), filter);
        // Rounding can make a mean of ones exceed 1.
        let values = resized
            .into_raw()
            .into_iter()
            .map(|value| value.clamp(0.0, 1.0));
        Self::new(height, width, values.collect())
    }
}

/// Checks that a side of `found` pixels is from `least` to [`MAX_SIDE`].
fn check_side(least: usize, found: usize) -> Result<(), ImageError> {
    if found < least || found > MAX_SIDE as usize {
        return Err(ImageError::Side { least, found });
    }
    Ok(())
}
