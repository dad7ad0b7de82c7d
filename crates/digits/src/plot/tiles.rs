//! Small images of equal size → a grid with a caption under each, for digits, filters and maps.
//!
//! All tiles are in *one* PNG, with gaps for the captions between them.

use super::PlotError;
use super::picture::escape;
use super::png::{self, Colours};

/// Largest width of a picture, in CSS pixels: that of the text on a page.
const WIDEST: usize = 720;
/// Margin around the grid, in CSS pixels, so that frames are not cut off.
const MARGIN: usize = 2;
/// Largest height and width of a tile, in CSS pixels.
const LARGEST: usize = 96;
/// Smallest height of the gap for a caption, in CSS pixels.
const CAPTION: usize = 22;
/// Assumed width of a letter in a caption, in CSS pixels.
const LETTER: usize = 7;
/// Smallest distance between neighbouring tiles, in CSS pixels.
const GAP: usize = 8;

/// The layout of a grid of tiles.
pub(super) struct Tiles {
    /// Height of a tile, in its pixels.
    height: usize,
    /// Width of a tile, in its pixels.
    width: usize,
    columns: usize,
    rows: usize,
    /// Size of a pixel of a tile, in CSS pixels.
    scale: usize,
    /// Distance between neighbouring tiles, in pixels of a tile.
    gap: usize,
    /// Height of the gap under a tile, in pixels of a tile.
    caption: usize,
    /// Margin on the left and on the right, in CSS pixels.
    side: usize,
}

impl Tiles {
    /// The layout of `count` tiles of `height` × `width` pixels in at most `columns` columns, with
    /// room for `captions`.
    ///
    /// # Errors
    /// [`PlotError::Zero`] if height, width or columns are 0.
    pub(super) fn new(
        count: usize,
        (height, width): (usize, usize),
        columns: usize,
        captions: &[String],
    ) -> Result<Self, PlotError> {
        for (what, size) in [("height", height), ("width", width), ("columns", columns)] {
            if size == 0 {
                return Err(PlotError::Zero { what });
            }
        }
        let columns = columns.min(count).max(1);
        let longest = captions.iter().map(|caption| caption.chars().count()).max();
        let longest = longest.map_or(0, |letters| LETTER * letters + GAP);
        let gap = |scale: usize| {
            longest
                .saturating_sub(scale * width)
                .max(GAP)
                .div_ceil(scale)
        };
        let fits = |scale: &usize| {
            scale * height.max(width) <= LARGEST
                && columns * scale * (width + gap(*scale)) <= WIDEST + GAP
        };
        let scale = (1..=20).rev().find(fits).unwrap_or(1);
        let room = if captions.is_empty() { GAP } else { CAPTION };
        Ok(Self {
            height,
            width,
            columns,
            rows: count.div_ceil(columns),
            scale,
            gap: gap(scale),
            // A caption wider than its tile also needs room at the ends of a row.
            side: MARGIN.max(longest.saturating_sub(scale * width) / 2),
            caption: room.div_ceil(scale),
        })
    }

    /// Width and height of the whole grid, in CSS pixels.
    pub(super) fn size(&self) -> (usize, usize) {
        let (height, width) = self.sheet();
        (
            width * self.scale + 2 * self.side,
            height * self.scale + 2 * MARGIN,
        )
    }

    /// Height and width of the image with all tiles, in its pixels.
    fn sheet(&self) -> (usize, usize) {
        let width = self.columns * (self.width + self.gap) - self.gap;
        (self.rows * (self.height + self.caption), width)
    }

    /// Row and column of the top left pixel of tile `i` in the image with all tiles.
    fn corner(&self, i: usize) -> (usize, usize) {
        let (row, column) = (i / self.columns, i % self.columns);
        (
            row * (self.height + self.caption),
            column * (self.width + self.gap),
        )
    }

    /// Left and top edge of tile `i` in the picture, in CSS pixels.
    fn place(&self, i: usize) -> (usize, usize) {
        let (top, left) = self.corner(i);
        (self.side + left * self.scale, MARGIN + top * self.scale)
    }

    /// The address of a PNG with all `tiles`, each row by row, and bytes of 0 between them.
    ///
    /// # Errors
    /// [`PlotError::Backend`] if encoding fails.
    pub(super) fn png<'t>(
        &self,
        tiles: impl IntoIterator<Item = &'t [u8]>,
        colours: &Colours<'_>,
    ) -> Result<String, PlotError> {
        let (height, width) = self.sheet();
        let mut sheet = vec![0; height * width];
        for (i, tile) in tiles.into_iter().enumerate() {
            let (top, left) = self.corner(i);
            for (row, pixels) in tile.chunks_exact(self.width).enumerate() {
                let start = (top + row) * width + left;
                sheet[start..start + self.width].copy_from_slice(pixels);
            }
        }
        png::data_uri(width, &sheet, colours)
    }

    /// An SVG image with the PNG at the address `png`, whose pixels are drawn as squares.
    pub(super) fn image(&self, png: &str) -> String {
        let (height, width) = self.sheet();
        let (width, height) = (width * self.scale, height * self.scale);
        format!(
            "<image x=\"{}\" y=\"{MARGIN}\" width=\"{width}\" height=\"{height}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"{png}\"/>",
            self.side
        )
    }

    /// SVG elements that draw the PNG at the address `png` in the page's text colour: opaque where
    /// the PNG is white, transparent where it is black.
    pub(super) fn ink(&self, png: &str) -> String {
        let (width, height) = self.size();
        // Equal names mean equal bytes, so that equal pictures on a page can share a mask.
        let name = format!("ink-{:016x}", fnv1a(png.as_bytes()));
        format!(
            "<mask id=\"{name}\" maskUnits=\"userSpaceOnUse\" x=\"0\" y=\"0\" width=\"{width}\" \
             height=\"{height}\">{image}</mask><rect width=\"{width}\" height=\"{height}\" \
             mask=\"url(#{name})\"/>",
            image = self.image(png),
        )
    }

    /// An SVG path with a thin frame around each of the first `count` tiles.
    pub(super) fn frames(&self, count: usize) -> String {
        let mut path = String::new();
        for i in 0..count {
            let (left, top) = self.place(i);
            path.push_str(&format!(
                "M{} {}h{w}v{h}h-{w}z",
                left,
                top,
                w = self.width * self.scale,
                h = self.height * self.scale,
            ));
        }
        format!("<path fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".3\" d=\"{path}\"/>")
    }

    /// SVG texts with each of `captions` centred under its tile.
    pub(super) fn captions<S: AsRef<str>>(&self, captions: &[S]) -> String {
        let mut text = String::from("<g font-size=\"13\" text-anchor=\"middle\">");
        for (i, caption) in captions.iter().enumerate() {
            let (left, top) = self.place(i);
            text.push_str(&format!(
                "<text x=\"{}\" y=\"{}\">{}</text>",
                left + self.width * self.scale / 2,
                top + self.height * self.scale + 14,
                escape(caption.as_ref()),
            ));
        }
        text + "</g>"
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo) of `bytes`, which is the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
