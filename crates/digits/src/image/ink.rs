//! A picture → where its ink is: Otsu's threshold, the bounding box, the centre of mass.

use super::{Grey, ImageError};

/// The number of levels to which values are rounded for their histogram.
const LEVELS: usize = 256;
/// The smallest difference of the mean values of ink and paper; below it the page counts as blank.
const LEAST_CONTRAST: f64 = 0.05;

/// The bounding box of the ink: rows `top..bottom` and columns `left..right`, ends excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InkBox {
    /// The first row with ink.
    pub top: usize,
    /// The first column with ink.
    pub left: usize,
    /// The row after the last row with ink.
    pub bottom: usize,
    /// The column after the last column with ink.
    pub right: usize,
}

impl InkBox {
    /// The number of rows.
    pub fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.right - self.left
    }
}

impl Grey {
    /// Otsu's threshold: the level that best separates paper (values up to it) from ink (values
    /// over it).
    ///
    /// With the shares `w₀` and `w₁` of the pixels on both sides and their mean values `m₀`
    /// and `m₁`, it maximises `w₀ w₁ (m₁ − m₀)²`, the variance between the sides; of
    /// several maxima it is the lowest (N. Otsu, "A threshold selection method from gray-level
    /// histograms", IEEE Transactions on Systems, Man, and Cybernetics 9, 1979). Candidates are
    /// 1/255 apart.
    ///
    /// ```
    /// use digits::image::Grey;
    ///
    /// let level = Grey::new(1, 4, vec![0.1, 0.2, 0.8, 0.9])?.otsu_level()?;
    /// assert!((0.2..0.8).contains(&level));
    /// # Ok::<(), digits::image::ImageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError::Blank`] if the mean values of both sides differ by less than 0.05.
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
                "values from {low:.3} to {high:.3}, whose darker and lighter parts differ by \
                 {contrast:.3} on average"
            );
            return Err(ImageError::Blank { found });
        }
        Ok((best as f32 + 0.5) / 255.0)
    }

    /// Ink and paper separated: values over [`otsu_level`](Self::otsu_level) become 1, others 0.
    ///
    /// # Errors
    /// As for [`otsu_level`](Self::otsu_level).
    pub fn threshold(&self) -> Result<Self, ImageError> {
        let level = self.otsu_level()?;
        Ok(self.map(|value| if value > level { 1.0 } else { 0.0 }))
    }

    /// The bounding box of the ink: the smallest rectangle with all values over 0.
    ///
    /// # Errors
    /// [`ImageError::Blank`] if all values are 0.
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

    /// The part of the picture inside its [`ink_box`](Self::ink_box).
    ///
    /// # Errors
    /// As for [`ink_box`](Self::ink_box).
    pub fn crop_to_ink(&self) -> Result<Self, ImageError> {
        let ink = self.ink_box()?;
        self.crop(ink.top, ink.left, ink.height(), ink.width())
    }

    /// The centre of mass (row, column): the mean position of all pixels, weighted by their values
    /// v.
    ///
    /// This is `Σ v i / Σ v` and `Σ v j / Σ v` with rows i and columns j from 0, so that (0, 0)
    /// is the middle of the first pixel.
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
