//! The fast loops below the layers of `digits`: slices and sizes in, slices out. No tensors, no
//! gradients on a tape.
//!
//! | module | in → out |
//! |---|---|
//! | [`simd`] | a loop over vectors → the widest instructions of the CPU |
//! | [`buffer_pool`] | a length → a slice in memory that is reused |
//! | [`thread_pool`] | the parts of a loop → threads |
//! | [`transpose`] | a matrix → its transpose |
//! | [`reduce`] | chunks of a batch → sums, in a fixed order |
//! | [`matmul`](mod@matmul) | two matrices → their product |
//! | [`sparse`] | a matrix with many zeros, a dense one → their product |
//! | [`window`] | sizes of a convolution or pooling window |
//! | [`conv_block`] | images → convolution, bias, ReLU, max pooling; and the gradients |
//! | [`naive`] | the same results by plain loops, for tests to compare with |
//!
//! Work is split into parts whose number depends on the sizes alone, and sums are taken part by
//! part in order: the same bits on one thread and on many.
//!
//! Hot loops are written once against [`pulp::Simd`], with sizes as values, and run by
//! [`simd::Isa`]. Everything they call is `#[inline(always)]`: a closure passed to `map` is
//! compiled without the vector instructions, and costs a call for each number.

#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod buffer_pool;
pub mod conv_block;
pub mod matmul;
pub mod naive;
pub mod reduce;
pub mod simd;
pub mod sparse;
#[cfg(test)]
mod tests;
pub mod thread_pool;
pub mod transpose;
pub mod window;

pub use matmul::{Matrix, matmul, par_matmul};
pub use window::Window2d;
