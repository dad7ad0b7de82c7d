//! Images, curves and counts → pictures, as SVG with an alternative text.
//!
//! In: a [`Dataset`](crate::dataset::Dataset), a history, or slices of numbers. Out: a [`Picture`].
//! A listing that ends in a `Picture` shows it: a notebook calls [`Picture::evcxr_display`], and
//! the page contains what the notebook recorded.
//!
//! Every picture is legible on light and dark pages, and in grey. The background is transparent and
//! text has the colour of the page's text (`currentColor`); series differ in dashes and markers as
//! well as in colour; maps of signed numbers are lighter the larger the number.
//!
//! | function | draws |
//! |---|---|
//! | [`digits()`], [`captioned`] | handwritten digits with their labels or with captions |
//! | [`pixels()`] | one digit with the numbers of its 784 pixels |
//! | [`history()`], [`lines`] | curves: loss and accuracy by epoch, or any others |
//! | [`confusion()`] | a confusion matrix with its counts |
//! | [`matrices()`], [`images`] | weights, filters, feature maps |
//! | [`photographs()`] | grey pictures of any size |
//! | [`bars()`], [`histogram`] | one number for each label; the distribution of numbers |
//! | [`spread()`] | several runs for each label, and their mean |
//!
//! ```
//! # fn main() -> Result<(), digits::plot::PlotError> {
//! use digits::plot;
//!
//! let x = [0, 1, 2, 3, 4];
//! let picture = plot::lines(&[plot::Series::new("x²", &x, &x.map(|x| x * x))], "x", "y")?;
//! assert_eq!(picture.alt, "x² rises from 0 at x = 0 to 16 at x = 4.");
//! # Ok(())
//! # }
//! ```

mod bars;
mod chart;
mod confusion;
mod curves;
mod digits;
mod error;
mod history;
mod matrices;
mod number;
mod photographs;
mod picture;
mod pixels;
mod png;
mod spread;
mod tiles;

pub use bars::{bars, histogram};
pub use confusion::confusion;
pub use curves::{Series, lines};
pub use digits::{captioned, digits};
pub use error::PlotError;
pub use history::history;
pub use matrices::{NO_LABELS, images, matrices};
pub use number::Number;
pub use photographs::photographs;
pub use picture::Picture;
pub use pixels::{Notation, pixels};
pub use spread::spread;

#[cfg(test)]
mod tests;
