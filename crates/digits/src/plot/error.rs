//! What can be wrong with the numbers handed to a picture.

use thiserror::Error;

/// Why a picture could not be drawn.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum PlotError {
    /// There is nothing to draw.
    #[error("nothing to draw: there are no {what}; pass at least one")]
    Empty {
        /// What is missing, in the plural.
        what: String,
    },
    /// A list has the wrong length.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// Whose length is wrong.
        what: String,
        /// The length that fits the other arguments.
        expected: usize,
        /// The length that was passed.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error(
        "{what}: value {position} (counted from 0) is {value}, which has no place on a scale; \
         remove it, or look for where it first appears"
    )]
    NotFinite {
        /// Whose value it is.
        what: String,
        /// Its index, from 0.
        position: usize,
        /// The value.
        value: f64,
    },
    /// A value lies outside what this picture can show.
    #[error("{what}: value {position} (counted from 0) is {value}, expected {expected}")]
    Range {
        /// Whose value it is.
        what: String,
        /// Its index, from 0.
        position: usize,
        /// The value.
        value: f64,
        /// The values that can be drawn.
        expected: &'static str,
    },
    /// An index is past the end of the data set.
    #[error("image {index} does not exist: the data set has {len} images, 0 to {}", len.saturating_sub(1))]
    Index {
        /// The index that was asked for.
        index: usize,
        /// How many images there are.
        len: usize,
    },
    /// A size that must be at least 1 is 0.
    #[error("{what} is 0; it must be at least 1")]
    Zero {
        /// Which argument.
        what: &'static str,
    },
    /// plotters refused to draw.
    #[error("plotters could not draw: {0}")]
    Backend(String),
}

impl PlotError {
    /// [`PlotError::Empty`], for what is named in the plural.
    pub(super) fn empty(what: impl Into<String>) -> Self {
        Self::Empty { what: what.into() }
    }

    /// An error if `what`'s length is not the one expected.
    pub(super) fn check_length(what: &str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found {
            return Ok(());
        }
        Err(Self::Length {
            what: what.to_owned(),
            expected,
            found,
        })
    }

    /// An error naming the first value that is NaN or infinite.
    pub(super) fn check_finite(
        what: &str,
        values: impl IntoIterator<Item = f64>,
    ) -> Result<(), Self> {
        match values
            .into_iter()
            .enumerate()
            .find(|(_, value)| !value.is_finite())
        {
            None => Ok(()),
            Some((position, value)) => Err(Self::NotFinite {
                what: what.to_owned(),
                position,
                value,
            }),
        }
    }
}
