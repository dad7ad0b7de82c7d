//! Parses a chapter of the book into blocks, and makes three things from them.
//!
//! `book/src/<chapter>.md` is the only place where prose and listings are written. From it come
//!
//! - the **test**: [`program`] puts a chapter's listings into one Rust program, each line of code
//!   on its line of the Markdown;
//! - the **notebook**: [`notebook`] turns prose and listings into cells, and keeps the outputs of
//!   their last run;
//! - the **page**: [`page`] puts the recorded output under each listing, and formulas into MathML.
//!
//! Lines that the test and the recorder run and readers do not see are explained in [`hidden`].
//!
//! ```
//! let chapter = chapters::parse::chapter("counting", "# Counting\n\n```rust\n1 + 1\n```\n")?;
//! let listing = chapter.listings().next().expect("one listing");
//! assert_eq!((listing.id.as_str(), listing.first), ("counting-1", 4));
//! assert_eq!(listing.code, "1 + 1\n");
//! # Ok::<(), chapters::chapter::ParseError>(())
//! ```

pub mod book;
pub mod chapter;
pub mod coverage;
pub mod flips;
pub mod hidden;
mod includes;
pub mod marks;
pub mod math;
pub mod notebook;
pub mod page;
pub mod parse;
pub mod program;
pub mod refusals;
pub mod rules;
mod scan;
pub mod sources;
pub mod values;
