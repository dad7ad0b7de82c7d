//! Results of many runs, as chapters read them.
//!
//! What takes many seeds or many minutes is not trained in a chapter: `cargo xtask experiments`
//! runs it and commits the results of every run, with the machine, the date and the command, to
//! `experiments/`; `cargo xtask bench` commits its measurements to `bench/results.json`. Chapters
//! read these files. The types are those of the crate `records`, which writes the files as well.
//!
//! | file | type |
//! |---|---|
//! | the same program in Keras and here, `experiments/cnn_deep.json` … | [`Comparison`] |
//! | one program at many settings, `experiments/scratch100.json` … | [`Survey`] |
//! | seconds, memory, operations a second, `bench/results.json` | [`Bench`] |
//!
//! ```
//! use digits::experiment::Comparison;
//!
//! let comparison = Comparison::load("cnn_deep")?;
//! digits::plot::history(&comparison.digits().history())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use records::{
    Bench, BenchRun, Comparison, ExperimentError, Machine, MeanDifference, Measurement, Origin,
    Peak, Point, Run, Runs, Setting, Survey, Trial, mean, median, standard_deviation,
    standard_error,
};
