//! IDX bytes → checked arrays.
//!
//! IDX is the format of MNIST's four files. All numbers are big-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0–1 | `00 00` |
//! | 2 | the element type: `08` u8, `09` i8, `0b` i16, `0c` i32, `0d` f32, `0e` f64 |
//! | 3 | the number of dimensions, D |
//! | 4 … 4 + 4D | the dimensions, unsigned, 4 bytes each |
//! | then | the elements, row-major: the last index moves fastest |
//!
//! Everything in the header is checked before memory is asked for, and never more than one byte beyond
//! what the header promises is read: neither a forged header nor a gzip bomb exhausts memory.
//!
//! ```
//! use digits::idx::{self, Elements};
//!
//! // Two rows of three unsigned bytes.
//! let bytes = [0, 0, 8, 2, /* 2 */ 0, 0, 0, 2, /* 3 */ 0, 0, 0, 3, /* elements */ 1, 2, 3, 4, 5, 6];
//! let array = idx::parse(&bytes)?;
//! assert_eq!(array.dims, [2, 3]);
//! assert_eq!(array.elements, Elements::U8(vec![1, 2, 3, 4, 5, 6]));
//!
//! let error = idx::parse(&bytes[..17]).unwrap_err();
//! assert!(error.to_string().starts_with("byte 17: the file ends too early"));
//! # Ok::<(), idx::IdxErrorKind>(())
//! ```

use byteorder::{BigEndian, ByteOrder};
use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

mod elements;
mod error;
#[cfg(test)]
mod tests;

pub use elements::{ElementType, Elements};
pub use error::{IdxError, IdxErrorKind, WriteError};

/// The most bytes of elements that are read: 1 GiB, 23 times MNIST's largest file.
pub const MAX_BYTES: usize = 1 << 30;

/// Deflate cannot make fewer than one byte out of this many.
const GZIP_RATIO: u64 = 1032;

/// An array of any rank and element type.
#[derive(Clone, Debug, PartialEq)]
pub struct IdxArray {
    /// The dimensions, slowest first: `[60000, 28, 28]` for MNIST's training images.
    pub dims: Vec<usize>,
    /// The elements, row-major.
    pub elements: Elements,
}

/// Reads an IDX file, raw or gzipped; which of the two its first two bytes tell, not its name.
///
/// # Errors
/// Names the file, the position, what was expected and what was found: see [`IdxErrorKind`].
pub fn read(path: impl AsRef<Path>) -> Result<IdxArray, IdxError> {
    let path = path.as_ref();
    read_file(path).map_err(|kind| IdxError {
        path: path.into(),
        kind,
    })
}

/// Reads the bytes of an IDX file that is not gzipped.
///
/// # Errors
/// See [`IdxErrorKind`].
pub fn parse(bytes: &[u8]) -> Result<IdxArray, IdxErrorKind> {
    if bytes.starts_with(&GZIP_MAGIC) {
        return Err(IdxErrorKind::Gzip);
    }
    from_reader(bytes, bytes.len() as u64, |position, source| {
        IdxErrorKind::Unreadable { position, source }
    })
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

fn read_file(path: &Path) -> Result<IdxArray, IdxErrorKind> {
    let unreadable = |position, source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => IdxErrorKind::Missing,
        _ => IdxErrorKind::Unreadable { position, source },
    };
    let mut file = File::open(path).map_err(|e| unreadable(0, e))?;
    let length = file.metadata().map_err(|e| unreadable(0, e))?.len();
    let mut start = Vec::with_capacity(2);
    (&mut file)
        .take(2)
        .read_to_end(&mut start)
        .map_err(|e| unreadable(0, e))?;
    let gzipped = start == GZIP_MAGIC;
    let whole = io::Cursor::new(start).chain(file);
    if gzipped {
        from_reader(
            MultiGzDecoder::new(whole),
            length.saturating_mul(GZIP_RATIO),
            |position, source| IdxErrorKind::DamagedGzip { position, source },
        )
    } else {
        from_reader(whole, length, unreadable)
    }
}

/// `ceiling`: more bytes than this the reader cannot give, so more is never reserved.
fn from_reader(
    mut from: impl Read,
    ceiling: u64,
    failed: impl Fn(u64, io::Error) -> IdxErrorKind,
) -> Result<IdxArray, IdxErrorKind> {
    let mut header = Vec::with_capacity(16);
    fill(&mut from, &mut header, 4, &failed)?;
    let element =
        ElementType::from_code(header[2]).ok_or(IdxErrorKind::UnknownType { found: header[2] })?;
    let rank = usize::from(header[3]);
    if rank == 0 {
        return Err(IdxErrorKind::NoDimensions);
    }
    fill(&mut from, &mut header, 4 + 4 * rank, &failed)?;
    let dims: Vec<usize> = header[4..]
        .chunks_exact(4)
        .map(|d| BigEndian::read_u32(d) as usize)
        .collect();
    let promised = byte_count(&dims, element)?;

    let expected = (header.len() + promised) as u64;
    let mut bytes = Vec::with_capacity(capacity(promised, ceiling));
    // One byte more than promised tells that the file goes on; no more is read.
    if let Err(source) = from.take(promised as u64 + 1).read_to_end(&mut bytes) {
        return Err(failed((header.len() + bytes.len()) as u64, source));
    }
    if bytes.len() < promised {
        return Err(IdxErrorKind::TruncatedData {
            expected,
            found: (header.len() + bytes.len()) as u64,
            dims,
        });
    }
    if bytes.len() > promised {
        return Err(IdxErrorKind::TrailingBytes { expected, dims });
    }
    Ok(IdxArray {
        dims,
        elements: Elements::decode(element, bytes),
    })
}

/// What is reserved for the elements: as many bytes as promised, if the reader can give them.
fn capacity(promised: usize, ceiling: u64) -> usize {
    promised.min(usize::try_from(ceiling).unwrap_or(promised))
}

/// Reads until `header` is `length` bytes long; its first two are checked as soon as they are there.
fn fill(
    from: &mut impl Read,
    header: &mut Vec<u8>,
    length: usize,
    failed: impl Fn(u64, io::Error) -> IdxErrorKind,
) -> Result<(), IdxErrorKind> {
    let missing = length - header.len();
    if let Err(source) = from.take(missing as u64).read_to_end(header) {
        return Err(failed(header.len() as u64, source));
    }
    match header[..] {
        [a, b, ..] if [a, b] != [0, 0] => Err(IdxErrorKind::NotIdx { found: [a, b] }),
        _ if header.len() < length => Err(IdxErrorKind::TruncatedHeader {
            expected: length as u64,
            found: header.len() as u64,
        }),
        _ => Ok(()),
    }
}

/// How many bytes the elements take; an array with a dimension of 0 has none.
fn byte_count(dims: &[usize], element: ElementType) -> Result<usize, IdxErrorKind> {
    if dims.contains(&0) {
        return Ok(0);
    }
    let mut bytes = element.size();
    for (i, &dim) in dims.iter().enumerate() {
        bytes = bytes
            .checked_mul(dim)
            .filter(|&bytes| bytes <= MAX_BYTES)
            .ok_or_else(|| IdxErrorKind::TooLarge {
                position: 4 + 4 * i as u64,
                dims: dims.to_vec(),
            })?;
    }
    Ok(bytes)
}

/// Writes an array as IDX. There is one way to write it: what [`parse`] read comes out byte for byte.
///
/// # Errors
/// See [`WriteError`]; nothing is written unless the array fits the format.
pub fn write(array: &IdxArray, mut to: impl Write) -> Result<(), WriteError> {
    let IdxArray { dims, elements } = array;
    let rank = u8::try_from(dims.len()).ok().filter(|&rank| rank > 0);
    let rank = rank.ok_or(WriteError::Rank { found: dims.len() })?;
    let mut header = vec![0, 0, elements.element_type().code(), rank];
    let mut count = Some(1usize);
    for (index, &dim) in dims.iter().enumerate() {
        let stored = u32::try_from(dim).map_err(|_| WriteError::Dimension { index, found: dim })?;
        header.extend(stored.to_be_bytes());
        count = count.and_then(|count| count.checked_mul(dim));
    }
    if dims.contains(&0) {
        count = Some(0);
    }
    if count != Some(elements.len()) {
        return Err(WriteError::Count {
            dims: dims.clone(),
            found: elements.len(),
        });
    }
    to.write_all(&header)?;
    Ok(elements.encode(to)?)
}
