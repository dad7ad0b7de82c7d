//! Errors of reading and writing IDX files. Their messages say where the error is, what was
//! expected, what was found and what to do.

use super::MAX_BYTES;
use std::{io, path::PathBuf};

/// Why an IDX file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct IdxError {
    /// The path of the file, as passed by the caller.
    pub path: PathBuf,
    /// What is wrong with the file.
    pub kind: IdxErrorKind,
}

/// Why bytes cannot be read as IDX.
///
/// Positions are in bytes from 0, after decompression if the file is gzipped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdxErrorKind {
    /// The file does not exist.
    #[error("no such file; expected an IDX file, raw or gzipped: check the path")]
    Missing,
    /// The operating system refused to open or read the file.
    #[error(
        "byte {position}: expected to read on, but reading failed ({source}); \
         check that this is a file and that you have permission to read it"
    )]
    Unreadable {
        /// The number of bytes read before the error.
        position: u64,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file begins like a gzip file, but cannot be decompressed.
    #[error(
        "byte {position} after decompression: the gzip stream is damaged or truncated ({source}); \
         download the file again"
    )]
    DamagedGzip {
        /// The number of bytes that could be decompressed.
        position: u64,
        /// The error of the decompressor.
        source: io::Error,
    },
    /// The bytes passed to [`parse`](super::parse) are gzipped.
    #[error(
        "bytes 0-1: expected 00 00, with which every IDX file begins, found 1f 8b, with which \
         every gzip file begins; decompress it, or read the file with `idx::read`, which does so"
    )]
    Gzip,
    /// The first two bytes are not those of an IDX file.
    #[error(
        "bytes 0-1: expected 00 00, with which every IDX file begins, found {:02x} {:02x}; \
         this is another kind of file, perhaps an error page saved under this name: \
         download it again",
        found[0], found[1]
    )]
    NotIdx {
        /// The first two bytes.
        found: [u8; 2],
    },
    /// The third byte is not the code of an element type.
    #[error(
        "byte 2: expected an element type (08 u8, 09 i8, 0b i16, 0c i32, 0d f32 or 0e f64), \
         found {found:02x}; the header is damaged: download the file again"
    )]
    UnknownType {
        /// The third byte.
        found: u8,
    },
    /// The number of dimensions, the fourth byte, is 0.
    #[error(
        "byte 3: expected 1 to 255 dimensions, found 0; the header is damaged: \
         download the file again"
    )]
    NoDimensions,
    /// The file ends inside its header.
    #[error(
        "byte {found}: the file ends inside its header; expected a header of {expected} bytes, \
         found {found}; download it again"
    )]
    TruncatedHeader {
        /// The length of the header in bytes, as far as it is known.
        expected: u64,
        /// The length of the file in bytes.
        found: u64,
    },
    /// The elements would need more than [`MAX_BYTES`] bytes.
    #[error(
        "byte {position}: expected dimensions for at most {MAX_BYTES} bytes of elements, \
         found {dims:?}, which exceed the limit here; the header is damaged: \
         download the file again"
    )]
    TooLarge {
        /// The position of the first dimension with which the product exceeds the limit.
        position: u64,
        /// All dimensions in the header.
        dims: Vec<usize>,
    },
    /// The file has fewer elements than its header says.
    #[error(
        "byte {found}: the file ends too early; expected {expected} bytes in all for the \
         dimensions {dims:?}, found {found}; download it again"
    )]
    TruncatedData {
        /// The length of the file in bytes, by its header.
        expected: u64,
        /// The actual length in bytes.
        found: u64,
        /// The dimensions in the header.
        dims: Vec<usize>,
    },
    /// The file is longer than its header says.
    #[error(
        "byte {expected}: expected the end of the file, {expected} bytes in all for the \
         dimensions {dims:?}, found more; download it again"
    )]
    TrailingBytes {
        /// The length of the file in bytes, by its header; the position of the first extra byte.
        expected: u64,
        /// The dimensions in the header.
        dims: Vec<usize>,
    },
}

/// Why an array cannot be written as IDX.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The number of dimensions is not 1 to 255; IDX stores it in one byte.
    #[error("expected 1 to 255 dimensions, found {found}; reshape the array")]
    Rank {
        /// The number of dimensions of the array.
        found: usize,
    },
    /// A dimension does not fit into the four bytes in which IDX stores it.
    #[error(
        "dimension {index}: expected at most {}, found {found}; split the array",
        u32::MAX
    )]
    Dimension {
        /// The index of the dimension, from 0.
        index: usize,
        /// The dimension.
        found: usize,
    },
    /// The product of the dimensions is not the number of elements.
    #[error(
        "expected as many elements as the product of the dimensions {dims:?}, found {found}; \
         correct the dimensions or the elements"
    )]
    Count {
        /// The dimensions.
        dims: Vec<usize>,
        /// The number of elements.
        found: usize,
    },
    /// Writing failed.
    #[error("cannot write ({0}); check the free disk space and your permissions")]
    Io(#[from] io::Error),
}
