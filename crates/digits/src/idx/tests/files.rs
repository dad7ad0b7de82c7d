//! Files that are missing, damaged, or longer than their header says.

use super::*;
use crate::scratch::Scratch;

#[test]
fn raw_and_gzipped_files_are_read_whatever_their_names() {
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
fn a_folder_is_an_error() {
    let scratch = Scratch::new("idx-folder");
    let error = read(scratch.path()).unwrap_err();
    assert!(
        matches!(error.kind, IdxErrorKind::Unreadable { position: 0, .. }),
        "{error}"
    );
}

#[test]
fn a_damaged_gzip_file_is_an_error() {
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
    // The last eight bytes are the checksum and the length.
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

/// The reader is endless; only the 18 bytes that the header announces and one more are read.
#[test]
fn of_a_gzip_bomb_only_what_its_header_announces_is_read() {
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
fn a_gzip_file_longer_than_its_header_says_is_an_error() {
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
fn a_forged_header_does_not_allocate_more_memory_than_the_file_can_fill() {
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
