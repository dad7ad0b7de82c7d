//! Dropout: each number is kept with probability 1 − p, and then divided by 1 − p.
//!
//! ```text
//! y = x · m / (1 − p)        m = 0 with probability p, else 1
//! ```
//!
//! The choice is a function of one random number from the device and of the position: splitmix64
//! (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) of their sum
//! gives 64 bits, 32 for each of two neighbours. (dfdx's own dropout has the same distribution, and
//! draws number after number from a cryptographic generator.)
use dfdx::prelude::{
    Cpu, CpuError, HasShape, RandomU64, ReshapeTo, Shape, SplitTape, Tape, Tensor,
};

use kernels::reduce::add;
use kernels::{buffer_pool::Buffer, simd::Isa, thread_pool};

use super::scope::output;
use super::tape::record_clearing;
use crate::raw;

/// `x` with every number set to 0 with probability `p`, from 0 to less than 1, and divided by 1 −
/// `p` otherwise. Differentiable. The choice follows from the seed of the tensor's device.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::dropout;
/// let x: Tensor<Rank1<100>, f32, _> = Cpu::seed_from_u64(1).ones();
/// assert!(dropout(x, 0.2).as_vec().iter().all(|y| *y == 0.0 || *y == 1.25));
/// ```
///
/// # Panics
/// If there is no memory for the output: see [`try_dropout`].
pub fn dropout<S: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<S, f32, Cpu, T>,
    p: f64,
) -> Tensor<S, f32, Cpu, T> {
    try_dropout(x, p).unwrap()
}

/// Computes what [`dropout`] does, but returns an error where that one panics.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn try_dropout<S: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<S, f32, Cpu, T>,
    p: f64,
) -> Result<Tensor<S, f32, Cpu, T>, CpuError> {
    let (x, tape) = x.try_contiguous()?.split_tape();
    let mask = Mask::new(x.device().random_u64(), p);
    let mut kept = Buffer::stale(x.shape().num_elements());
    let y = output(x.shape(), x.device(), |y| {
        forward(mask, &raw::elements(&x), y, &mut kept)
    })?;
    let x_ghost = x.ghost();
    Ok(record_clearing(y, tape, move |gradients, dy| {
        backward(mask, &kept, dy, gradients.get_or_alloc_mut(&x_ghost)?);
        Ok(())
    }))
}

/// The largest number of parts that a pass is split into.
const MAX_PARTS: usize = 8;

/// The number of numbers in a part, for a tensor of `numbers` numbers: a whole number of draws.
fn share(numbers: usize) -> usize {
    numbers
        .div_ceil(MAX_PARTS)
        .max(1 << 12)
        .next_multiple_of(SOME)
}

/// Sets `y` to `x · m / (1 − p)`, and `kept` to `m`.
fn forward(mask: Mask, x: &[f32], y: &mut [f32], kept: &mut [u8]) {
    let share = share(x.len());
    let parts = y.chunks_mut(share).zip(x.chunks(share));
    thread_pool::for_each(parts.zip(kept.chunks_mut(share)), |part, ((y, x), kept)| {
        y.copy_from_slice(x);
        mask.drop_in_place(part * share, y, kept);
    });
}

/// Adds `dy · m / (1 − p)` to `dx`, and sets `dy` to zero.
fn backward(mask: Mask, kept: &[u8], dy: &mut [f32], dx: &mut [f32]) {
    let share = share(dy.len());
    let parts = dx.chunks_mut(share).zip(dy.chunks_mut(share));
    thread_pool::for_each(parts.zip(kept.chunks(share)), |_, ((dx, dy), kept)| {
        mask.keep_in_place(kept, dy);
        add(dx, dy);
        dy.fill(0.0);
    });
}

/// The random choice of the numbers that are dropped.
#[derive(Clone, Copy)]
pub struct Mask {
    seed: u64,
    /// A number is dropped if its 32 random bits are below this.
    threshold: u32,
    /// The factor of the numbers that are kept, 1 / (1 − p).
    scale: f32,
}

impl Mask {
    /// The choice that follows from `seed`, which drops each number with probability `p`.
    pub fn new(seed: u64, p: f64) -> Self {
        Self {
            seed,
            threshold: (p * 2f64.powi(32)) as u32,
            scale: (1.0 / (1.0 - p)) as f32,
        }
    }

    /// Sets some of the numbers `y` to zero, and multiplies the others by the factor. The first has
    /// the index `from`, an even one, in the whole tensor. `kept` gets a 1 for each number that is
    /// not dropped and a 0 for the others.
    pub fn drop_in_place(self, from: usize, y: &mut [f32], kept: &mut [u8]) {
        debug_assert!(from.is_multiple_of(2), "a random number decides about two");
        Isa::best().vectorize(
            #[inline(always)]
            || self.draw(self.seed.wrapping_add(from as u64 / 2), y, kept),
        );
    }

    /// [`drop_in_place`](Self::drop_in_place); the choice about the first two numbers follows from
    /// `seed`.
    #[inline(always)]
    fn draw(self, mut seed: u64, y: &mut [f32], kept: &mut [u8]) {
        let ((y, last_y), (kept, last_kept)) =
            (y.as_chunks_mut::<SOME>(), kept.as_chunks_mut::<SOME>());
        for (y, kept) in y.iter_mut().zip(kept) {
            let random = random(seed);
            for i in 0..SOME {
                let keeps = random[i] >= self.threshold;
                kept[i] = u8::from(keeps);
                y[i] = if keeps { y[i] * self.scale } else { 0.0 };
            }
            seed = seed.wrapping_add(SOME as u64 / 2);
        }
        for ((y, kept), random) in last_y.iter_mut().zip(last_kept).zip(random(seed)) {
            let keeps = random >= self.threshold;
            *kept = u8::from(keeps);
            *y = if keeps { *y * self.scale } else { 0.0 };
        }
    }

    /// Turns the gradients `dy` of the outputs into those of the inputs, given the `kept` of
    /// [`drop_in_place`](Self::drop_in_place).
    pub fn keep_in_place(self, kept: &[u8], dy: &mut [f32]) {
        Isa::best().vectorize(
            #[inline(always)]
            || {
                for (dy, kept) in dy.iter_mut().zip(kept) {
                    *dy = if *kept != 0 { *dy * self.scale } else { 0.0 };
                }
            },
        );
    }
}

/// The number of decisions drawn at a time; 64 random bits make two.
const SOME: usize = 16;

/// The random bits for `SOME` neighbouring numbers, from `seed` on.
#[inline(always)]
fn random(seed: u64) -> [u32; SOME] {
    let mut random = [0; SOME / 2];
    let first = seed.wrapping_mul(STEP); // (seed + i) · STEP without a multiplication for each i
    for (i, random) in (0u64..).zip(&mut random) {
        *random = mix(first.wrapping_add(i.wrapping_mul(STEP)));
    }
    bytemuck::cast(random)
}

/// The increment of splitmix64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of splitmix64: every bit of the result depends on all bits of `z`.
#[inline(always)]
fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Mask, backward, dropout, forward};
    use crate::gradcheck;
    use dfdx::prelude::{Backward, Cpu, Rank2, SampleTensor, SumTo, Tensor, Trace};

    fn dropped(seed: u64, p: f64, n: usize) -> Vec<f32> {
        let (mut y, mut kept) = (vec![f32::NAN; n], vec![7; n]);
        forward(Mask::new(seed, p), &vec![1.0; n], &mut y, &mut kept);
        assert!(
            y.iter()
                .zip(kept)
                .all(|(y, kept)| kept == u8::from(*y > 0.0))
        );
        y
    }

    #[test]
    fn the_share_that_is_dropped_is_p_and_the_mean_stays() {
        for (seed, p) in [(1, 0.2), (2, 0.25), (3, 0.5)] {
            let n = 100_000;
            let y = dropped(seed, p, n);
            let share = y.iter().filter(|y| **y == 0.0).count() as f64 / n as f64;
            assert!(
                (share - p).abs() < 5.0 * (p * (1.0 - p) / n as f64).sqrt(),
                "{share}"
            );
            assert!(
                y.iter()
                    .all(|y| *y == 0.0 || (*y - 1.0 / (1.0 - p) as f32).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn seeds_and_neighbouring_places_drop_independently() {
        let n = 100_000;
        let (a, b) = (dropped(1, 0.5, n), dropped(1 << 40, 0.5, n));
        let both = |pairs: &mut dyn Iterator<Item = (&f32, &f32)>| {
            pairs.filter(|(a, b)| **a == 0.0 && **b == 0.0).count() as f64 / n as f64
        };
        assert!((both(&mut a.iter().zip(&b)) - 0.25).abs() < 0.01);
        assert!((both(&mut a.iter().zip(&a[1..])) - 0.25).abs() < 0.01);
        assert!((both(&mut a.iter().zip(&a[128..])) - 0.25).abs() < 0.01);
    }

    #[test]
    fn the_gradient_is_the_slope_of_what_was_kept() {
        let x: Tensor<Rank2<7, 9>, f32, _> = Cpu::seed_from_u64(5).sample_normal();
        let y = dropout(x.leaky_trace(), 0.5);
        let kept: Vec<f32> = y
            .as_vec()
            .iter()
            .map(|y| if *y == 0.0 { 0.0 } else { 2.0 })
            .collect();
        assert!(kept.contains(&0.0) && kept.contains(&2.0));
        let gradients = (y * 3.0).sum().backward();
        let expected: Vec<f32> = kept.iter().map(|k| 3.0 * k).collect();
        assert_eq!(gradients.get(&x).as_vec(), expected);

        let values = x.as_vec();
        let measured = gradcheck::central_differences(&values, gradcheck::STEP, |x| {
            let (mut y, mut kept) = (vec![f32::NAN; x.len()], vec![7; x.len()]);
            forward(Mask::new(7, 0.5), x, &mut y, &mut kept);
            y.iter().map(|y| f64::from(*y)).sum()
        });
        let kept: Vec<u8> = dropped(7, 0.5, values.len())
            .iter()
            .map(|y| u8::from(*y > 0.0))
            .collect();
        let mut gradient = vec![0.0; values.len()];
        backward(
            Mask::new(7, 0.5),
            &kept,
            &mut vec![1.0; values.len()],
            &mut gradient,
        );
        assert!(gradcheck::compare(&gradient, &measured).relative < 1e-3);
        gradient.rotate_right(1); // a broken one is seen
        assert!(gradcheck::compare(&gradient, &measured).relative > 0.5);
    }
}
