use super::*;
use crate::scratch::Scratch;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

/// Two rows of three unsigned bytes.
const TWO_BY_THREE: [u8; 18] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn header(element: u8, dims: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, element, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes
}

/// The message of the error that `parse` gives.
#[track_caller]
fn refused(bytes: &[u8]) -> (IdxErrorKind, String) {
    let kind = parse(bytes).unwrap_err();
    let message = kind.to_string();
    (kind, message)
}

#[test]
fn every_element_type_is_big_endian() {
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
fn a_file_is_read_raw_or_gzipped_whatever_its_name() {
    let scratch = Scratch::new("idx-both");
    let expected = parse(&TWO_BY_THREE).unwrap();
    assert_eq!(expected.dims, [2, 3]);
    assert_eq!(
        read(scratch.write("raw.gz", &TWO_BY_THREE)).unwrap(),
        expected
    );
    assert_eq!(
        read(scratch.write("zipped", &gzip(&TWO_BY_THREE))).unwrap(),
        expected
    );
    let members = [gzip(&TWO_BY_THREE[..7]), gzip(&TWO_BY_THREE[7..])].concat();
    assert_eq!(
        read(scratch.write("two members", &members)).unwrap(),
        expected
    );
}

#[test]
fn a_header_cut_off_is_refused() {
    let (kind, message) = refused(&TWO_BY_THREE[..9]);
    assert!(matches!(
        kind,
        IdxErrorKind::TruncatedHeader {
            expected: 12,
            found: 9
        }
    ));
    assert!(
        message.starts_with("byte 9: the file ends inside its header; expected 12 bytes"),
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
fn elements_cut_off_are_refused() {
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
        message.contains("[2, 3] ask for 18 bytes in all, found 17"),
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
fn trailing_bytes_are_refused() {
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
fn gzip_taken_for_idx_is_refused() {
    let (kind, message) = refused(&gzip(&TWO_BY_THREE));
    assert!(matches!(kind, IdxErrorKind::Gzip));
    assert!(
        message.contains("found 1f 8b") && message.contains("idx::read"),
        "{message}"
    );
}

#[test]
fn what_is_not_idx_is_refused() {
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
    // So short a file is told by its first bytes as well.
    assert!(matches!(refused(b"no").0, IdxErrorKind::NotIdx { .. }));
}

#[test]
fn an_unknown_element_type_is_refused() {
    let (kind, message) = refused(&header(0x0a, &[1]));
    assert!(matches!(kind, IdxErrorKind::UnknownType { found: 0x0a }));
    assert!(
        message.starts_with("byte 2: ") && message.contains("found 0a"),
        "{message}"
    );
}

#[test]
fn an_array_without_dimensions_is_refused() {
    let (kind, message) = refused(&[0, 0, 8, 0, 1]);
    assert!(matches!(kind, IdxErrorKind::NoDimensions));
    assert!(
        message.starts_with("byte 3: expected 1 to 255 dimensions, found 0"),
        "{message}"
    );
}

#[test]
fn huge_dimensions_are_refused_where_the_product_passes_the_limit() {
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
    // As many elements as the limit allows are asked for, and found to be missing.
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
fn a_missing_file_is_named() {
    let error = read("no/such-ubyte").unwrap_err();
    assert!(matches!(error.kind, IdxErrorKind::Missing));
    let message = error.to_string();
    assert!(
        message.starts_with("no/such-ubyte: no such file") && message.contains("check the path"),
        "{message}"
    );
}

#[test]
fn a_folder_is_not_a_file() {
    let scratch = Scratch::new("idx-folder");
    let error = read(scratch.path()).unwrap_err();
    assert!(
        matches!(error.kind, IdxErrorKind::Unreadable { position: 0, .. }),
        "{error}"
    );
}

#[test]
fn a_damaged_gzip_file_is_refused() {
    let scratch = Scratch::new("idx-damaged");
    let noise: Vec<u8> = (0..4096u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut zipped = gzip(&[header(8, &[4096]), noise].concat());
    let cut = read(scratch.write("cut", &zipped[..zipped.len() / 2])).unwrap_err();
    assert!(
        matches!(cut.kind, IdxErrorKind::DamagedGzip { position: 9.., .. }),
        "{cut:?}"
    );
    // The last eight bytes are a checksum and the length.
    let checksum = zipped.len() - 8;
    zipped[checksum] ^= 1;
    let changed = read(scratch.write("changed", &zipped)).unwrap_err();
    assert!(
        matches!(
            changed.kind,
            IdxErrorKind::DamagedGzip { position: 4104, .. }
        ),
        "{changed:?}"
    );
    assert!(
        changed
            .to_string()
            .contains("byte 4104 after decompression"),
        "{changed}"
    );
}

/// The reader never ends; all that is read of it is the 18 bytes promised and one more.
#[test]
fn no_more_of_a_gzip_bomb_is_read_than_its_header_promises() {
    struct Counted<R>(R, std::rc::Rc<std::cell::Cell<u64>>);
    impl<R: Read> Read for Counted<R> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let n = self.0.read(to)?;
            self.1.set(self.1.get() + n as u64);
            Ok(n)
        }
    }
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    let bomb = Counted(
        io::Cursor::new(TWO_BY_THREE).chain(io::repeat(0)),
        count.clone(),
    );
    let kind = from_reader(bomb, u64::MAX, |_, e| panic!("{e}")).unwrap_err();
    assert!(matches!(
        kind,
        IdxErrorKind::TrailingBytes { expected: 18, .. }
    ));
    assert_eq!(count.get(), 19);
}

#[test]
fn a_gzip_file_that_goes_on_is_refused() {
    let scratch = Scratch::new("idx-bomb");
    let mut bytes = TWO_BY_THREE.to_vec();
    bytes.resize(10_000_000, 0);
    let error = read(scratch.write("bomb.gz", &gzip(&bytes))).unwrap_err();
    assert!(
        matches!(error.kind, IdxErrorKind::TrailingBytes { expected: 18, .. }),
        "{error}"
    );
}

#[test]
fn a_forged_header_reserves_no_more_than_the_file_can_hold() {
    let bytes = header(0x08, &[1 << 30]);
    let kind = parse(&bytes).unwrap_err();
    let IdxErrorKind::TruncatedData {
        expected, found, ..
    } = kind
    else {
        panic!("{kind:?}")
    };
    assert_eq!((expected, found), (8 + (1 << 30), 8));
    assert_eq!(capacity(1 << 30, bytes.len() as u64), 8);
    assert_eq!(capacity(6, 18), 6);
}

#[test]
fn what_does_not_fit_the_format_is_not_written() {
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

/// Any element type, rank and dimensions, with as many bytes of elements as they ask for, whatever their values.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let dims = prop_oneof![
        prop::collection::vec(0u32..6, 1..5),
        prop::collection::vec(Just(1u32), 1..=255)
    ];
    (0..6usize, dims).prop_flat_map(|(element, dims)| {
        let element = ElementType::ALL[element];
        let bytes = dims.iter().product::<u32>() as usize * element.size();
        prop::collection::vec(any::<u8>(), bytes)
            .prop_map(move |elements| [header(element.code(), &dims), elements].concat())
    })
}

proptest! {
    #[test]
    fn what_is_parsed_is_written_back_byte_for_byte(bytes in any_file()) {
        let array = parse(&bytes).unwrap();
        prop_assert_eq!(array.elements.element_type().code(), bytes[2]);
        let mut written = Vec::new();
        write(&array, &mut written).unwrap();
        prop_assert_eq!(written, bytes);
    }

    #[test]
    fn what_is_written_is_parsed_back(
        u8s: Vec<u8>, i8s: Vec<i8>, i16s: Vec<i16>, i32s: Vec<i32>, f32s: Vec<f32>, f64s: Vec<f64>,
    ) {
        let all = [
            Elements::U8(u8s), Elements::I8(i8s), Elements::I16(i16s),
            Elements::I32(i32s), Elements::F32(f32s), Elements::F64(f64s),
        ];
        for elements in all {
            let array = IdxArray { dims: vec![1, elements.len(), 1], elements };
            let mut bytes = Vec::new();
            write(&array, &mut bytes).unwrap();
            prop_assert_eq!(parse(&bytes).unwrap(), array);
        }
    }

    #[test]
    fn every_cut_and_every_extension_is_refused(bytes in any_file(), cut: prop::sample::Index) {
        prop_assert!(parse(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(parse(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn no_bytes_make_the_parser_panic(mut bytes: Vec<u8>, element in 0u8..16, rank in 0u8..4) {
        let _ = parse(&bytes);
        bytes.splice(0..0, [0, 0, element, rank]);
        let _ = parse(&bytes);
    }
}
