//! What can be wrong with an IDX file: where, what was expected, what was found, what to do.

use super::MAX_BYTES;
use std::{io, path::PathBuf};

/// What is wrong with the IDX file at `path`.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct IdxError {
    /// The file as it was asked for.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: IdxErrorKind,
}

/// What is wrong with bytes that should be an IDX file.
///
/// Positions count bytes from 0, after decompression if the file is gzipped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdxErrorKind {
    /// There is no such file.
    #[error("no such file; expected an IDX file, raw or gzipped: check the path")]
    Missing,
    /// The operating system refused to open or read the file.
    #[error("byte {position}: cannot read on ({source}); check that it is a file you may read")]
    Unreadable {
        /// How many bytes had been read.
        position: u64,
        /// The operating system's words.
        source: io::Error,
    },
    /// The file begins as gzip does, but cannot be decompressed.
    #[error(
        "byte {position} after decompression: the gzip stream is damaged or cut off ({source}); fetch the file again"
    )]
    DamagedGzip {
        /// How many bytes could be decompressed.
        position: u64,
        /// The decompressor's words.
        source: io::Error,
    },
    /// [`parse`](super::parse) was given gzipped bytes.
    #[error(
        "bytes 0-1: expected 00 00, as every IDX file begins, found 1f 8b, as every gzip file begins; \
         decompress it, or call `idx::read`, which does"
    )]
    Gzip,
    /// The first two bytes are not those of IDX.
    #[error(
        "bytes 0-1: expected 00 00, as every IDX file begins, found {:02x} {:02x}; \
         this is another kind of file, perhaps an error page saved under this name: fetch it again",
        found[0], found[1]
    )]
    NotIdx {
        /// The first two bytes.
        found: [u8; 2],
    },
    /// The third byte names no element type.
    #[error(
        "byte 2: expected an element type (08 u8, 09 i8, 0b i16, 0c i32, 0d f32 or 0e f64), \
         found {found:02x}; the header is damaged: fetch the file again"
    )]
    UnknownType {
        /// The third byte.
        found: u8,
    },
    /// The fourth byte says that there are no dimensions.
    #[error(
        "byte 3: expected 1 to 255 dimensions, found 0; the header is damaged: fetch the file again"
    )]
    NoDimensions,
    /// The file ends before its header does.
    #[error(
        "byte {found}: the file ends inside its header; expected {expected} bytes of header, found {found}; fetch it again"
    )]
    TruncatedHeader {
        /// How many bytes the header takes, as far as it could be read.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The dimensions multiply to more bytes than can be meant.
    #[error(
        "byte {position}: the dimensions up to here ask for more than {MAX_BYTES} bytes of elements, \
         the most that is read; found {dims:?}; the header is damaged: fetch the file again"
    )]
    TooLarge {
        /// Where the dimension stands with which the product passes the limit.
        position: u64,
        /// All dimensions.
        dims: Vec<usize>,
    },
    /// There are fewer elements than the header says.
    #[error(
        "byte {found}: the file ends too early; its dimensions {dims:?} ask for {expected} bytes in all, \
         found {found}; fetch it again"
    )]
    TruncatedData {
        /// How many bytes the file should have.
        expected: u64,
        /// How many it has.
        found: u64,
        /// The dimensions in the header.
        dims: Vec<usize>,
    },
    /// There are more bytes than the header says.
    #[error(
        "byte {expected}: expected the end of the file, as its dimensions {dims:?} ask for {expected} bytes in all, \
         found more; fetch it again"
    )]
    TrailingBytes {
        /// How many bytes the file should have: the position of the first byte too many.
        expected: u64,
        /// The dimensions in the header.
        dims: Vec<usize>,
    },
}

/// Why an array cannot be written as IDX.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// IDX stores the number of dimensions in one byte, and there is at least one.
    #[error("expected 1 to 255 dimensions, found {found}; reshape the array")]
    Rank {
        /// How many dimensions the array has.
        found: usize,
    },
    /// IDX stores a dimension in four bytes.
    #[error(
        "dimension {index}: expected at most {}, found {found}; split the array",
        u32::MAX
    )]
    Dimension {
        /// Which dimension, counted from 0.
        index: usize,
        /// The dimension.
        found: usize,
    },
    /// The dimensions do not multiply to the number of elements.
    #[error(
        "the dimensions {dims:?} do not multiply to the {found} elements there are; correct one of the two"
    )]
    Count {
        /// The dimensions.
        dims: Vec<usize>,
        /// How many elements there are.
        found: usize,
    },
    /// The writer failed.
    #[error("cannot write ({0}); check the disk and its permissions")]
    Io(#[from] io::Error),
}
