//! What the book and its notebooks need, installed into `.tools` and nowhere else.
//!
//! Every step can be repeated: it looks at what is there, and returns at once when nothing is to be
//! done.

pub mod cargo;
pub mod kernel;
pub mod python;
pub mod runner;
pub mod sources;
