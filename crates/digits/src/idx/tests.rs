use super::*;
use flate2::{Compression, write::GzEncoder};

mod files;
mod properties;

/// An array of two rows of three unsigned bytes.
const TWO_BY_THREE: [u8; 18] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

/// `bytes` as a gzip file.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The header of an array with the type code `element` and dimensions `dims`.
fn header(element: u8, dims: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, element, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes
}

/// The error that `parse` returns for `bytes`, and its message.
#[track_caller]
fn refused(bytes: &[u8]) -> (IdxErrorKind, String) {
    let kind = parse(bytes).unwrap_err();
    let message = kind.to_string();
    (kind, message)
}

#[test]
fn elements_of_every_type_are_big_endian() {
    let parsed = |element, bytes: &[u8]| {
        parse(&[&header(element, &[2]), bytes].concat())
            .unwrap()
            .elements
    };
    assert_eq!(parsed(0x08, &[1, 255]), Elements::U8(vec![1, 255]));
    assert_eq!(parsed(0x09, &[1, 255]), Elements::I8(vec![1, -1]));
    assert_eq!(
        parsed(0x0b, &[1, 2, 255, 254]),
        Elements::I16(vec![258, -2])
    );
    assert_eq!(
        parsed(0x0c, &[0, 1, 0, 0, 255, 255, 255, 255]),
        Elements::I32(vec![65536, -1])
    );
    assert_eq!(
        parsed(0x0d, &[0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]),
        Elements::F32(vec![1.0, -2.0])
    );
    let doubles = [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(parsed(0x0e, &doubles), Elements::F64(vec![1.0, -2.0]));
}

#[test]
fn a_truncated_header_is_an_error() {
    let (kind, message) = refused(&TWO_BY_THREE[..9]);
    assert!(matches!(
        kind,
        IdxErrorKind::TruncatedHeader {
            expected: 12,
            found: 9
        }
    ));
    assert!(
        message.starts_with("byte 9: the file ends inside its header; expected a header of 12"),
        "{message}"
    );
    assert!(matches!(
        refused(&[]).0,
        IdxErrorKind::TruncatedHeader {
            expected: 4,
            found: 0
        }
    ));
    assert!(matches!(
        refused(&[0, 0, 8]).0,
        IdxErrorKind::TruncatedHeader {
            expected: 4,
            found: 3
        }
    ));
}

#[test]
fn truncated_elements_are_an_error() {
    let (kind, message) = refused(&TWO_BY_THREE[..17]);
    assert!(matches!(
        kind,
        IdxErrorKind::TruncatedData {
            expected: 18,
            found: 17,
            ..
        }
    ));
    assert!(
        message.contains("expected 18 bytes in all for the dimensions [2, 3], found 17"),
        "{message}"
    );
    // Half an element is missing.
    let (kind, _) = refused(&[&header(0x0b, &[2])[..], &[1, 2, 3]].concat());
    assert!(matches!(
        kind,
        IdxErrorKind::TruncatedData {
            expected: 12,
            found: 11,
            ..
        }
    ));
}

#[test]
fn trailing_bytes_are_an_error() {
    let (kind, message) = refused(&[&TWO_BY_THREE[..], &[7, 7]].concat());
    assert!(matches!(
        kind,
        IdxErrorKind::TrailingBytes { expected: 18, .. }
    ));
    assert!(
        message.starts_with("byte 18: expected the end of the file"),
        "{message}"
    );
}

#[test]
fn gzipped_bytes_are_an_error() {
    let (kind, message) = refused(&gzip(&TWO_BY_THREE));
    assert!(matches!(kind, IdxErrorKind::Gzip));
    assert!(
        message.contains("found 1f 8b") && message.contains("idx::read"),
        "{message}"
    );
}

#[test]
fn bytes_that_are_not_idx_are_an_error() {
    let (kind, message) = refused(b"<html>403 Forbidden</html>");
    assert!(matches!(
        kind,
        IdxErrorKind::NotIdx {
            found: [b'<', b'h']
        }
    ));
    assert!(
        message.starts_with("bytes 0-1: expected 00 00") && message.contains("found 3c 68"),
        "{message}"
    );
    // Each of the two bytes is checked.
    for start in [[0, 1], [1, 0]] {
        let kind = refused(&[&start, &TWO_BY_THREE[2..]].concat()).0;
        assert!(matches!(kind, IdxErrorKind::NotIdx { found } if found == start));
    }
    // A file shorter than a header is recognised by its first bytes too.
    assert!(matches!(refused(b"no").0, IdxErrorKind::NotIdx { .. }));
}

#[test]
fn an_unknown_element_type_is_an_error() {
    let (kind, message) = refused(&header(0x0a, &[1]));
    assert!(matches!(kind, IdxErrorKind::UnknownType { found: 0x0a }));
    assert!(
        message.starts_with("byte 2: ") && message.contains("found 0a"),
        "{message}"
    );
}

#[test]
fn an_array_without_dimensions_is_an_error() {
    let (kind, message) = refused(&[0, 0, 8, 0, 1]);
    assert!(matches!(kind, IdxErrorKind::NoDimensions));
    assert!(
        message.starts_with("byte 3: expected 1 to 255 dimensions, found 0"),
        "{message}"
    );
}

#[test]
fn dimensions_are_an_error_where_their_product_exceeds_the_limit() {
    let huge = u32::MAX;
    let position = |element, dims: &[u32]| match refused(&header(element, dims)) {
        (
            IdxErrorKind::TooLarge {
                position,
                dims: found,
            },
            message,
        ) => {
            assert_eq!(found.len(), dims.len());
            assert!(
                message.starts_with(&format!("byte {position}: ")),
                "{message}"
            );
            position
        }
        (kind, _) => panic!("{kind:?}"),
    };
    assert_eq!(position(0x08, &[huge]), 4);
    assert_eq!(position(0x08, &[2, huge]), 8);
    assert_eq!(position(0x08, &[huge; 255]), 4);
    assert_eq!(position(0x08, &[1, 1 << 30, 2]), 12);
    assert_eq!(position(0x0e, &[1 << 28]), 4);
    // Dimensions at the limit are accepted; then the elements are missing.
    assert!(matches!(
        refused(&header(0x08, &[1 << 30])).0,
        IdxErrorKind::TruncatedData { .. }
    ));
    assert!(matches!(
        refused(&header(0x0e, &[1 << 27])).0,
        IdxErrorKind::TruncatedData { .. }
    ));
}

#[test]
fn a_dimension_of_zero_makes_an_empty_array() {
    let array = parse(&header(0x0d, &[u32::MAX, u32::MAX, u32::MAX, 0])).unwrap();
    assert!(array.elements.is_empty());
    assert_eq!(array.dims.len(), 4);
}

#[test]
fn nothing_is_written_of_an_array_that_does_not_fit_the_format() {
    let refused = |dims: Vec<usize>, count: usize| {
        let mut to = Vec::new();
        let error = write(
            &IdxArray {
                dims,
                elements: Elements::U8(vec![0; count]),
            },
            &mut to,
        )
        .unwrap_err();
        assert!(to.is_empty());
        error
    };
    assert!(matches!(refused(vec![], 1), WriteError::Rank { found: 0 }));
    assert!(matches!(
        refused(vec![1; 256], 1),
        WriteError::Rank { found: 256 }
    ));
    assert!(matches!(
        refused(vec![0, 1 << 32], 0),
        WriteError::Dimension { index: 1, .. }
    ));
    assert!(matches!(
        refused(vec![2, 3], 5),
        WriteError::Count { found: 5, .. }
    ));
    assert!(matches!(
        refused(vec![u32::MAX as usize; 3], 1),
        WriteError::Count { .. }
    ));
}
