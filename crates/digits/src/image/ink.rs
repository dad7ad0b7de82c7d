//! Where the ink is: Otsu's threshold, the ink's rectangle, its centre of mass.

use super::{Grey, ImageError};

/// How finely the values are counted when a threshold is sought.
const LEVELS: usize = 256;
/// Means of paper and ink closer than this, of 1, are one colour with noise.
const LEAST_CONTRAST: f64 = 0.05;

/// The rows and columns that hold ink, ends not included: `top..bottom`, `left..right`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InkBox {
    /// The first row with ink.
    pub top: usize,
    /// The first column with ink.
    pub left: usize,
    /// The row after the last with ink.
    pub bottom: usize,
    /// The column after the last with ink.
    pub right: usize,
}

impl InkBox {
    /// Rows.
    pub fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.right - self.left
    }
}

impl Grey {
    /// The level that divides the pixels best into paper (up to it) and ink (over it): Otsu's.
    ///
    /// With the shares `w` of the pixels and their means `m` on either side, it makes `w₀ w₁ (m₁ − m₀)²` largest, the
    /// variance between the two; of several such levels it is the lowest (N. Otsu, "A threshold selection method from
    /// gray-level histograms", IEEE Transactions on Systems, Man, and Cybernetics 9, 1979). Levels are 1/255 apart.
    ///
    /// # Errors
    /// [`ImageError::Blank`] if the means of the two sides differ by less than a twentieth of the way from black to white.
    pub fn otsu_level(&self) -> Result<f32, ImageError> {
        let mut counts = [0.0_f64; LEVELS];
        for byte in self.bytes() {
            counts[usize::from(byte)] += 1.0;
        }
        let all: f64 = counts.iter().sum();
        let sum: f64 = (0..LEVELS).map(|level| level as f64 * counts[level]).sum();
        let (mut below, mut sum_below) = (0.0, 0.0);
        let (mut best, mut largest, mut contrast) = (0, 0.0, 0.0);
        for (level, count) in counts.iter().enumerate().take(LEVELS - 1) {
            below += count;
            sum_below += level as f64 * count;
            if below == 0.0 || below == all {
                continue;
            }
            let apart = (sum - sum_below) / (all - below) - sum_below / below;
            let between = below * (all - below) * apart * apart;
            if between > largest {
                (best, largest, contrast) = (level, between, apart / 255.0);
            }
        }
        if contrast < LEAST_CONTRAST {
            let (low, high) = self.range();
            let found = format!(
                "values from {low:.3} to {high:.3}, whose darker and lighter parts differ by {contrast:.3} on average"
            );
            return Err(ImageError::Blank { found });
        }
        Ok((best as f32 + 0.5) / 255.0)
    }

    /// Ink and paper: values over [`otsu_level`](Self::otsu_level) become 1, all others 0.
    ///
    /// # Errors
    /// As for [`otsu_level`](Self::otsu_level).
    pub fn threshold(&self) -> Result<Self, ImageError> {
        let level = self.otsu_level()?;
        Ok(self.map(|value| if value > level { 1.0 } else { 0.0 }))
    }

    /// The smallest rectangle that holds all values over 0.
    ///
    /// # Errors
    /// [`ImageError::Blank`] if there is none.
    pub fn ink_box(&self) -> Result<InkBox, ImageError> {
        let (mut top, mut bottom) = (self.height, 0);
        let (mut left, mut right) = (self.width, 0);
        for (row, values) in self.values.chunks_exact(self.width).enumerate() {
            let Some(first) = values.iter().position(|value| *value > 0.0) else {
                continue;
            };
            let last = values
                .iter()
                .rposition(|value| *value > 0.0)
                .unwrap_or(first);
            (top, bottom) = (top.min(row), row + 1);
            (left, right) = (left.min(first), right.max(last + 1));
        }
        if bottom == 0 {
            let found = "every value is 0".to_owned();
            return Err(ImageError::Blank { found });
        }
        Ok(InkBox {
            top,
            left,
            bottom,
            right,
        })
    }

    /// The picture's part in its [`ink_box`](Self::ink_box).
    ///
    /// # Errors
    /// As for [`ink_box`](Self::ink_box).
    pub fn crop_to_ink(&self) -> Result<Self, ImageError> {
        let ink = self.ink_box()?;
        self.crop(ink.top, ink.left, ink.height(), ink.width())
    }

    /// The centre of mass, (row, column): the mean place, each pixel counting as much as its value.
    ///
    /// `Σ v i / Σ v` and `Σ v j / Σ v` over rows i and columns j, counted from 0 at the middle of the first pixel.
    ///
    /// # Errors
    /// [`ImageError::Blank`] if all values are 0.
    pub fn centre_of_mass(&self) -> Result<(f64, f64), ImageError> {
        let (mut mass, mut rows, mut cols) = (0.0, 0.0, 0.0);
        for (at, &value) in self.values.iter().enumerate() {
            let value = f64::from(value);
            mass += value;
            rows += value * (at / self.width) as f64;
            cols += value * (at % self.width) as f64;
        }
        if mass == 0.0 {
            let found = "every value is 0".to_owned();
            return Err(ImageError::Blank { found });
        }
        Ok((rows / mass, cols / mass))
    }

    /// The smallest and the largest value.
    pub(super) fn range(&self) -> (f32, f32) {
        let first = (f32::INFINITY, f32::NEG_INFINITY);
        let wider = |(low, high): (f32, f32), value: &f32| (low.min(*value), high.max(*value));
        self.values.iter().fold(first, wider)
    }
}
