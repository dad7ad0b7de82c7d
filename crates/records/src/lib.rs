//! What experiments and the bench write and chapters read, each file as one type.
//!
//! | file | type |
//! |---|---|
//! | the same program in Keras and here, `experiments/cnn_deep.json` … | [`Comparison`] |
//! | one program at many settings, `experiments/scratch100.json` … | [`Survey`] |
//! | seconds, memory, operations a second, `bench/results.json` | [`Bench`] |
//!
//! Each type reads its file with `load` and gives the file's text with `to_text`: a file that is
//! read and written again is the same, byte for byte.
//!
//! ```
//! use records::Comparison;
//!
//! let error = Comparison::load("no_such_experiment").unwrap_err().to_string();
//! assert!(error.ends_with("`cargo xtask experiments no_such_experiment` makes it"), "{error}");
//! ```

mod bench;
mod comparison;
mod file;
mod history;
mod layout;
mod ordered;
mod origin;
mod runs;
mod statistics;
mod survey;

pub use bench::{Bench, BenchRun, Measurement, Peak, Point};
pub use comparison::{Comparison, MeanDifference};
pub use file::ExperimentError;
pub use history::{Epoch, History};
pub use origin::{Machine, Origin};
pub use runs::{Run, Runs};
pub use statistics::{mean, median, standard_deviation, standard_error};
pub use survey::{Setting, Survey, Trial};
