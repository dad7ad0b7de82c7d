//! Errors of reading and processing pictures. Their messages say what was expected, what was found
//! and what to do.

use super::{MAX_PIXELS, MAX_SIDE};
use std::{io, path::PathBuf};

/// Why a picture cannot be read or processed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The picture in a file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The reason.
        source: Box<ImageError>,
    },
    /// The file does not exist or cannot be read.
    #[error("expected a PNG or JPEG file, found none that can be read ({source}); check the path")]
    Read {
        /// The error of the operating system.
        source: io::Error,
    },
    /// There are no bytes.
    #[error(
        "expected the bytes of a PNG or JPEG file, found none; copy or export the picture again"
    )]
    Empty,
    /// The bytes are neither PNG nor JPEG.
    #[error(
        "expected PNG or JPEG, found a file that starts with the bytes {start:02x?}; \
         export the picture as PNG or JPEG"
    )]
    Format {
        /// The first bytes of the file, at most eight.
        start: Vec<u8>,
    },
    /// The picture exceeds [`MAX_SIDE`] or [`MAX_PIXELS`]. No memory was allocated for its pixels.
    #[error(
        "expected at most {MAX_SIDE} rows, {MAX_SIDE} columns and {MAX_PIXELS} pixels in all, \
         found {height} rows and {width} columns; scale the picture down"
    )]
    TooLarge {
        /// The number of rows.
        height: u32,
        /// The number of columns.
        width: u32,
    },
    /// The file begins like PNG or JPEG, but is truncated or damaged.
    #[error(
        "expected a complete PNG or JPEG file, found one that is truncated or damaged ({source}); \
         copy or export it again"
    )]
    Damaged {
        /// The error of the decoder.
        source: ::image::ImageError,
    },
    /// The picture has no rows or no columns.
    #[error(
        "expected at least one row and one column, found {height} rows and {width} columns; \
         use a picture that has pixels"
    )]
    NoPixels {
        /// The number of rows.
        height: usize,
        /// The number of columns.
        width: usize,
    },
    /// The number of values is not the number of pixels.
    #[error(
        "expected a value for each of {height} x {width} pixels, found {found} values; \
         pass the values of all rows"
    )]
    ValueCount {
        /// The number of rows.
        height: usize,
        /// The number of columns.
        width: usize,
        /// The number of values.
        found: usize,
    },
    /// A value is NaN or outside 0 to 1.
    #[error(
        "row {row}, column {col}: expected a value from 0 to 1, found {found}; divide bytes by 255"
    )]
    Value {
        /// The row of the value, from 0.
        row: usize,
        /// The column of the value, from 0.
        col: usize,
        /// The value.
        found: f32,
    },
    /// There is no ink: the values of all pixels are nearly equal.
    #[error(
        "expected ink on paper, found a blank page: {found}; \
         take the photograph from closer, or in better light"
    )]
    Blank {
        /// The range of the values, in words.
        found: String,
    },
    /// A rectangle is empty or not inside the picture.
    #[error(
        "expected a rectangle of at least one pixel within {height} rows and {width} columns, \
         found rows {} to {} and columns {} to {}, ends excluded; \
         choose a rectangle inside the picture",
        rows.0, rows.1, cols.0, cols.1
    )]
    Outside {
        /// The number of rows of the picture.
        height: usize,
        /// The number of columns of the picture.
        width: usize,
        /// The first row of the rectangle, and the row after its last.
        rows: (usize, usize),
        /// The first column of the rectangle, and the column after its last.
        cols: (usize, usize),
    },
    /// A height, width or side is 0, over [`MAX_SIDE`], or too small for the picture.
    #[error("expected {least} to {MAX_SIDE} pixels, found {found}; choose a size in that range")]
    Side {
        /// The smallest possible size, in pixels.
        least: usize,
        /// The size passed by the caller, in pixels.
        found: usize,
    },
}
