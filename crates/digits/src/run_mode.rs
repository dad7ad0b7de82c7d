//! Full or quick: how much data training sees, and which accuracies are accepted in each mode.
//!
//! A notebook trains in full mode. `cargo test` trains in quick mode: on fewer images and for fewer
//! epochs. The hidden lines of a listing therefore state which results they accept in each mode, as
//! a [`Band`]:
//!
//! ```
//! use digits::run_mode::Band;
//!
//! let band = Band::accuracy(0.985..=0.995, 0.85..=0.97)?;
//! # digits::run_mode::set(digits::run_mode::RunMode::Full);
//! band.check("test accuracy", 0.9903)?;
//!
//! let error = band.check("test accuracy", 0.4).unwrap_err();
//! assert_eq!(error.to_string(), "test accuracy: expected 0.985 to 0.995 in full mode, found 0.4; \
//!     look for a change in the model, the data, the seed or the training since the band was set");
//!
//! // A range that an untrained model can reach is refused.
//! assert!(Band::accuracy(0.985..=0.995, 0.05..=0.97).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    env, fmt,
    ops::RangeInclusive,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

/// How much data training sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// All images, all epochs.
    Full,
    /// Few images, few epochs: enough to tell that a listing works.
    Quick,
}

impl fmt::Display for RunMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Quick => "quick",
        })
    }
}

/// The values of `MODE`: nothing was set, or one of the two modes was.
const UNSET: u8 = 0;
const FULL: u8 = 1;
const QUICK: u8 = 2;
static MODE: AtomicU8 = AtomicU8::new(UNSET);

/// The mode that was [`set`]; otherwise quick if the environment variable `DIGITS_RUN_MODE` is
/// `quick`, and full if it is not.
pub fn run_mode() -> RunMode {
    match MODE.load(Relaxed) {
        FULL => RunMode::Full,
        QUICK => RunMode::Quick,
        _ => from_variable(env::var("DIGITS_RUN_MODE").ok().as_deref()),
    }
}

/// Sets the mode for the rest of the process.
pub fn set(mode: RunMode) {
    MODE.store(if mode == RunMode::Full { FULL } else { QUICK }, Relaxed);
}

/// The mode for a value of `DIGITS_RUN_MODE`; `None` if it is not set.
fn from_variable(value: Option<&str>) -> RunMode {
    if value == Some("quick") {
        RunMode::Quick
    } else {
        RunMode::Full
    }
}

/// The accuracy of a model that always answers 1, on MNIST's test images: 1,135 of the 10,000 are
/// ones.
pub const CONSTANT_ACCURACY: f64 = 0.1135;

/// The range that a value must lie in, for full mode and for quick mode. Both ends are allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    full: RangeInclusive<f64>,
    quick: RangeInclusive<f64>,
}

/// Why two ranges do not make a band.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BandError {
    /// An end is not a number, or the first is larger than the second.
    #[error(
        "{mode} mode: expected a band from a smaller to a larger number, found {start} to {end}; \
         swap or correct its ends"
    )]
    Empty {
        /// The mode whose range it is.
        mode: RunMode,
        /// The lower end.
        start: f64,
        /// The upper end.
        end: f64,
    },
    /// An accuracy over 1 is probably a percentage.
    #[error("{mode} mode: expected accuracies up to 1, found {end}; give 99 % as 0.99")]
    OverOne {
        /// The mode whose range it is.
        mode: RunMode,
        /// The upper end.
        end: f64,
    },
    /// A model that has learnt nothing could reach the range.
    #[error(
        "{mode} mode: expected a band above {CONSTANT_ACCURACY}, the accuracy of always giving one \
         answer, found one from {start}; raise its lower end"
    )]
    AdmitsChance {
        /// The mode whose range it is.
        mode: RunMode,
        /// The lower end.
        start: f64,
    },
}

/// A value outside its band.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{label}: expected {} to {} in {mode} mode, found {value}; \
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
    /// The mode in which it was expected.
    pub mode: RunMode,
}

impl Band {
    /// A band from the range for full mode and the range for quick mode.
    ///
    /// # Errors
    /// [`BandError::Empty`] if no number lies in one of the ranges.
    pub fn new(full: RangeInclusive<f64>, quick: RangeInclusive<f64>) -> Result<Self, BandError> {
        for (mode, band) in [(RunMode::Full, &full), (RunMode::Quick, &quick)] {
            if band.is_empty() || !band.start().is_finite() || !band.end().is_finite() {
                return Err(BandError::Empty {
                    mode,
                    start: *band.start(),
                    end: *band.end(),
                });
            }
        }
        Ok(Self { full, quick })
    }

    /// A band of accuracies, from 0 to 1, that guessing cannot reach in either mode.
    ///
    /// # Errors
    /// As for [`new`](Self::new); also if a range goes above 1, or down to [`CONSTANT_ACCURACY`].
    pub fn accuracy(
        full: RangeInclusive<f64>,
        quick: RangeInclusive<f64>,
    ) -> Result<Self, BandError> {
        let band = Self::new(full, quick)?;
        for mode in [RunMode::Full, RunMode::Quick] {
            let (start, end) = band.at(mode).clone().into_inner();
            if end > 1.0 {
                return Err(BandError::OverOne { mode, end });
            }
            if start <= CONSTANT_ACCURACY {
                return Err(BandError::AdmitsChance { mode, start });
            }
        }
        Ok(band)
    }

    /// The range for `mode`.
    ///
    /// ```
    /// use digits::run_mode::{Band, RunMode};
    /// let band = Band::new(0.02..=0.03, 0.2..=0.4)?; // of a loss
    /// assert_eq!(*band.at(RunMode::Quick), 0.2..=0.4);
    /// # Ok::<(), digits::run_mode::BandError>(())
    /// ```
    pub fn at(&self, mode: RunMode) -> &RangeInclusive<f64> {
        match mode {
            RunMode::Full => &self.full,
            RunMode::Quick => &self.quick,
        }
    }

    /// Checks that `value` lies in the range for the present [`run_mode`]. NaN lies in no range.
    ///
    /// # Errors
    /// [`OutsideBand`], with the mode, what was checked, what was expected and what was found.
    pub fn check(&self, label: &str, value: f64) -> Result<(), OutsideBand> {
        self.check_at(run_mode(), label, value)
    }

    /// [`check`](Self::check) for a given mode.
    fn check_at(&self, mode: RunMode, label: &str, value: f64) -> Result<(), OutsideBand> {
        let band = self.at(mode);
        if band.contains(&value) {
            return Ok(());
        }
        Err(OutsideBand {
            label: label.into(),
            value,
            band: band.clone(),
            mode,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_full_unless_the_variable_says_quick() {
        assert_eq!(from_variable(None), RunMode::Full);
        assert_eq!(from_variable(Some("")), RunMode::Full);
        assert_eq!(from_variable(Some("quick")), RunMode::Quick);
    }

    #[test]
    fn a_value_is_held_to_the_band_of_its_mode() {
        let band = Band::accuracy(0.98..=0.99, 0.8..=0.9).unwrap();
        assert_eq!(band.check_at(RunMode::Full, "a", 0.98), Ok(()));
        assert_eq!(band.check_at(RunMode::Full, "a", 0.99), Ok(()));
        assert!(band.check_at(RunMode::Full, "a", 0.9901).is_err());
        assert!(band.check_at(RunMode::Full, "a", 0.85).is_err());
        assert_eq!(band.check_at(RunMode::Quick, "a", 0.85), Ok(()));
        assert!(band.check_at(RunMode::Quick, "a", 0.985).is_err());
    }

    #[test]
    fn the_error_names_label_value_band_and_mode() {
        let band = Band::new(0.2..=0.3, 0.5..=1.5).unwrap();
        let error = band
            .check_at(RunMode::Quick, "validation loss", 1.75)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("validation loss: expected 0.5 to 1.5 in quick mode, found 1.75;"),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_a_number_lies_in_no_band() {
        let band = Band::new(-1e300..=1e300, -1e300..=1e300).unwrap();
        assert!(band.check_at(RunMode::Full, "loss", f64::NAN).is_err());
    }

    #[test]
    fn a_band_that_admits_chance_is_refused_at_either_mode() {
        let refused = |full, quick| Band::accuracy(full, quick).unwrap_err();
        assert_eq!(
            refused(0.1..=0.99, 0.8..=0.9),
            BandError::AdmitsChance {
                mode: RunMode::Full,
                start: 0.1
            }
        );
        assert_eq!(
            refused(0.9..=0.99, 0.1135..=0.9),
            BandError::AdmitsChance {
                mode: RunMode::Quick,
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
                mode: RunMode::Full,
                end: 99.0
            }
        );
        let swapped = Band::new(0.0..=1.0, 0.9..=0.8).unwrap_err();
        assert_eq!(
            swapped,
            BandError::Empty {
                mode: RunMode::Quick,
                start: 0.9,
                end: 0.8
            }
        );
        assert!(Band::new(0.0..=f64::NAN, 0.0..=1.0).is_err());
        assert!(Band::new(0.0..=f64::INFINITY, 0.0..=1.0).is_err());
    }
}
