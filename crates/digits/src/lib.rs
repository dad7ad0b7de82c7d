//! probe
pub use dfdx;
pub use plotters;
