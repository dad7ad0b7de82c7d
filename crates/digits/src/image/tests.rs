use super::*;
use ::image::codecs::jpeg::JpegEncoder;
use ::image::{DynamicImage, GrayImage, ImageFormat, RgbImage, Rgba, RgbaImage};
use std::io::Cursor;

mod steps;

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A picture of many colours, 7 pixels wide and 5 high.
fn colours() -> RgbImage {
    RgbImage::from_fn(7, 5, |x, y| {
        [(40 * y) as u8, (35 * x) as u8, (9 * x * y) as u8].into()
    })
}

#[test]
fn brightness_agrees_with_the_crate_image() {
    let ours = Grey::decode(&encoded(colours(), ImageFormat::Png)).unwrap();
    assert_eq!((ours.height(), ours.width()), (5, 7));
    let theirs = DynamicImage::from(colours()).into_rgb32f();
    let theirs = DynamicImage::from(theirs).to_luma32f();
    for (a, b) in ours.values().iter().zip(theirs.into_raw()) {
        // The crate has the same weights with more digits.
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
fn a_jpeg_file_is_decoded() {
    let flat = GrayImage::from_pixel(16, 9, [51].into());
    let ours = Grey::decode(&encoded(flat, ImageFormat::Jpeg)).unwrap();
    assert_eq!((ours.height(), ours.width()), (9, 16));
    assert!(ours.values().iter().all(|value| (value - 0.2).abs() < 0.01));
}

#[test]
fn transparent_pixels_are_white() {
    let mut picture = RgbaImage::from_pixel(2, 1, Rgba([0, 0, 0, 0]));
    picture.put_pixel(1, 0, Rgba([0, 0, 0, 255]));
    let ours = Grey::decode(&encoded(picture, ImageFormat::Png)).unwrap();
    assert_eq!(ours.values(), [1.0, 0.0]);
}

/// A camera held upright stores its rows sideways, with an Exif note. After a header, the note has
/// one entry: tag 0x0112 (orientation), type short, count 1, value 6 (rotate by 90° clockwise).
#[test]
fn a_picture_is_rotated_by_its_exif_orientation() {
    let note = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let left_dark = GrayImage::from_fn(32, 16, |x, _| [if x < 16 { 0 } else { 255 }].into());
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes)
        .encode_image(&left_dark)
        .unwrap();
    // The note follows the first two bytes of a JPEG file, as a segment: marker, length, name,
    // note.
    let name = b"Exif\0\0";
    let length = ((2 + name.len() + note.len()) as u16).to_be_bytes();
    let segment = [&[0xFF, 0xE1], &length[..], name, note].concat();
    bytes.splice(2..2, segment);
    let upright = Grey::decode(&bytes).unwrap();
    assert_eq!((upright.height(), upright.width()), (32, 16));
    assert!(upright.at(2, 8) < 0.1 && upright.at(30, 8) > 0.9); // the left side is on top now
}

/// The error of decoding `bytes`.
fn refused(bytes: &[u8]) -> ImageError {
    Grey::decode(bytes).unwrap_err()
}

#[test]
fn an_empty_file_is_an_error() {
    assert!(matches!(refused(&[]), ImageError::Empty));
}

#[test]
fn the_error_of_another_format_contains_the_first_bytes() {
    let error = refused(b"Dear sir, enclosed");
    assert!(
        matches!(&error, ImageError::Format { start } if start == b"Dear sir"),
        "{error}"
    );
    assert!(error.to_string().contains("44, 65, 61, 72"), "{error}");
    assert!(matches!(
        refused(b"GIF89a\x01\0\x01\0"),
        ImageError::Format { .. }
    ));
}

#[test]
fn a_truncated_picture_is_an_error() {
    let png = encoded(colours(), ImageFormat::Png);
    for length in 1..png.len() - 12 {
        // The last twelve bytes only mark the end.
        let error = refused(&png[..length]);
        let expected = matches!(
            error,
            ImageError::Damaged { .. } | ImageError::Format { .. }
        );
        assert!(expected, "{length}: {error}");
    }
    let jpeg = encoded(colours(), ImageFormat::Jpeg);
    for length in 1..jpeg.len() / 2 {
        let error = refused(&jpeg[..length]);
        let expected = matches!(
            error,
            ImageError::Damaged { .. } | ImageError::Format { .. }
        );
        assert!(expected, "{length}: {error}");
    }
}

/// A PNG file with a header for this size, and without pixels.
fn header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..]);
    bytes.extend(crc.sum().to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e"); // an empty chunk of pixels
    bytes
}

#[test]
fn a_picture_over_the_limits_is_an_error_before_memory_is_allocated() {
    for (width, height) in [(50_000, 10), (10, 50_000), (9_999, 9_999)] {
        let error = refused(&header(width, height));
        let ImageError::TooLarge {
            width: w,
            height: h,
        } = error
        else {
            panic!("{width} x {height}: {error}");
        };
        assert_eq!((w, h), (width, height));
    }
    // Here the decoder's own limit is exceeded first.
    assert!(matches!(
        refused(&header(u32::MAX / 2, u32::MAX / 2)),
        ImageError::Damaged { .. }
    ));
    // This size is allowed; the pixels are missing.
    assert!(matches!(refused(&header(3, 2)), ImageError::Damaged { .. }));
}

#[test]
fn a_picture_without_pixels_is_an_error() {
    for (width, height) in [(0, 5), (5, 0), (0, 0)] {
        let error = refused(&header(width, height));
        let expected = matches!(
            error,
            ImageError::Damaged { .. } | ImageError::NoPixels { .. }
        );
        assert!(expected, "{error}");
    }
    let error = Grey::new(0, 5, vec![]).unwrap_err();
    assert!(matches!(
        error,
        ImageError::NoPixels {
            height: 0,
            width: 5
        }
    ));
}

#[test]
fn the_error_of_a_value_outside_0_to_1_contains_its_position() {
    for bad in [f32::NAN, -0.1, 1.5, f32::INFINITY] {
        let mut values = vec![0.5; 6];
        values[4] = bad;
        let error = Grey::new(2, 3, values).unwrap_err();
        let ImageError::Value { row, col, found } = error else {
            panic!("{error}");
        };
        assert_eq!((row, col, found.to_bits()), (1, 1, bad.to_bits()));
    }
    let error = Grey::new(2, 3, vec![0.5; 5]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a value for each of 2 x 3 pixels, found 5 values; pass the values of all rows"
    );
    assert!(Grey::new(usize::MAX, 2, vec![]).is_err());
}

#[test]
fn the_error_of_a_missing_or_damaged_file_contains_its_path() {
    let error = Grey::open("no/such/photograph.jpg")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("no/such/photograph.jpg: "), "{error}");
    let scratch = crate::scratch::Scratch::new("image-open");
    let path = scratch.path().join("letter.png");
    std::fs::write(&path, "Dear sir").unwrap();
    let error = Grey::open(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("letter.png: expected PNG or JPEG"),
        "{error}"
    );
}
