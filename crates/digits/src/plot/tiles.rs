//! Small images laid out in columns, each over a caption: what digits, filters and maps share.
//!
//! All tiles are pixels of *one* PNG, with room for the captions between them.

use super::PlotError;
use super::picture::escape;
use super::png::{self, Colours};

/// Widest picture, in CSS pixels: what fits a page's column.
const WIDEST: usize = 720;
/// Room around the grid, so that frames are whole, in CSS pixels.
const MARGIN: usize = 2;
/// Largest side of a tile, in CSS pixels.
const LARGEST: usize = 96;
/// Least height of the room for a caption, in CSS pixels.
const CAPTION: usize = 22;
/// Width of a letter of a caption, in CSS pixels.
const LETTER: usize = 7;
/// Least distance between tiles side by side, in CSS pixels.
const GAP: usize = 8;

/// Tiles of `height` × `width` pixels in a grid.
pub(super) struct Tiles {
    height: usize,
    width: usize,
    columns: usize,
    rows: usize,
    /// CSS pixels for each pixel of a tile.
    scale: usize,
    /// Distance between tiles, in pixels of a tile.
    gap: usize,
    /// Room under a tile, in pixels of a tile.
    caption: usize,
    /// Room on the left and on the right, in CSS pixels.
    side: usize,
}

impl Tiles {
    /// The layout of `count` tiles of `height` × `width` pixels in at most `columns` columns.
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
            // A caption wider than its tile needs the same room at the ends as between tiles.
            side: MARGIN.max(longest.saturating_sub(scale * width) / 2),
            caption: room.div_ceil(scale),
        })
    }

    /// Size of the whole grid in CSS pixels, width first.
    pub(super) fn size(&self) -> (usize, usize) {
        let (height, width) = self.sheet();
        (
            width * self.scale + 2 * self.side,
            height * self.scale + 2 * MARGIN,
        )
    }

    /// Height and width of the one image that holds all tiles.
    fn sheet(&self) -> (usize, usize) {
        let width = self.columns * (self.width + self.gap) - self.gap;
        (self.rows * (self.height + self.caption), width)
    }

    /// Row and column of tile `i`'s upper left pixel in the sheet.
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

    /// All tiles as one PNG; where there is no tile the byte is 0.
    pub(super) fn png<'t>(
        &self,
        tiles: impl IntoIterator<Item = &'t [u8]>,
        colours: &Colours<'_>,
    ) -> String {
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

    /// The PNG as an SVG image whose pixels stay sharp squares.
    pub(super) fn image(&self, png: &str) -> String {
        let (height, width) = self.sheet();
        let (width, height) = (width * self.scale, height * self.scale);
        format!(
            "<image x=\"{}\" y=\"{MARGIN}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{png}\"/>",
            self.side
        )
    }

    /// The PNG as ink: where it is white the page's text colour, where it is black nothing.
    pub(super) fn ink(&self, png: &str) -> String {
        let (width, height) = self.size();
        // The same name means the same bytes: two equal pictures on a page may share it.
        let name = format!("ink-{:016x}", fnv1a(png.as_bytes()));
        format!(
            "<mask id=\"{name}\" maskUnits=\"userSpaceOnUse\" x=\"0\" y=\"0\" width=\"{width}\" \
             height=\"{height}\">{image}</mask><rect width=\"{width}\" height=\"{height}\" \
             mask=\"url(#{name})\"/>",
            image = self.image(png),
        )
    }

    /// A thin frame around each of `count` tiles.
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

    /// A caption centred under each tile.
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

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo), the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
