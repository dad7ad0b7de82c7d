//! Bytes of pixels → a PNG file, as an address for an SVG image.
//!
//! With one SVG rectangle for each pixel, a hundred digits would take megabytes; as one PNG file
//! inside the SVG they take about 25 KB.

use ::png::{BitDepth, ColorType, Compression, Encoder, EncodingError, FilterType};
use base64::prelude::{BASE64_STANDARD, Engine};

use super::PlotError;

/// How the byte of a pixel becomes a colour.
pub(super) enum Colours<'a> {
    /// From 0 (black) to 255 (white).
    Grey,
    /// The byte is an index into these RGB colours; index 0 is fully transparent.
    Palette(&'a [[u8; 3]]),
}

/// A `data:` address with a PNG file of `pixels`, one byte each, in rows of `width`.
///
/// # Errors
/// [`PlotError::Backend`] if `width` is 0, there are no pixels, or the last row is incomplete.
pub(super) fn data_uri(
    width: usize,
    pixels: &[u8],
    colours: &Colours<'_>,
) -> Result<String, PlotError> {
    let png = encode(width, pixels, colours)
        .map_err(|error| PlotError::Backend(format!("PNG: {error}")))?;
    let encoded = BASE64_STANDARD.encode(png);
    Ok(format!("data:image/png;base64,{encoded}"))
}

/// The PNG file: 8 bits per pixel, without filters.
fn encode(width: usize, pixels: &[u8], colours: &Colours<'_>) -> Result<Vec<u8>, EncodingError> {
    let height = pixels.len() / width.max(1);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_depth(BitDepth::Eight);
    match colours {
        Colours::Grey => encoder.set_color(ColorType::Grayscale),
        Colours::Palette(colours) => {
            encoder.set_color(ColorType::Indexed);
            encoder.set_palette(colours.as_flattened());
            encoder.set_trns(&[0][..]);
        }
    }
    encoder.set_filter(FilterType::NoFilter);
    encoder.set_compression(Compression::Best);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours and alpha of all pixels, as the crate `image` reads them.
    fn decoded(png: &[u8]) -> Vec<u8> {
        let picture = ::image::load_from_memory(png).expect("a PNG file");
        picture.into_rgba8().into_raw()
    }

    #[test]
    fn grey_pixels_are_read_back() {
        let png = encode(2, &[0, 51, 255, 7, 8, 9], &Colours::Grey).expect("encoded");
        let grey: Vec<u8> = decoded(&png).chunks(4).map(|pixel| pixel[0]).collect();
        assert_eq!(grey, [0, 51, 255, 7, 8, 9]);
    }

    #[test]
    fn palette_pixels_are_read_back_and_index_0_is_transparent() {
        let colours = Colours::Palette(&[[0, 0, 0], [10, 20, 30]]);
        let png = encode(2, &[1, 0], &colours).expect("encoded");
        assert_eq!(decoded(&png), [10, 20, 30, 255, 0, 0, 0, 0]);
    }

    #[test]
    fn an_address_holds_the_file_in_base_64() {
        let uri = data_uri(1, &[5], &Colours::Grey).expect("encoded");
        let encoded = uri.strip_prefix("data:image/png;base64,").expect("a PNG");
        let png = BASE64_STANDARD.decode(encoded).expect("base 64");
        assert_eq!(decoded(&png), [5, 5, 5, 255]);
    }

    #[test]
    fn incomplete_rows_are_an_error() {
        for (width, pixels) in [(0, vec![]), (2, vec![]), (2, vec![1, 2, 3])] {
            let error = data_uri(width, &pixels, &Colours::Grey);
            assert!(matches!(error, Err(PlotError::Backend(_))), "{error:?}");
        }
    }
}
