//! Bytes of a PNG or JPEG file → brightness of each pixel.

use super::{Grey, ImageError};
use ::image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage};
use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

/// The largest height and width of a picture that is read, in pixels.
pub const MAX_SIDE: u32 = 10_000;
/// The largest number of pixels of a picture that is read.
pub const MAX_PIXELS: u64 = 50_000_000;
/// The number of bytes that a decoder may allocate: eight for each pixel, twice the size of RGBA.
const MAX_BYTES: u64 = 8 * MAX_PIXELS;

impl Grey {
    /// Reads a PNG or JPEG file: see [`decode`](Self::decode).
    ///
    /// # Errors
    /// [`ImageError::File`], with the path and the error of reading or decoding.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ImageError> {
        let path = path.as_ref();
        fs::read(path)
            .map_err(|source| ImageError::Read { source })
            .and_then(|bytes| Self::decode(&bytes))
            .map_err(|error| ImageError::File {
                path: path.to_owned(),
                source: Box::new(error),
            })
    }

    /// Decodes a PNG or JPEG file to the brightness of its pixels, 0 (black) to 1 (white): [`grey`]
    /// of each colour.
    ///
    /// If the file has an Exif orientation, the picture is rotated by it. Transparent pixels become
    /// white.
    ///
    /// # Errors
    /// [`ImageError::Empty`] if there are no bytes, [`ImageError::Format`] if they are neither PNG
    /// nor JPEG, [`ImageError::TooLarge`] (before memory for pixels is allocated),
    /// [`ImageError::NoPixels`], and [`ImageError::Damaged`] if decoding fails.
    pub fn decode(bytes: &[u8]) -> Result<Self, ImageError> {
        if bytes.is_empty() {
            return Err(ImageError::Empty);
        }
        let format = ::image::guess_format(bytes).ok();
        let Some(format @ (ImageFormat::Png | ImageFormat::Jpeg)) = format else {
            let start = bytes[..bytes.len().min(8)].to_vec();
            return Err(ImageError::Format { start });
        };
        let damaged = |source| ImageError::Damaged { source };
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits());
        let mut decoder = reader
            .into_decoder()
            .map_err(|error| too_large(bytes, format, error))?;
        check_size(decoder.dimensions())?;
        let orientation = decoder.orientation().map_err(damaged)?;
        let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
        picture.apply_orientation(orientation);
        Self::of(&picture.into_rgba8())
    }

    /// The brightness of an RGBA picture on a white background.
    fn of(picture: &RgbaImage) -> Result<Self, ImageError> {
        let (width, height) = picture.dimensions();
        let values = picture.pixels().map(|pixel| {
            let [red, green, blue, alpha] = pixel.0.map(|byte| f32::from(byte) / 255.0);
            let brightness = grey([red, green, blue]);
            (alpha * brightness + (1.0 - alpha)).clamp(0.0, 1.0)
        });
        Self::new(height as usize, width as usize, values.collect())
    }
}

/// The brightness of a colour, 0 to 1: 0.2126 red + 0.7152 green + 0.0722 blue, each 0 to 1.
///
/// The weights are those of ITU-R Recommendation BT.709, which the crate `image` uses too. They
/// reflect the sensitivity of the human eye. Pillow and OpenCV use those of BT.601: 0.299, 0.587
/// and 0.114.
///
/// ```
/// use digits::image::grey;
/// assert!((grey([1.0, 1.0, 1.0]) - 1.0).abs() < 1e-6);
/// // Green alone looks brighter than red and blue together.
/// assert!(grey([0.0, 1.0, 0.0]) > grey([1.0, 0.0, 1.0]));
/// ```
pub fn grey([red, green, blue]: [f32; 3]) -> f32 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The folder with the photographs of the repository, `data/photographs`.
pub fn photographs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/photographs")
}

/// The limits of the decoders: [`MAX_SIDE`] and [`MAX_BYTES`].
fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    limits
}

/// Checks that there is a pixel, and that [`MAX_SIDE`] and [`MAX_PIXELS`] are not exceeded.
fn check_size((width, height): (u32, u32)) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        let (height, width) = (height as usize, width as usize);
        return Err(ImageError::NoPixels { height, width });
    }
    if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageError::TooLarge { height, width });
    }
    Ok(())
}

/// The error of a decoder that could not be created: if its limits were exceeded, an error with the
/// size of the picture, otherwise [`ImageError::Damaged`].
fn too_large(bytes: &[u8], format: ImageFormat, source: ::image::ImageError) -> ImageError {
    if let ::image::ImageError::Limits(_) = source {
        // The size is in the header; no memory for pixels is allocated.
        let size = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions();
        if let Some(error) = size.ok().and_then(|size| check_size(size).err()) {
            return error;
        }
    }
    ImageError::Damaged { source }
}
