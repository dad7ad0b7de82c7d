//! The smallest PNG writer that image grids need: 8 bits a pixel, grey or by palette.
//!
//! An SVG rectangle for each pixel would make a hundred digits weigh megabytes; as one PNG inside
//! the SVG they weigh about 25 KB. Format: W3C "Portable Network Graphics", third edition.

use std::io::Write;

use flate2::{Compression, Crc, write::ZlibEncoder};

/// How a byte of the image becomes a colour.
pub(super) enum Colours<'a> {
    /// 0 is black, 255 white.
    Grey,
    /// The byte is an index into these colours; index 0 is fully transparent.
    Palette(&'a [[u8; 3]]),
}

/// A `data:` address holding `bytes` (row by row, `width` a row) as a PNG.
pub(super) fn data_uri(width: usize, bytes: &[u8], colours: &Colours<'_>) -> String {
    format!(
        "data:image/png;base64,{}",
        base64(&encode(width, bytes, colours))
    )
}

fn encode(width: usize, bytes: &[u8], colours: &Colours<'_>) -> Vec<u8> {
    let height = bytes.len() / width.max(1);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::with_capacity(13);
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    // 8 bits; grey (0) or palette (3); deflate; adaptive filters; not interlaced.
    header.extend([
        8,
        if matches!(colours, Colours::Grey) {
            0
        } else {
            3
        },
        0,
        0,
        0,
    ]);
    chunk(&mut png, b"IHDR", &header);
    if let Colours::Palette(colours) = colours {
        chunk(&mut png, b"PLTE", colours.as_flattened());
        chunk(&mut png, b"tRNS", &[0]);
    }
    chunk(&mut png, b"IDAT", &compress(width, bytes));
    chunk(&mut png, b"IEND", &[]);
    png
}

/// The rows, each behind its filter byte (0: none), as a zlib stream.
fn compress(width: usize, bytes: &[u8]) -> Vec<u8> {
    let mut stream = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in bytes.chunks_exact(width.max(1)) {
        // Writing into a Vec cannot fail.
        let _ = stream.write_all(&[0]).and_then(|()| stream.write_all(row));
    }
    stream.finish().unwrap_or_default()
}

fn chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let mut check = Crc::new();
    check.update(name);
    check.update(data);
    png.extend((data.len() as u32).to_be_bytes());
    png.extend(name);
    png.extend(data);
    png.extend(check.sum().to_be_bytes());
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut padded = [0; 4];
        padded[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(padded);
        for place in 0..4 {
            if place <= group.len() {
                text.push(char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_the_rfcs_examples() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_png_carries_its_size_its_checksums_and_its_rows() {
        let png = encode(2, &[1, 2, 3, 4, 5, 6], &Colours::Grey);
        assert_eq!(&png[16..24], [0, 0, 0, 2, 0, 0, 0, 3]);
        // The checksum of an empty IEND chunk is in every PNG file.
        assert!(png.ends_with(b"IEND\xae\x42\x60\x82"));
        let data = 8 + 25;
        assert_eq!(&png[data + 4..data + 8], b"IDAT");
        let mut rows = Vec::new();
        std::io::copy(
            &mut flate2::read::ZlibDecoder::new(&png[data + 8..]),
            &mut rows,
        )
        .expect("a zlib stream");
        assert_eq!(rows, [0, 1, 2, 0, 3, 4, 0, 5, 6]);
    }
}
