//! IDX arrays → MNIST: images and their labels, for training, validation and test.
//!
//! ```
//! use digits::dataset::Mnist;
//!
//! let mnist = Mnist::load()?;
//! assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
//! assert_eq!(mnist.train.label(0), 5);
//! // The last tenth is held out, as Keras's `validation_split=0.1` does.
//! let (train, validation) = mnist.train.split_validation(0.1);
//! assert_eq!((train.len(), validation.len()), (54_000, 6_000));
//! # Ok::<(), digits::dataset::DatasetError>(())
//! ```

use std::{fmt, ops::Range, path::Path, sync::Arc};

mod error;
mod read;
#[cfg(test)]
mod tests;

pub use error::DatasetError;
pub use read::{Mnist, folder};

/// The number of classes: the digits 0 to 9.
pub const CLASSES: usize = 10;
/// The height and the width of an image, in pixels.
pub const SIDE: usize = 28;
/// The number of pixels of an image: 28 × 28.
pub const PIXELS: usize = SIDE * SIDE;

/// Images of 28 × 28 grey pixels, and the digit that each one shows.
///
/// A clone, [`take`](Self::take) and [`split_validation`](Self::split_validation) share the pixels: they copy none.
#[derive(Clone)]
pub struct Dataset {
    pixels: Arc<Vec<u8>>,
    labels: Arc<Vec<u8>>,
    /// Which of the shared images belong to this data set.
    range: Range<usize>,
}

impl Dataset {
    /// A data set of N images: `pixels` are N × 784 bytes, image after image, row after row; `labels` are N digits.
    ///
    /// # Errors
    /// [`DatasetError::PixelCount`] unless there are 784 pixels for each label,
    /// [`DatasetError::Label`] if a label is over 9.
    pub fn new(pixels: Vec<u8>, labels: Vec<u8>) -> Result<Self, DatasetError> {
        if labels.len().checked_mul(PIXELS) != Some(pixels.len()) {
            return Err(DatasetError::PixelCount {
                found: pixels.len(),
                labels: labels.len(),
            });
        }
        if let Some((index, found)) = over_nine(&labels) {
            return Err(DatasetError::Label { index, found });
        }
        let range = 0..labels.len();
        Ok(Self {
            pixels: Arc::new(pixels),
            labels: Arc::new(labels),
            range,
        })
    }

    /// Reads a pair of IDX files, raw or gzipped: images of shape (N, 28, 28), labels of shape (N).
    ///
    /// # Errors
    /// Names the file, the position, what was expected and what was found: see [`DatasetError`].
    pub fn read(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Self, DatasetError> {
        read::Pair::read(images.as_ref(), labels.as_ref())?.into_dataset()
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The 784 pixels of image `i`, row after row; 0 is background, 255 is ink.
    ///
    /// # Panics
    /// If there is no image `i`, as a slice does.
    pub fn image(&self, i: usize) -> &[u8] {
        &self.pixels()[i * PIXELS..][..PIXELS]
    }

    /// The pixel of image `i` in `row` and `col`, both counted from the top left.
    ///
    /// # Panics
    /// If there is no image `i`, or `row` or `col` is over 27.
    pub fn pixel(&self, i: usize, row: usize, col: usize) -> u8 {
        assert!(
            row < SIDE && col < SIDE,
            "expected a row and a column below {SIDE}, found {row} and {col}"
        );
        self.image(i)[row * SIDE + col]
    }

    /// The digit that image `i` shows.
    ///
    /// # Panics
    /// If there is no image `i`, as a slice does.
    pub fn label(&self, i: usize) -> u8 {
        self.labels()[i]
    }

    /// The digits that the images show, in order.
    pub fn labels(&self) -> &[u8] {
        &self.labels[self.range.clone()]
    }

    /// The pixels of all images: N × 784 bytes.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels[self.range.start * PIXELS..self.range.end * PIXELS]
    }

    /// How many images there are of each digit.
    pub fn class_counts(&self) -> [usize; CLASSES] {
        let mut counts = [0; CLASSES];
        for &label in self.labels() {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// The first `n` images, or all if there are fewer.
    pub fn take(&self, n: usize) -> Self {
        self.part(0..n.min(self.len()))
    }

    /// The images at `indices`, in that order; an index may come more than once.
    ///
    /// # Panics
    /// If there is no image at one of them, as a slice does.
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut pixels = Vec::with_capacity(indices.len() * PIXELS);
        for &i in indices {
            pixels.extend_from_slice(self.image(i));
        }
        let labels: Vec<u8> = indices.iter().map(|&i| self.label(i)).collect();
        Self {
            pixels: Arc::new(pixels),
            labels: Arc::new(labels),
            range: 0..indices.len(),
        }
    }

    /// Splits into (training, validation): `fraction` of the images, the **last** ones, are for validation.
    ///
    /// This is Keras's `validation_split`: taken before any shuffling, the first part being
    /// `floor(N · (1 − fraction))` images long.
    ///
    /// # Panics
    /// If `fraction` is not between 0 and 1.
    pub fn split_validation(&self, fraction: f64) -> (Self, Self) {
        assert!(
            (0.0..=1.0).contains(&fraction),
            "expected a fraction between 0 and 1, found {fraction}"
        );
        let train = (self.len() as f64 * (1.0 - fraction)).floor() as usize;
        (self.part(0..train), self.part(train..self.len()))
    }

    fn part(&self, part: Range<usize>) -> Self {
        let range = self.range.start + part.start..self.range.start + part.end;
        Self {
            pixels: self.pixels.clone(),
            labels: self.labels.clone(),
            range,
        }
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Dataset {{ {} images of {SIDE} x {SIDE} pixels }}",
            self.len()
        )
    }
}

/// The first label that is over 9, and its index.
fn over_nine(labels: &[u8]) -> Option<(usize, u8)> {
    let index = labels
        .iter()
        .position(|&label| usize::from(label) >= CLASSES)?;
    Some((index, labels[index]))
}
