//! Full or quick: how much training sees, and which accuracies are then right.
//!
//! A notebook trains at full scale, `cargo test` at quick scale, on fewer images and for fewer epochs.
//! A listing therefore states what it expects of its result at either scale, as a [`Band`]:
//!
//! ```
//! use digits::scale::Band;
//!
//! let band = Band::accuracy(0.985..=0.995, 0.85..=0.97)?;
//! # digits::scale::set(digits::scale::Scale::Full);
//! band.check("test accuracy", 0.9903)?;
//!
//! let error = band.check("test accuracy", 0.4).unwrap_err();
//! assert_eq!(error.to_string(), "test accuracy: expected 0.985 to 0.995 at full scale, found 0.4; \
//!     look for a change in the model, the data, the seed or the training since the band was set");
//!
//! // A band that an untrained model can meet tells nothing.
//! assert!(Band::accuracy(0.985..=0.995, 0.05..=0.97).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    env, fmt,
    ops::RangeInclusive,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

/// How much training sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// All images, all epochs.
    Full,
    /// Few images, few epochs: enough to tell that a listing works.
    Quick,
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Quick => "quick",
        })
    }
}

const UNSET: u8 = 0;
const FULL: u8 = 1;
const QUICK: u8 = 2;
static SCALE: AtomicU8 = AtomicU8::new(UNSET);

/// The scale that was [`set`]; else quick if the environment variable `DIGITS_SCALE` is `quick`; else full.
pub fn scale() -> Scale {
    match SCALE.load(Relaxed) {
        FULL => Scale::Full,
        QUICK => Scale::Quick,
        _ => from_variable(env::var("DIGITS_SCALE").ok().as_deref()),
    }
}

/// Sets the scale for the rest of the process.
pub fn set(scale: Scale) {
    SCALE.store(if scale == Scale::Full { FULL } else { QUICK }, Relaxed);
}

fn from_variable(value: Option<&str>) -> Scale {
    if value == Some("quick") {
        Scale::Quick
    } else {
        Scale::Full
    }
}

/// The accuracy of always answering 1 on MNIST's test images, where the ones are most: 1,135 of 10,000.
pub const CONSTANT_ACCURACY: f64 = 0.1135;

/// What a value must lie in at full scale, and at quick scale; both ends belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    full: RangeInclusive<f64>,
    quick: RangeInclusive<f64>,
}

/// Why something is not a band.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BandError {
    /// An end is not a number, or the first is larger than the second.
    #[error(
        "{scale} scale: expected a band from a smaller to a larger number, found {start} to {end}; swap or correct its ends"
    )]
    Empty {
        /// The scale whose band it is.
        scale: Scale,
        /// The lower end.
        start: f64,
        /// The upper end.
        end: f64,
    },
    /// An accuracy over 1 is probably a percentage.
    #[error("{scale} scale: expected accuracies up to 1, found {end}; give 99 % as 0.99")]
    OverOne {
        /// The scale whose band it is.
        scale: Scale,
        /// The upper end.
        end: f64,
    },
    /// A model that learnt nothing could meet the band.
    #[error(
        "{scale} scale: expected a band above {CONSTANT_ACCURACY}, the accuracy of always giving one answer, \
         found one from {start}; raise its lower end"
    )]
    AdmitsChance {
        /// The scale whose band it is.
        scale: Scale,
        /// The lower end.
        start: f64,
    },
}

/// A value outside its band.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{label}: expected {} to {} at {scale} scale, found {value}; \
     look for a change in the model, the data, the seed or the training since the band was set",
    band.start(), band.end()
)]
pub struct OutsideBand {
    /// What was checked.
    pub label: String,
    /// What was found.
    pub value: f64,
    /// What was expected.
    pub band: RangeInclusive<f64>,
    /// The scale at which it was expected.
    pub scale: Scale,
}

impl Band {
    /// A band for each scale.
    ///
    /// # Errors
    /// [`BandError::Empty`] if no number lies in one of them.
    pub fn new(full: RangeInclusive<f64>, quick: RangeInclusive<f64>) -> Result<Self, BandError> {
        for (scale, band) in [(Scale::Full, &full), (Scale::Quick, &quick)] {
            if band.is_empty() || !band.start().is_finite() || !band.end().is_finite() {
                return Err(BandError::Empty {
                    scale,
                    start: *band.start(),
                    end: *band.end(),
                });
            }
        }
        Ok(Self { full, quick })
    }

    /// A band of accuracies (0 to 1) for each scale, both out of reach of guessing.
    ///
    /// # Errors
    /// As for [`new`](Self::new); also if a band reaches over 1, or down to [`CONSTANT_ACCURACY`].
    pub fn accuracy(
        full: RangeInclusive<f64>,
        quick: RangeInclusive<f64>,
    ) -> Result<Self, BandError> {
        let band = Self::new(full, quick)?;
        for scale in [Scale::Full, Scale::Quick] {
            let (start, end) = band.at(scale).clone().into_inner();
            if end > 1.0 {
                return Err(BandError::OverOne { scale, end });
            }
            if start <= CONSTANT_ACCURACY {
                return Err(BandError::AdmitsChance { scale, start });
            }
        }
        Ok(band)
    }

    /// The band at a scale.
    pub fn at(&self, scale: Scale) -> &RangeInclusive<f64> {
        match scale {
            Scale::Full => &self.full,
            Scale::Quick => &self.quick,
        }
    }

    /// Checks that `value` lies in the band of the present [`scale`]; NaN lies in none.
    ///
    /// # Errors
    /// Says what was checked, at which scale, what was expected and what was found.
    pub fn check(&self, label: &str, value: f64) -> Result<(), OutsideBand> {
        self.check_at(scale(), label, value)
    }

    fn check_at(&self, scale: Scale, label: &str, value: f64) -> Result<(), OutsideBand> {
        let band = self.at(scale);
        if band.contains(&value) {
            return Ok(());
        }
        Err(OutsideBand {
            label: label.into(),
            value,
            band: band.clone(),
            scale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_full_unless_the_variable_says_quick() {
        assert_eq!(from_variable(None), Scale::Full);
        assert_eq!(from_variable(Some("")), Scale::Full);
        assert_eq!(from_variable(Some("quick")), Scale::Quick);
    }

    #[test]
    fn a_value_is_held_to_the_band_of_its_scale() {
        let band = Band::accuracy(0.98..=0.99, 0.8..=0.9).unwrap();
        assert_eq!(band.check_at(Scale::Full, "a", 0.98), Ok(()));
        assert_eq!(band.check_at(Scale::Full, "a", 0.99), Ok(()));
        assert!(band.check_at(Scale::Full, "a", 0.9901).is_err());
        assert!(band.check_at(Scale::Full, "a", 0.85).is_err());
        assert_eq!(band.check_at(Scale::Quick, "a", 0.85), Ok(()));
        assert!(band.check_at(Scale::Quick, "a", 0.985).is_err());
    }

    #[test]
    fn the_error_names_label_value_band_and_scale() {
        let band = Band::new(0.2..=0.3, 0.5..=1.5).unwrap();
        let error = band
            .check_at(Scale::Quick, "validation loss", 1.75)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("validation loss: expected 0.5 to 1.5 at quick scale, found 1.75;"),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_a_number_lies_in_no_band() {
        let band = Band::new(-1e300..=1e300, -1e300..=1e300).unwrap();
        assert!(band.check_at(Scale::Full, "loss", f64::NAN).is_err());
    }

    #[test]
    fn a_band_that_admits_chance_is_refused_at_either_scale() {
        let refused = |full, quick| Band::accuracy(full, quick).unwrap_err();
        assert_eq!(
            refused(0.1..=0.99, 0.8..=0.9),
            BandError::AdmitsChance {
                scale: Scale::Full,
                start: 0.1
            }
        );
        assert_eq!(
            refused(0.9..=0.99, 0.1135..=0.9),
            BandError::AdmitsChance {
                scale: Scale::Quick,
                start: 0.1135
            }
        );
    }

    #[test]
    fn percentages_and_empty_bands_are_refused() {
        let percent = Band::accuracy(98.0..=99.0, 0.8..=0.9).unwrap_err();
        assert_eq!(
            percent,
            BandError::OverOne {
                scale: Scale::Full,
                end: 99.0
            }
        );
        let swapped = Band::new(0.0..=1.0, 0.9..=0.8).unwrap_err();
        assert_eq!(
            swapped,
            BandError::Empty {
                scale: Scale::Quick,
                start: 0.9,
                end: 0.8
            }
        );
        assert!(Band::new(0.0..=f64::NAN, 0.0..=1.0).is_err());
        assert!(Band::new(0.0..=f64::INFINITY, 0.0..=1.0).is_err());
    }
}
