//! IDX arrays → MNIST: images and their labels, for training, validation and test.
//!
//! ```
//! use digits::dataset::Mnist;
//!
//! let mnist = Mnist::load()?;
//! assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
//! assert_eq!(mnist.train.label(0), 5);
//! // The last tenth is held out, as with Keras's `validation_split=0.1`.
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

/// Grey images of 28 × 28 pixels, each with the digit that it shows.
///
/// Cloning, [`take`](Self::take) and [`split_validation`](Self::split_validation) do not copy the
/// pixels: the data sets share them.
#[derive(Clone)]
pub struct Dataset {
    /// The pixels of all shared images, 784 for each.
    pixels: Arc<Vec<u8>>,
    /// The labels of all shared images.
    labels: Arc<Vec<u8>>,
    /// The indices of the shared images that belong to this data set.
    range: Range<usize>,
}

impl Dataset {
    /// Creates a data set of N images from `pixels`, N × 784 bytes (image by image, each row by
    /// row), and `labels`, N digits.
    ///
    /// ```
    /// use digits::dataset::Dataset;
    ///
    /// let data = Dataset::new(vec![0; 2 * 784], vec![3, 8])?;
    /// assert_eq!((data.len(), data.label(1)), (2, 8));
    /// # Ok::<(), digits::dataset::DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// [`DatasetError::PixelCount`] if there are not 784 pixels for each label,
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

    /// Reads two IDX files, raw or gzipped: images `(N, 28, 28)` and labels `(N)`, both unsigned
    /// bytes.
    ///
    /// ```
    /// use digits::dataset::{Dataset, folder};
    ///
    /// let images = folder().join("t10k-images-idx3-ubyte.gz");
    /// let data = Dataset::read(images, folder().join("t10k-labels-idx1-ubyte.gz"))?;
    /// assert_eq!(data.len(), 10_000);
    /// # Ok::<(), digits::dataset::DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// [`DatasetError`], with the path of the file, if a file cannot be read, or images and labels
    /// do not have these types and shapes, or a label is over 9.
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

    /// The 784 pixels of image `i`, row by row; 0 is background, 255 is ink.
    ///
    /// # Panics
    /// If there is no image `i`.
    pub fn image(&self, i: usize) -> &[u8] {
        &self.pixels()[i * PIXELS..][..PIXELS]
    }

    /// The pixel of image `i` in row `row` and column `col`, both from 0, from the top left corner.
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
    /// If there is no image `i`.
    pub fn label(&self, i: usize) -> u8 {
        self.labels()[i]
    }

    /// The digits that the images show, in the order of the images.
    pub fn labels(&self) -> &[u8] {
        &self.labels[self.range.clone()]
    }

    /// The pixels of all N images: N × 784 bytes, image by image, each row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels[self.range.start * PIXELS..self.range.end * PIXELS]
    }

    /// The number of images of each digit, 0 to 9.
    pub fn class_counts(&self) -> [usize; CLASSES] {
        let mut counts = [0; CLASSES];
        for &label in self.labels() {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// The first `n` images, or all of them if there are fewer.
    pub fn take(&self, n: usize) -> Self {
        self.part(0..n.min(self.len()))
    }

    /// The images at `indices`, in that order; an index may be repeated. The pixels are copied.
    ///
    /// # Panics
    /// If there is no image at one of the indices.
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

    /// Splits the images into training and validation images. The validation images are the
    /// **last** ones, a share of `fraction`.
    ///
    /// This is Keras's `validation_split`, which is taken before any shuffling: there are
    /// `floor(N · (1 − fraction))` training images.
    ///
    /// # Panics
    /// If `fraction` is not from 0 to 1.
    pub fn split_validation(&self, fraction: f64) -> (Self, Self) {
        assert!(
            (0.0..=1.0).contains(&fraction),
            "expected a fraction between 0 and 1, found {fraction}"
        );
        let train = (self.len() as f64 * (1.0 - fraction)).floor() as usize;
        (self.part(0..train), self.part(train..self.len()))
    }

    /// The images at the indices `part`, without copying pixels.
    fn part(&self, part: Range<usize>) -> Self {
        let range = self.range.start + part.start..self.range.start + part.end;
        Self {
            pixels: self.pixels.clone(),
            labels: self.labels.clone(),
            range,
        }
    }
}

/// `Dataset { 60000 images of 28 x 28 pixels }`.
impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Dataset {{ {} images of {SIDE} x {SIDE} pixels }}",
            self.len()
        )
    }
}

/// The index and value of the first label over 9; `None` if there is none.
fn over_nine(labels: &[u8]) -> Option<(usize, u8)> {
    let index = labels
        .iter()
        .position(|&label| usize::from(label) >= CLASSES)?;
    Some((index, labels[index]))
}
