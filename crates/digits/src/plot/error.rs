//! Errors of drawing. Their messages say what was expected and what was found.

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
    /// A slice has the wrong length.
    #[error("{what}: expected {expected} values, found {found}; correct one of the arguments")]
    Length {
        /// The name of the slice.
        what: String,
        /// The length that the other arguments require.
        expected: usize,
        /// The length of the slice.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error(
        "{what}: expected finite values, found {value} at index {position}; \
         remove it, or look for its cause"
    )]
    NotFinite {
        /// The name of the values.
        what: String,
        /// The index of the value, from 0.
        position: usize,
        /// The value.
        value: f64,
    },
    /// A value is outside the range that can be drawn.
    #[error(
        "{what}: expected values from {expected}, found {value} at index {position}; \
         rescale the values"
    )]
    Range {
        /// The name of the values.
        what: String,
        /// The index of the value, from 0.
        position: usize,
        /// The value.
        value: f64,
        /// The range that can be drawn, such as `0 to 1`.
        expected: &'static str,
    },
    /// There is no image at an index.
    #[error(
        "expected an index below {len}, the number of images in the data set, found {index}; \
         count images from 0"
    )]
    Index {
        /// The index.
        index: usize,
        /// The number of images.
        len: usize,
    },
    /// A size is 0.
    #[error("{what}: expected at least 1, found 0; pass a larger number")]
    Zero {
        /// The name of the size.
        what: &'static str,
    },
    /// A library for drawing or encoding returned an error.
    #[error("expected to draw a picture, but a library returned an error: {0}")]
    Backend(String),
}

impl PlotError {
    /// [`PlotError::Empty`]; `what` is in the plural.
    pub(super) fn empty(what: impl Into<String>) -> Self {
        Self::Empty { what: what.into() }
    }

    /// [`PlotError::Length`] if `found`, the length of `what`, is not `expected`.
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

    /// [`PlotError::NotFinite`] for the first of `values`, called `what`, that is NaN or infinite.
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
