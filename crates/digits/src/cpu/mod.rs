//! What the processor offers: cores, vector instructions, memory that is still warm. Slices in, slices out; no tensors.
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub mod reuse;
pub mod simd;
pub mod team;
pub mod transpose;
