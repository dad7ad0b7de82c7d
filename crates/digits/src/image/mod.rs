//! A photograph → a digit as MNIST has them: grey, invert, threshold, crop, fit, centre.
//!
//! A [`Grey`] is a picture of `H × W` values from 0 to 1. In a photograph 0 is black and 1 is
//! white; after [`invert`](Grey::invert) 0 is paper and 1 is ink, as in MNIST.
//!
//! | step | result |
//! |---|---|
//! | [`Grey::open`], [`Grey::decode`] | the brightness of each pixel of a PNG or JPEG file |
//! | [`Grey::crop`] | a rectangle of the picture |
//! | [`Grey::invert`] | large values for ink, small ones for paper |
//! | [`Grey::threshold`] | 1 for ink and 0 for paper, separated by Otsu's threshold |
//! | [`Grey::crop_to_ink`] | the smallest rectangle with all the ink |
//! | [`Grey::fit`] | the picture with a longer side of 20 pixels |
//! | [`Grey::centre_by_mass`] | 28 × 28 pixels with the centre of mass in the middle |
//! | [`Grey::bytes`] | 784 bytes for [`Dataset::new`](crate::dataset::Dataset::new) |
//!
//! ```
//! use digits::image::Grey;
//!
//! // A light page of 40 × 60 pixels with a dark stroke of 30 × 6.
//! let stroke = |row, col| (5..35).contains(&row) && (40..46).contains(&col);
//! let page = (0..40 * 60).map(|at| if stroke(at / 60, at % 60) { 0.2 } else { 0.9 }).collect();
//! let one = Grey::new(40, 60, page)?.as_mnist()?;
//! assert_eq!((one.height(), one.width()), (28, 28));
//! let ink = one.ink_box()?;
//! assert_eq!((ink.height(), ink.width()), (20, 4)); // 30 × 6 scaled to a height of 20
//! let (row, col) = one.centre_of_mass()?;
//! assert!((row - 14.0).abs() <= 0.5 && (col - 14.0).abs() <= 0.5);
//! # Ok::<(), digits::image::ImageError>(())
//! ```
//!
//! Decoding and resizing are done by the crate `image`.

mod decode;
mod error;
mod ink;
mod place;
mod scaler;
#[cfg(test)]
mod tests;

pub use decode::{MAX_PIXELS, MAX_SIDE, grey, photographs};
pub use error::ImageError;
pub use ink::InkBox;
pub use scaler::StandardScaler;

use std::fmt;

/// The larger of the height and width of a digit's ink in MNIST, in pixels.
pub const BOX: usize = 20;
/// The height and width of a picture in MNIST, in pixels.
pub const FRAME: usize = 28;

/// A grey picture: a value from 0 to 1 for each of `H × W` pixels, at least one, row by row.
#[derive(Clone, PartialEq)]
pub struct Grey {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Grey {
    /// Creates a picture from `height × width` values, row by row.
    ///
    /// # Errors
    /// [`ImageError::NoPixels`] if a side is 0, [`ImageError::ValueCount`] if the number of values
    /// is wrong, [`ImageError::Value`] if a value is NaN or not from 0 to 1.
    pub fn new(height: usize, width: usize, values: Vec<f32>) -> Result<Self, ImageError> {
        if height == 0 || width == 0 {
            return Err(ImageError::NoPixels { height, width });
        }
        let found = values.len();
        if height.checked_mul(width) != Some(found) {
            return Err(ImageError::ValueCount {
                height,
                width,
                found,
            });
        }
        match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
            None => Ok(Self {
                height,
                width,
                values,
            }),
            Some(at) => Err(ImageError::Value {
                row: at / width,
                col: at % width,
                found: values[at],
            }),
        }
    }

    /// Creates a picture from `side × side` bytes, such as an image of a
    /// [`Dataset`](crate::dataset::Dataset): a byte p becomes p / 255.
    ///
    /// # Errors
    /// [`ImageError::NoPixels`] if `side` is 0, [`ImageError::ValueCount`] if the number of bytes
    /// is wrong.
    pub fn from_bytes(side: usize, bytes: &[u8]) -> Result<Self, ImageError> {
        let values = bytes.iter().map(|&byte| f32::from(byte) / 255.0);
        Self::new(side, side, values.collect())
    }

    /// H, the number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// W, the number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The `H × W` values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The value in row `row` and column `col`, both from 0, from the top left corner.
    ///
    /// # Panics
    /// If there is no such row or column.
    pub fn at(&self, row: usize, col: usize) -> f32 {
        assert!(
            col < self.width,
            "expected a column below {}, found {col}",
            self.width
        );
        self.values[row * self.width + col]
    }

    /// The values as `H × W` bytes, row by row: a value v becomes 255 v, rounded. For a picture of
    /// 28 × 28 pixels, [`Dataset::new`](crate::dataset::Dataset::new) accepts them as an image.
    pub fn bytes(&self) -> Vec<u8> {
        let byte = |value: &f32| (255.0 * value).round() as u8;
        self.values.iter().map(byte).collect()
    }

    /// The negative: a value v becomes 1 − v.
    pub fn invert(&self) -> Self {
        self.map(|value| 1.0 - value)
    }

    /// The rectangle of `height` rows from row `top` and `width` columns from column `left`.
    ///
    /// ```
    /// use digits::image::Grey;
    ///
    /// let picture = Grey::new(2, 3, vec![0.0, 0.1, 0.2, 0.3, 0.4, 0.5])?;
    /// assert_eq!(picture.crop(1, 0, 1, 2)?.values(), [0.3, 0.4]);
    /// # Ok::<(), digits::image::ImageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError::Outside`] if the rectangle is empty or not inside the picture.
    pub fn crop(
        &self,
        top: usize,
        left: usize,
        height: usize,
        width: usize,
    ) -> Result<Self, ImageError> {
        let (bottom, right) = (top.saturating_add(height), left.saturating_add(width));
        if height == 0 || width == 0 || bottom > self.height || right > self.width {
            return Err(ImageError::Outside {
                height: self.height,
                width: self.width,
                rows: (top, bottom),
                cols: (left, right),
            });
        }
        let rows = self.values.chunks_exact(self.width).skip(top).take(height);
        let values = rows.flat_map(|row| &row[left..right]).copied().collect();
        Ok(Self {
            height,
            width,
            values,
        })
    }

    /// Converts a photograph of one digit, dark on light, to a picture like those of MNIST: 28 ×
    /// 28 pixels, 0 for paper and 1 for ink.
    ///
    /// The steps are [`invert`](Self::invert), [`threshold`](Self::threshold),
    /// [`crop_to_ink`](Self::crop_to_ink), [`fit`](Self::fit)`(20)` and
    /// [`centre_by_mass`](Self::centre_by_mass)`(28)`, as described by LeCun, Bottou, Bengio and
    /// Haffner, "Gradient-based learning applied to document recognition", 1998, section III-A. The
    /// [module](self) has an example.
    ///
    /// # Errors
    /// [`ImageError::Blank`] if there is no ink.
    pub fn as_mnist(&self) -> Result<Self, ImageError> {
        self.invert()
            .threshold()?
            .crop_to_ink()?
            .fit(BOX)?
            .centre_by_mass(FRAME)
    }

    /// The picture with `f` of each value, which must be from 0 to 1.
    fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        Self {
            values: self.values.iter().map(|&value| f(value)).collect(),
            ..*self
        }
    }
}

/// `Grey { 28 x 28 pixels from 0 to 1 }`.
impl fmt::Debug for Grey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.range();
        let Self { height, width, .. } = self;
        write!(
            f,
            "Grey {{ {height} x {width} pixels from {low:.3} to {high:.3} }}"
        )
    }
}
