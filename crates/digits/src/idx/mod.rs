//! IDX bytes → validated arrays.
//!
//! IDX is the file format of MNIST. All numbers in it are big-endian:
//!
//! | bytes | content |
//! |---|---|
//! | 0–1 | `00 00` |
//! | 2 | the element type: `08` u8, `09` i8, `0b` i16, `0c` i32, `0d` f32, `0e` f64 |
//! | 3 | the number of dimensions, D |
//! | 4 to 3 + 4D | the dimensions, unsigned, 4 bytes each |
//! | from 4 + 4D | the elements, in row-major order: the last index varies fastest |
//!
//! The header is validated before memory for the elements is allocated, and at most one byte more
//! is read than the header announces: neither a forged header nor a gzip bomb exhausts memory.
//!
//! ```
//! use digits::idx::{self, Elements};
//!
//! // Two rows of three unsigned bytes: type and rank, two dimensions, six elements.
//! let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
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

/// The largest size of an array's elements, in bytes: 1 GiB, 23 times that of MNIST's training
/// images.
pub const MAX_BYTES: usize = 1 << 30;

/// The highest compression ratio of deflate: bytes of output for each byte of input.
const GZIP_RATIO: u64 = 1032;

/// An array of any rank with elements of any IDX type.
#[derive(Clone, Debug, PartialEq)]
pub struct IdxArray {
    /// The dimensions, outermost first: `[60000, 28, 28]` for MNIST's training images.
    pub dims: Vec<usize>,
    /// The elements, in row-major order; as many as the product of the dimensions.
    pub elements: Elements,
}

/// Reads an IDX file, raw or gzipped. Whether it is gzipped is decided by its first two bytes, not
/// by its name.
///
/// ```
/// use digits::{dataset, idx};
///
/// let labels = idx::read(dataset::folder().join("t10k-labels-idx1-ubyte.gz"))?;
/// assert_eq!(labels.dims, [10_000]);
/// # Ok::<(), idx::IdxError>(())
/// ```
///
/// # Errors
/// [`IdxError`], with the path of the file, if it cannot be read, decompressed or parsed.
pub fn read(path: impl AsRef<Path>) -> Result<IdxArray, IdxError> {
    let path = path.as_ref();
    read_file(path).map_err(|kind| IdxError {
        path: path.into(),
        kind,
    })
}

/// Parses the bytes of an IDX file that is not gzipped; see the example of the [module](self).
///
/// # Errors
/// [`IdxErrorKind`], with the position at which the bytes are not valid IDX.
pub fn parse(bytes: &[u8]) -> Result<IdxArray, IdxErrorKind> {
    if bytes.starts_with(&GZIP_MAGIC) {
        return Err(IdxErrorKind::Gzip);
    }
    from_reader(bytes, bytes.len() as u64, |position, source| {
        IdxErrorKind::Unreadable { position, source }
    })
}

/// The first two bytes of every gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// [`read`], with an error that does not contain the path.
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

/// Reads an array from the bytes that `from` yields, which are at most `ceiling`: no more memory
/// than that is allocated in advance. `failed` makes an error from the number of bytes read and the
/// error of the reader.
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
    // One extra byte shows that the file is too long.
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

/// The number of bytes to allocate for the elements: the smaller of the two.
fn capacity(promised: usize, ceiling: u64) -> usize {
    promised.min(usize::try_from(ceiling).unwrap_or(promised))
}

/// Reads until `header` is `length` bytes long, and checks its first two bytes.
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

/// The size of the elements in bytes; 0 if a dimension is 0.
///
/// # Errors
/// [`IdxErrorKind::TooLarge`] if it is over [`MAX_BYTES`].
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

/// Writes an array as IDX, not gzipped. The format leaves no choices, so that an array that was
/// read with [`parse`] is written as the same bytes.
///
/// ```
/// use digits::idx;
///
/// let bytes = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];
/// let mut written = Vec::new();
/// idx::write(&idx::parse(&bytes)?, &mut written)?;
/// assert_eq!(written, bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`WriteError`] if the array does not fit the format, before anything is written, or if writing
/// fails.
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
