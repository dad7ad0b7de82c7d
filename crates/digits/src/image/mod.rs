//! A photograph → a digit as MNIST has them: grey, invert, threshold, crop, fit, centre.
//!
//! A [`Grey`] is `H × W` values from 0 to 1, row after row. In a photograph 0 is black and 1 is white; after
//! [`invert`](Grey::invert) 0 is paper and 1 is ink, as in MNIST.
//!
//! | step | what it does |
//! |---|---|
//! | [`Grey::open`], [`Grey::decode`] | PNG or JPEG → brightness, one number a pixel |
//! | [`Grey::crop`] | a rectangle |
//! | [`Grey::invert`] | ink becomes large, paper small |
//! | [`Grey::threshold`] | ink 1, paper 0, divided by Otsu's level |
//! | [`Grey::crop_to_ink`] | the smallest rectangle that holds the ink |
//! | [`Grey::fit`] | the longer side becomes 20, the shape stays |
//! | [`Grey::centre_by_mass`] | onto 28 × 28, the centre of mass on the middle |
//! | [`Grey::bytes`] | 784 bytes, what [`Dataset::new`](crate::dataset::Dataset::new) takes |
//!
//! ```
//! use digits::image::Grey;
//!
//! // A white page of 40 × 60 with a stroke of 30 × 6, as a pen would leave it.
//! let stroke = |row, col| (5..35).contains(&row) && (40..46).contains(&col);
//! let page = (0..40 * 60).map(|at| if stroke(at / 60, at % 60) { 0.2 } else { 0.9 }).collect();
//! let one = Grey::new(40, 60, page)?.as_mnist()?;
//! assert_eq!((one.height(), one.width()), (28, 28));
//! let ink = one.ink_box()?;
//! assert_eq!((ink.height(), ink.width()), (20, 4)); // 30 × 6 in a box of 20 × 20
//! let (row, col) = one.centre_of_mass()?;
//! assert!((row - 14.0).abs() <= 0.5 && (col - 14.0).abs() <= 0.5);
//! # Ok::<(), digits::image::ImageError>(())
//! ```
//!
//! Decoding and resizing are the crate `image`'s.

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

/// The side of the box into which a digit's ink goes, in pixels.
pub const BOX: usize = 20;
/// The side of the frame in whose middle the digit stands, in pixels.
pub const FRAME: usize = 28;

/// A picture of one number a pixel, 0 to 1: `H × W` of them, row after row, never none.
#[derive(Clone, PartialEq)]
pub struct Grey {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Grey {
    /// A picture of `height × width` values, row after row.
    ///
    /// # Errors
    /// [`ImageError::NoPixels`], [`ImageError::ValueCount`], or [`ImageError::Value`] at the first value that is NaN or
    /// not from 0 to 1.
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

    /// An image of a [`Dataset`](crate::dataset::Dataset), `side × side` bytes, as values: a byte p becomes p / 255.
    ///
    /// # Errors
    /// [`ImageError::NoPixels`] or [`ImageError::ValueCount`].
    pub fn from_bytes(side: usize, bytes: &[u8]) -> Result<Self, ImageError> {
        let values = bytes.iter().map(|&byte| f32::from(byte) / 255.0);
        Self::new(side, side, values.collect())
    }

    /// Rows, H.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns, W.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The values, `H × W`, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The value in `row` and `col`, both counted from the top left.
    ///
    /// # Panics
    /// If there is no such row or column, as a slice does.
    pub fn at(&self, row: usize, col: usize) -> f32 {
        assert!(col < self.width, "column {col} of {}", self.width);
        self.values[row * self.width + col]
    }

    /// The values as bytes, `H × W`, row after row: a value v becomes 255 v, rounded. Of a picture of 28 × 28 these are
    /// what [`Dataset::new`](crate::dataset::Dataset::new) takes.
    pub fn bytes(&self) -> Vec<u8> {
        let byte = |value: &f32| (255.0 * value).round() as u8;
        self.values.iter().map(byte).collect()
    }

    /// The negative: 1 − v.
    pub fn invert(&self) -> Self {
        self.map(|value| 1.0 - value)
    }

    /// The rectangle of `height` rows from `top` and `width` columns from `left`.
    ///
    /// # Errors
    /// [`ImageError::Outside`] unless it has a pixel and lies in the picture.
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

    /// A photograph of one digit, dark on light, as MNIST would have it: 28 × 28, 0 paper, 1 ink.
    ///
    /// [`invert`](Self::invert), [`threshold`](Self::threshold), [`crop_to_ink`](Self::crop_to_ink),
    /// [`fit`](Self::fit)`(20)`, [`centre_by_mass`](Self::centre_by_mass)`(28)`: the recipe of LeCun, Bottou, Bengio and
    /// Haffner, "Gradient-based learning applied to document recognition", 1998, section III-A.
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
