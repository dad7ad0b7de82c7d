//! Dropout: each number is kept with probability 1 − p, and then divided by it.
//!
//! ```text
//! y = x · m / (1 − p)        m = 0 with probability p, else 1
//! ```
//!
//! What is dropped is a function of one random number from the device and of the position: splitmix64 (Steele, Lea and
//! Flood, "Fast splittable pseudorandom number generators", 2014) of their sum gives 64 bits, half for each of two neighbours. The
//! backward pass computes them again.
//! (dfdx's own dropout has the same distribution, and draws number after number from a cryptographic generator.)
use dfdx::prelude::ZerosTensor;
use dfdx::prelude::{
    Cpu, CpuError, HasShape, RandomU64, ReshapeTo, Shape, SplitTape, Tape, Tensor,
};

use pulp::bytemuck;

use super::tape::record;
use crate::cpu::{simd::Isa, team};
use crate::raw;

/// `x` with every number dropped with probability `p`, the others divided by 1 − `p`; differentiable.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn dropout<S: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<S, f32, Cpu, T>,
    p: f64,
) -> Result<Tensor<S, f32, Cpu, T>, CpuError> {
    let (x, tape) = x.try_contiguous()?.split_tape();
    let seed = x.device().random_u64();
    let mut y = x.device().try_zeros_like(x.shape())?;
    if let Some(y) = raw::elements_mut(&mut y) {
        add_kept(seed, p, &raw::elements(&x), y);
    }
    let x_ghost = x.ghost();
    Ok(record(y, tape, move |gradients, dy| {
        add_kept(seed, p, dy, gradients.get_or_alloc_mut(&x_ghost)?);
        Ok(())
    }))
}

/// Adds `x · m / (1 − p)` to `out`: the forward pass from `x` to `y`, and the backward pass from `dy` to `dx`.
fn add_kept(seed: u64, p: f64, x: &[f32], out: &mut [f32]) {
    const PARTS: usize = 8;
    let size = x.len().div_ceil(PARTS).max(1 << 12).next_multiple_of(2);
    let parts = out.chunks_mut(size).zip(x.chunks(size));
    team::for_each(parts, |part, (out, x)| {
        let seed = seed.wrapping_add((part * size / 2) as u64);
        Isa::best().vectorize(
            #[inline(always)]
            || add_some(seed, p, x, out),
        );
    });
}

/// [`add_kept`] for numbers that stand side by side, the first of them at the place `seed`.
#[inline(always)]
fn add_some(seed: u64, p: f64, x: &[f32], out: &mut [f32]) {
    let threshold = (p * 2f64.powi(32)) as u32;
    let scale = (1.0 / (1.0 - p)) as f32;
    let ((x, last_x), (out, last_out)) = (x.as_chunks::<SOME>(), out.as_chunks_mut::<SOME>());
    let mut seed = seed;
    for (out, x) in out.iter_mut().zip(x) {
        let random = random(seed);
        for i in 0..SOME {
            out[i] += if random[i] >= threshold {
                x[i] * scale
            } else {
                0.0
            };
        }
        seed = seed.wrapping_add(SOME as u64 / 2);
    }
    for ((out, x), random) in last_out.iter_mut().zip(last_x).zip(random(seed)) {
        *out += if random >= threshold { x * scale } else { 0.0 };
    }
}

/// Random numbers at a time: 64 bits decide about two neighbours.
const SOME: usize = 16;

/// What decides about as many numbers side by side, the first of them at the place `seed`.
#[inline(always)]
fn random(seed: u64) -> [u32; SOME] {
    let mut random = [0; SOME / 2];
    for (i, random) in (0u64..).zip(&mut random) {
        *random = mix(seed.wrapping_add(i));
    }
    bytemuck::cast(random)
}

/// A number in which every bit depends on all bits of `z`.
#[inline(always)]
fn mix(z: u64) -> u64 {
    let z = z.wrapping_mul(0x9E37_79B9_7F4A_7C15); // neighbours end up far apart
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{add_kept, dropout};
    use crate::gradcheck;
    use dfdx::prelude::{Backward, Cpu, Rank2, SampleTensor, SumTo, Tensor, Trace};

    fn dropped(seed: u64, p: f64, n: usize) -> Vec<f32> {
        let mut y = vec![0.0; n];
        add_kept(seed, p, &vec![1.0; n], &mut y);
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
        let y = dropout(x.leaky_trace(), 0.5).unwrap();
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
        let measured = gradcheck::slopes(&values, gradcheck::STEP, |x| {
            let mut y = vec![0.0; x.len()];
            add_kept(7, 0.5, x, &mut y);
            y.iter().map(|y| f64::from(*y)).sum()
        });
        let mut gradient = vec![0.0; values.len()];
        add_kept(7, 0.5, &vec![1.0; values.len()], &mut gradient);
        assert!(gradcheck::compare(&gradient, &measured).relative < 1e-3);
        gradient.rotate_right(1); // a broken one is seen
        assert!(gradcheck::compare(&gradient, &measured).relative > 0.5);
    }
}
