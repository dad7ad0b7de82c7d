//! Errors of reading data sets. Their messages say in which file and where the error is, what was
//! expected, what was found and what to do.

use super::{CLASSES, PIXELS, SIDE};
use crate::idx::{ElementType, IdxError};
use std::path::PathBuf;

/// Why a data set cannot be made of images and labels.
///
/// Positions are in bytes from 0, after decompression if the file is gzipped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A file is missing or is not an IDX file.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// One of MNIST's files does not exist.
    #[error(
        "{}: no such file; expected one of the four gzipped files of MNIST, which the repository \
         has in data/mnist; restore it with `git checkout data/mnist`, or set DIGITS_DATA to the \
         folder with these files",
        path.display()
    )]
    Missing {
        /// The path of the missing file.
        path: PathBuf,
    },
    /// The images have another element type, rank or size.
    #[error(
        "{}: bytes 2-15: expected unsigned bytes of shape (N, {SIDE}, {SIDE}), found {element:?} \
         of shape {dims:?}; check that this is the file of the images, and resize them to \
         {SIDE} x {SIDE}",
        path.display()
    )]
    Images {
        /// The path of the images.
        path: PathBuf,
        /// The element type of the file.
        element: ElementType,
        /// The shape of the file's array.
        dims: Vec<usize>,
    },
    /// The labels have another element type or rank.
    #[error(
        "{}: bytes 2-7: expected unsigned bytes of shape (N), found {element:?} of shape {dims:?}; \
         check that this is the file of the labels",
        path.display()
    )]
    Labels {
        /// The path of the labels.
        path: PathBuf,
        /// The element type of the file.
        element: ElementType,
        /// The shape of the file's array.
        dims: Vec<usize>,
    },
    /// The number of labels is not the number of images.
    #[error(
        "{}: bytes 4-7: expected {expected} labels, as there are {expected} images in {}, \
         found {found}; check that the two files belong together",
        path.display(), images.display()
    )]
    LabelCount {
        /// The path of the labels.
        path: PathBuf,
        /// The path of the images.
        images: PathBuf,
        /// The number of images.
        expected: usize,
        /// The number of labels.
        found: usize,
    },
    /// A label in a file is over 9.
    #[error(
        "{}: byte {position}: expected a label from 0 to {}, found {found}; \
         check that these are the labels of digits",
        path.display(), CLASSES - 1
    )]
    LabelInFile {
        /// The path of the labels.
        path: PathBuf,
        /// The position of the label, in bytes.
        position: usize,
        /// The label.
        found: u8,
    },
    /// A file is valid, but it is not the one of MNIST.
    #[error(
        "{}: expected MNIST's file, with the SHA-256 {expected}, found the SHA-256 {found}; \
         restore it with `git checkout data/mnist`, or read other images with `Dataset::read`",
        path.display()
    )]
    Hash {
        /// The path of the file.
        path: PathBuf,
        /// The SHA-256 of MNIST's file, after decompression.
        expected: &'static str,
        /// The SHA-256 of this file, after decompression.
        found: String,
    },
    /// The number of pixels is not 784 times the number of labels.
    #[error(
        "expected {} pixels, {PIXELS} for each of {labels} labels, found {found}; \
         pass {SIDE} rows of {SIDE} pixels for each image",
        labels.saturating_mul(PIXELS)
    )]
    PixelCount {
        /// The number of pixels.
        found: usize,
        /// The number of labels.
        labels: usize,
    },
    /// A label is over 9.
    #[error(
        "label {index}: expected 0 to {}, found {found}; label each image with its digit",
        CLASSES - 1
    )]
    Label {
        /// The index of the label, from 0.
        index: usize,
        /// The label.
        found: u8,
    },
}
