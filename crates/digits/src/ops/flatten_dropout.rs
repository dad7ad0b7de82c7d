//! Flattening and dropout in one pass: the same numbers as one after the other, with half the
//! memory traffic.
//!
//! ```text
//! y = flatten(x) · m / (1 − p)        m = 0 with probability p, else 1
//! ```
//!
//! In the forward pass, two images at a time are transposed and some of their numbers dropped while
//! they are in the cache; the backward pass does the same with the gradient of one image at a time.
use dfdx::prelude::{Cpu, CpuError, HasShape, RandomU64, Shape, SplitTape, Tape, Tensor};
use kernels::reduce::images_per_small_chunk;
use kernels::{buffer_pool::Buffer, thread_pool};

use super::dropout::{Mask, try_dropout};
use super::flatten::try_flatten;
use super::layout::ImageLayout;
use super::scope::output;
use super::tape::record_clearing;
use crate::raw::{self, Order};

/// [`dropout`](super::dropout()), with probability `p`, of [`flatten`](super::flatten()): `x` of
/// shape `(C, H, W)` or `(B, C, H, W)` → `shape`, `(C H W)` or `(B, C H W)`; differentiable.
///
/// # Errors
/// [`CpuError::OutOfMemory`] if the output cannot be allocated.
pub fn try_flatten_dropout<Sh: Shape, Out: Shape, T: Tape<f32, Cpu>>(
    x: Tensor<Sh, f32, Cpu, T>,
    shape: Out,
    p: f64,
) -> Result<Tensor<Out, f32, Cpu, T>, CpuError> {
    if raw::order(&x) != Some(Order::ChannelsLast) {
        return try_dropout(try_flatten(x, shape)?, p);
    }
    let (x, tape) = x.split_tape();
    let mask = Mask::new(x.device().random_u64(), p);
    let sides = x.shape().concrete();
    let layout = ImageLayout::of(&x, sides.as_ref()[Sh::NUM_DIMS - 3]);
    let mut kept = Buffer::stale(x.shape().num_elements());
    let y = output(&shape, x.device(), |y| {
        forward(
            &layout,
            mask,
            raw::stored(&x).unwrap_or_default(),
            y,
            &mut kept,
        )
    })?;
    let x_ghost = x.ghost();
    Ok(record_clearing(y, tape, move |gradients, dy| {
        backward(
            &layout,
            mask,
            &kept,
            dy,
            gradients.get_or_alloc_mut(&x_ghost)?,
        );
        Ok(())
    }))
}

/// The number of images that the forward pass works on at a time; an even one, since a random
/// number decides about two neighbours.
const IMAGES: usize = 2;

/// `x`, `(B, H W, C)`, → `y`, `(B, C, H W)`; `kept` gets a 1 for each number that is not dropped
/// and a 0 for the others.
fn forward(layout: &ImageLayout, mask: Mask, x: &[f32], y: &mut [f32], kept: &mut [u8]) {
    let size = layout.image();
    let share = share(x.len() / size) * size;
    let parts = y.chunks_mut(share).zip(x.chunks(share));
    thread_pool::for_each(parts.zip(kept.chunks_mut(share)), |part, ((y, x), kept)| {
        let some = IMAGES * size;
        let pairs = y.chunks_mut(some).zip(x.chunks(some));
        for (n, ((y, x), kept)) in pairs.zip(kept.chunks_mut(some)).enumerate() {
            layout.transpose_images(x, y);
            mask.drop_in_place(part * share + n * some, y, kept);
        }
    });
}

/// Adds the gradient of the loss to `dx`, `(B, H W, C)`, given `dy`, `(B, C, H W)`; sets `dy` to
/// zero.
fn backward(layout: &ImageLayout, mask: Mask, kept: &[u8], dy: &mut [f32], dx: &mut [f32]) {
    let size = layout.image();
    let share = share(dx.len() / size) * size;
    let parts = dx.chunks_mut(share).zip(dy.chunks_mut(share));
    thread_pool::for_each(parts.zip(kept.chunks(share)), |_, ((dx, dy), kept)| {
        let images = dx.chunks_mut(size).zip(dy.chunks_mut(size));
        for ((dx, dy), kept) in images.zip(kept.chunks(size)) {
            mask.keep_in_place(kept, dy);
            layout.add_transposed_images(dy, dx);
            dy.fill(0.0);
        }
    });
}

/// The number of images in a part, an even one, for a batch of `images` images.
fn share(images: usize) -> usize {
    images_per_small_chunk(images).next_multiple_of(IMAGES)
}

#[cfg(test)]
mod tests {
    use super::ImageLayout;
    use super::*;
    use crate::gradcheck;
    use crate::layers::modules::Fused;
    use crate::layers::{Conv2D, Dropout, Flatten};
    use dfdx::prelude::*;

    type Images = Tensor<(usize, Const<3>, Const<5>, Const<3>), f32, Cpu>;

    /// Images of 5 × 3 pixels, stored with channels last: what a convolution gives, which keeps
    /// every number that is not negative.
    fn images(batch: usize) -> Images {
        let dev = Cpu::seed_from_u64(1);
        let x: Images = dev.sample_uniform_like(&(batch, Const, Const, Const));
        let mut keep = dev.build_module::<crate::layers::Fused<(Conv2D<3, 3, 1>, ReLU)>, f32>();
        let same = |o: usize, c: usize| if o == c { 1.0 } else { 0.0 };
        let weights = (0..9).map(|i| same(i / 3, i % 3)).collect();
        keep.0.weight = dev.tensor_from_vec(weights, (Const, Const, Const, Const));
        let stored = keep.forward(x.clone());
        assert_eq!(raw::order(&stored), Some(Order::ChannelsLast));
        assert_eq!(stored.as_vec(), x.as_vec());
        stored
    }

    /// The same numbers on a device that draws the same random numbers every time.
    fn seeded(x: &Images) -> Images {
        let numbers = raw::stored(x).unwrap().to_vec();
        let stored = Cpu::seed_from_u64(2)
            .tensor_from_vec(numbers, (x.shape().0, Const::<5>, Const::<3>, Const::<3>));
        stored.permute::<_, Axes4<0, 3, 1, 2>>()
    }

    #[test]
    fn outputs_and_gradients_are_those_of_the_two_one_after_the_other() {
        for batch in [1, 2, 5, 40] {
            let x = images(batch);
            let (a, b) = (seeded(&x), seeded(&x));
            let both = Fused::new((Flatten::<45>, Dropout::<25>)).forward_mut(a.leaky_trace());
            let two = (Flatten::<45>, Dropout::<25>).forward_mut(b.leaky_trace());
            assert_eq!(both.as_vec(), two.as_vec(), "{batch} images");
            let [both, two] = [(both, &a), (two, &b)].map(|(y, x)| {
                let gradients = y.square().sum().backward();
                gradients.get(x).as_vec()
            });
            assert_eq!(both, two, "{batch} images");
            assert!(both.contains(&0.0) && both.iter().any(|g| *g > 0.0));
        }
    }

    #[test]
    fn the_gradient_is_that_of_central_differences_and_a_broken_one_is_seen() {
        let (batch, mask) = (3, Mask::new(7, 0.25));
        let x = images(batch);
        let layout = ImageLayout::of(&x, 3);
        let outputs = |x: &[f32]| {
            let (mut y, mut kept) = (vec![f32::NAN; x.len()], vec![7; x.len()]);
            forward(&layout, mask, x, &mut y, &mut kept);
            (y, kept)
        };
        let numbers = raw::stored(&x).unwrap();
        // No two places have the same gradient.
        let factor = |i: usize| 1.0 + i as f32 / 45.0;
        let measured = gradcheck::central_differences(numbers, gradcheck::STEP, |x| {
            let weighted = outputs(x).0.into_iter().enumerate();
            weighted.map(|(i, y)| f64::from(factor(i) * y)).sum()
        });
        let (_, kept) = outputs(numbers);
        let mut dy: Vec<f32> = (0..numbers.len()).map(factor).collect();
        let mut dx = vec![1.0; numbers.len()]; // to be added to
        backward(&layout, mask, &kept, &mut dy, &mut dx);
        assert!(dy.iter().all(|dy| *dy == 0.0));
        let mut dx: Vec<f32> = dx.iter().map(|dx| dx - 1.0).collect();
        assert!(gradcheck::compare(&dx, &measured).relative < 1e-3);
        dx.rotate_right(1);
        assert!(gradcheck::compare(&dx, &measured).relative > 0.1);
    }

    #[test]
    fn nothing_is_dropped_from_a_tensor_without_tape() {
        let x = images(2);
        let y = Fused::new((Flatten::<45>, Dropout::<25>)).forward(x.clone());
        assert_eq!(y.as_vec(), x.as_vec());
    }
}
