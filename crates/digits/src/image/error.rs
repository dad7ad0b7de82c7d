//! What can be wrong with a picture: where, what was expected, what was found, what to do.

use super::{MAX_PIXELS, MAX_SIDE};
use std::{io, path::PathBuf};

/// Why there is no picture, or why a step cannot be taken with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// What is wrong with the picture in a file.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<ImageError>,
    },
    /// There is no file, or it cannot be read.
    #[error("{source}; expected a PNG or JPEG file: check its name")]
    Read {
        /// Why not.
        source: io::Error,
    },
    /// There is no byte.
    #[error(
        "expected the bytes of a PNG or JPEG file, found none; copy or export the picture again"
    )]
    Empty,
    /// The bytes are neither PNG nor JPEG.
    #[error(
        "expected PNG or JPEG, found a file that starts with the bytes {start:02x?}; export the picture as one of them"
    )]
    Format {
        /// The first bytes, at most eight.
        start: Vec<u8>,
    },
    /// The picture is larger than any photograph of digits need be; nothing was allocated for it.
    #[error(
        "expected at most {MAX_SIDE} pixels a side and {MAX_PIXELS} in all, found {height} rows of {width}; \
         make the picture smaller"
    )]
    TooLarge {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// The picture begins as it should, but does not go on so: cut off, or damaged.
    #[error(
        "expected a whole PNG or JPEG, found one that is cut off or damaged ({source}); copy or export it again"
    )]
    Damaged {
        /// What the decoder says.
        source: ::image::ImageError,
    },
    /// There is no row or no column.
    #[error("expected at least one row and one column, found {height} rows of {width} pixels")]
    NoPixels {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// The values are not as many as the pixels.
    #[error("expected a value for each of {height} x {width} pixels, found {found} values")]
    ValueCount {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// How many values there are.
        found: usize,
    },
    /// A value is NaN or outside 0 to 1.
    #[error(
        "row {row}, column {col}: expected a value from 0 to 1, found {found}; divide bytes by 255"
    )]
    Value {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        col: usize,
        /// The value.
        found: f32,
    },
    /// The pixels differ too little for any of them to be ink.
    #[error(
        "expected ink on paper, found a blank page: {found}; take the picture closer, or in better light"
    )]
    Blank {
        /// What there is instead of ink, in words.
        found: String,
    },
    /// A rectangle does not lie in the picture.
    #[error(
        "expected a rectangle of at least one pixel within {height} rows and {width} columns, found rows {} to {} \
         and columns {} to {}", rows.0, rows.1, cols.0, cols.1
    )]
    Outside {
        /// Rows of the picture.
        height: usize,
        /// Columns of the picture.
        width: usize,
        /// First row, and the row after the last.
        rows: (usize, usize),
        /// First column, and the column after the last.
        cols: (usize, usize),
    },
    /// A side is zero, more than [`MAX_SIDE`], or less than the picture that should go into it.
    #[error("expected a side from {least} to {MAX_SIDE} pixels, found {found}")]
    Side {
        /// The least that makes sense.
        least: usize,
        /// What was asked for.
        found: usize,
    },
}
