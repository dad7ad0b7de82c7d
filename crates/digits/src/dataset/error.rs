//! What can be wrong with a data set: in which file, where, what was expected, what was found, what to do.

use super::{CLASSES, PIXELS, SIDE};
use crate::idx::{ElementType, IdxError};
use std::path::PathBuf;

/// Why images and labels do not make a data set.
///
/// Positions count bytes from 0, after decompression if the file is gzipped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A file is missing or is not an IDX file.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// One of MNIST's files is not where it should be.
    #[error(
        "{}: no such file; expected one of MNIST's four files, gzipped, as the repository has them in data/mnist; \
         restore it with `git checkout data/mnist`, or set DIGITS_DATA to the folder that holds them",
        path.display()
    )]
    Missing {
        /// Where the file was looked for.
        path: PathBuf,
    },
    /// The images are of another type, rank or size.
    #[error(
        "{}: bytes 2-15: expected unsigned bytes of shape (N, {SIDE}, {SIDE}), found {element:?} of shape {dims:?}; \
         check that this is the file of the images, and resize them to {SIDE} x {SIDE}",
        path.display()
    )]
    Images {
        /// The file of the images.
        path: PathBuf,
        /// The type it has.
        element: ElementType,
        /// The shape it has.
        dims: Vec<usize>,
    },
    /// The labels are of another type or rank.
    #[error(
        "{}: bytes 2-7: expected unsigned bytes of shape (N), found {element:?} of shape {dims:?}; \
         check that this is the file of the labels",
        path.display()
    )]
    Labels {
        /// The file of the labels.
        path: PathBuf,
        /// The type it has.
        element: ElementType,
        /// The shape it has.
        dims: Vec<usize>,
    },
    /// There is not one label for each image.
    #[error(
        "{}: bytes 4-7: expected {expected} labels, as there are {expected} images in {}, found {found}; \
         check that the two files belong together",
        path.display(), images.display()
    )]
    LabelCount {
        /// The file of the labels.
        path: PathBuf,
        /// The file of the images.
        images: PathBuf,
        /// The number of images.
        expected: usize,
        /// The number of labels.
        found: usize,
    },
    /// A file has a label over 9.
    #[error(
        "{}: byte {position}: expected a label from 0 to {}, found {found}; \
         check that these are the labels of digits",
        path.display(), CLASSES - 1
    )]
    LabelInFile {
        /// The file of the labels.
        path: PathBuf,
        /// Where the label stands.
        position: usize,
        /// The label.
        found: u8,
    },
    /// A file is well formed, but it is not MNIST's.
    #[error(
        "{}: expected the file of MNIST whose contents have the SHA-256 {expected}, found {found}; \
         restore it with `git checkout data/mnist`, or read other images with `Dataset::read`",
        path.display()
    )]
    Hash {
        /// The file.
        path: PathBuf,
        /// The SHA-256 of MNIST's file, after decompression.
        expected: &'static str,
        /// The SHA-256 of this one, after decompression.
        found: String,
    },
    /// There are not 784 pixels for each label.
    #[error(
        "expected {} pixels, {PIXELS} for each of {labels} labels, found {found}; \
         give each image {SIDE} rows of {SIDE} pixels",
        labels.saturating_mul(PIXELS)
    )]
    PixelCount {
        /// The number of pixels.
        found: usize,
        /// The number of labels.
        labels: usize,
    },
    /// A label is over 9.
    #[error("label {index}: expected 0 to {}, found {found}; label each image with its digit", CLASSES - 1)]
    Label {
        /// Which label, counted from 0.
        index: usize,
        /// The label.
        found: u8,
    },
}
