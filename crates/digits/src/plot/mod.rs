//! Pictures: images, curves, counts → SVG, shown in Jupyter and on the book's pages.
//!
//! What goes in is a [`Dataset`](crate::dataset::Dataset), a history, or plain slices; what comes
//! out is a [`Picture`]: one SVG and one sentence saying what it shows. A listing that ends in a
//! `Picture` shows it: the notebook through [`Picture::evcxr_display`], the page through the
//! output the notebook recorded.
//!
//! Every picture can be read on a light and on a dark page, and in grey. The background is
//! transparent and text takes the page's own colour (`currentColor`); series differ by dash and
//! marker as well as by colour; maps of signed numbers grow lighter from negative to positive.
//!
//! Each function has one file:
//!
//! | function | draws |
//! |---|---|
//! | [`digits()`], [`captioned`] | handwritten digits, each over its label or a caption |
//! | [`pixels()`] | one digit with its 784 numbers |
//! | [`history()`], [`lines`] | curves: training by epoch, or any other |
//! | [`confusion()`] | a confusion matrix with its counts |
//! | [`matrices()`], [`images`] | weights, filters, feature maps |
//! | [`photographs()`] | pictures of any size, black to white |
//! | [`bars()`], [`histogram`] | one number per label; a distribution |
//! | [`spread()`] | several runs per label, and their mean |
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
