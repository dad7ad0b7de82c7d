//! Which instructions a hot loop is compiled for: one generic body, the widest vectors the CPU has,
//! chosen at run time.
//!
//! A loop is written once against [`pulp::Simd`]: `S::F32_LANES` numbers to a vector. The compiler
//! makes a version of it for each [`Isa`], and [`Isa::run`] calls that of a given one. Results of
//! different versions differ in their last bits, because wider vectors add in another order and a
//! fused multiply-add rounds once instead of twice.
use std::sync::OnceLock;

use pulp::WithSimd;

/// A set of vector instructions. If the CPU lacks a set, its methods use the widest narrower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// The instructions that every CPU of the architecture has.
    Baseline,
    /// 8 lanes of `f32`, fused multiply–add; x86 since 2013.
    Avx2,
    /// 16 lanes of `f32`, twice as many registers; x86 servers since 2017, AMD's since 2022.
    Avx512,
}

impl Isa {
    /// The widest set that this CPU has.
    ///
    /// ```
    /// use kernels::simd::Isa;
    /// assert_eq!(Isa::best(), Isa::Avx512.available());
    /// ```
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| Isa::Avx512.available())
    }

    /// This set if the CPU has it, otherwise the widest narrower one that it has.
    #[cfg(target_arch = "x86_64")]
    pub fn available(self) -> Self {
        if self == Self::Avx512 && pulp::x86::V4::is_available() {
            Self::Avx512
        } else if self >= Self::Avx2 && pulp::x86::V3::is_available() {
            Self::Avx2
        } else {
            Self::Baseline
        }
    }

    /// On other architectures pulp knows one set.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn available(self) -> Self {
        Self::Baseline
    }

    /// Runs `op` compiled for these instructions.
    #[cfg(target_arch = "x86_64")]
    pub fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        use pulp::Simd;
        if self == Self::Avx512
            && let Some(simd) = pulp::x86::V4::try_new()
        {
            return Simd::vectorize(simd, op);
        }
        if self >= Self::Avx2
            && let Some(simd) = pulp::x86::V3::try_new()
        {
            return Simd::vectorize(simd, op);
        }
        Simd::vectorize(pulp::Scalar128b, op)
    }

    /// Runs `op` compiled for the architecture's vectors.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        pulp::Arch::new().dispatch(op)
    }

    /// Runs `loops` — plain loops, which must be `#[inline(always)]` — as the compiler vectorises
    /// them for these instructions. It neither reorders nor fuses what they compute: the results
    /// are the same bits for all sets.
    ///
    /// ```
    /// let mut numbers = [1.0f32; 20];
    /// kernels::simd::Isa::best().vectorize(
    ///     #[inline(always)]
    ///     || numbers.iter_mut().for_each(|x| *x *= 2.0),
    /// );
    /// assert_eq!(numbers, [2.0; 20]);
    /// ```
    #[inline]
    pub fn vectorize(self, loops: impl FnOnce()) {
        struct Loops<F>(F);
        impl<F: FnOnce()> WithSimd for Loops<F> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, _: S) {
                (self.0)();
            }
        }
        self.run(Loops(loops));
    }

    /// The number of `f32` lanes of a vector of this set.
    pub fn lanes(self) -> usize {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        self.run(Lanes)
    }
}

/// A prefetch hint: asks the CPU to load `numbers` into its cache. It has no effect on results.
///
/// ```
/// let numbers = [1.0f32; 100];
/// kernels::simd::prefetch(&numbers);
/// assert_eq!(numbers, [1.0; 100]);
/// ```
#[inline(always)]
pub fn prefetch<N>(numbers: &[N]) {
    #[cfg(target_arch = "x86_64")]
    for line in numbers.chunks(64 / size_of::<N>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every processor of the architecture has the instruction, and it may be given any
        // address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}

/// `a b + c`, rounded once where the CPU can and twice where it cannot (in software, rounding once
/// would take a function call for each number).
#[inline(always)]
pub fn mul_add<S: pulp::Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if S::F32_LANES > 4 {
        simd.mul_add_e_f32s(a, b, c)
    } else {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::EVERY;

    struct MulAdd<'a>([f32; 3], &'a mut [f32]);

    impl WithSimd for MulAdd<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, simd: S) {
            let [a, b, c] = self.0.map(|x| simd.splat_f32s(x));
            S::as_mut_simd_f32s(self.1).0.fill(mul_add(simd, a, b, c));
        }
    }

    #[test]
    fn a_product_is_added_on_every_set_of_instructions() {
        for isa in EVERY {
            let mut numbers = [0.0; 16];
            isa.run(MulAdd([2.0, 3.0, 4.0], &mut numbers));
            assert_eq!(numbers, [10.0; 16], "{isa:?}");
        }
    }

    #[test]
    fn a_set_that_the_cpu_lacks_is_the_next_narrower_one() {
        for isa in EVERY {
            assert!(isa.available() <= isa.min(Isa::best()));
            assert_eq!(isa.lanes(), isa.available().lanes());
        }
    }
}
