//! Images of a data set → batches as tensors; labels → one-hot rows; the seeded shuffle before an
//! epoch.
//!
//! ```
//! use digits::{batch, dataset::Mnist, dfdx::prelude::*};
//!
//! let dev = Cpu::default();
//! let mnist = Mnist::load()?;
//! let order = batch::shuffled(mnist.train.len(), 42, 0);
//! let x = batch::images(&dev, &mnist.train, &order[..32]); // (32, 1, 28, 28)
//! let y = batch::one_hot(&dev, &mnist.train, &order[..32]); // (32, 10)
//! assert_eq!(x.shape().concrete(), [32, 1, 28, 28]);
//! assert_eq!(y.shape().concrete(), [32, 10]);
//! # Ok::<(), digits::dataset::DatasetError>(())
//! ```

use crate::dataset::{CLASSES, Dataset, PIXELS, SIDE};
use crate::raw;
use dfdx::prelude::*;
use kernels::{simd::Isa, thread_pool};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

/// A batch of images as a tensor (B, 1, 28, 28), from 0 (background) to 1 (ink).
pub type Images<B = usize> = Tensor<(B, Const<1>, Const<SIDE>, Const<SIDE>), f32, Cpu>;

/// A batch of labels as a tensor (B, 10): 1 in the column of the label, 0 elsewhere.
pub type OneHot<B = usize> = Tensor<(B, Const<CLASSES>), f32, Cpu>;

/// The images at `indices` as a tensor (B, 1, 28, 28): a pixel p, 0 to 255, becomes p / 255.
///
/// ```
/// use digits::{batch, dataset::{Dataset, PIXELS}, dfdx::prelude::*};
/// let data = Dataset::new(vec![51; PIXELS], vec![3])?; // one image of a three
/// let dev = Cpu::default();
/// let x = batch::images(&dev, &data, &[0, 0]); // (2, 1, 28, 28)
/// assert!(x.as_vec().iter().all(|x| *x == 0.2));
/// assert_eq!(batch::one_hot(&dev, &data, &[0]).as_vec()[3], 1.0); // (1, 10)
/// # Ok::<(), digits::dataset::DatasetError>(())
/// ```
///
/// # Panics
/// If there is no image at one of the indices.
pub fn images(dev: &Cpu, data: &Dataset, indices: &[usize]) -> Images {
    let mut x = dev.zeros_like(&(indices.len(), Const, Const, Const));
    if let Some(values) = raw::elements_mut(&mut x) {
        let images = indices.len().div_ceil(PARTS).max(1);
        let parts = values
            .chunks_mut(images * PIXELS)
            .zip(indices.chunks(images));
        thread_pool::for_each(parts, |_, (values, indices)| {
            for (values, i) in values.chunks_exact_mut(PIXELS).zip(indices) {
                scale(values, data.image(*i));
            }
        });
    }
    x
}

/// Image `i` as a tensor (1, 28, 28), without a batch axis: a pixel p, 0 to 255, becomes p / 255.
///
/// # Panics
/// If there is no image `i`.
pub fn image(dev: &Cpu, data: &Dataset, i: usize) -> Tensor<Rank3<1, SIDE, SIDE>, f32, Cpu> {
    let mut x = dev.zeros();
    if let Some(values) = raw::elements_mut(&mut x) {
        scale(values, data.image(i));
    }
    x
}

/// The labels at `indices` as the rows of a tensor (B, 10): label 3 becomes 0 0 0 1 0 0 0 0 0 0.
///
/// # Panics
/// If there is no label at one of the indices.
pub fn one_hot(dev: &Cpu, data: &Dataset, indices: &[usize]) -> OneHot {
    let mut y = dev.zeros_like(&(indices.len(), Const));
    let rows = raw::elements_mut(&mut y).into_iter();
    let rows = rows.flat_map(|y| y.chunks_exact_mut(CLASSES));
    for (row, &i) in rows.zip(indices) {
        row[usize::from(data.label(i))] = 1.0;
    }
    y
}

/// [`one_hot`] with label smoothing: a share s = `smoothing` of each row, 0 to 1, is spread evenly
/// over its ten columns, y ← (1 − s)·y + s/10. See Szegedy and others, "Rethinking the Inception
/// architecture for computer vision", arXiv 1512.00567, section 7; it is `label_smoothing` in Keras
/// and PyTorch.
///
/// With s = 0.1 the target is 0.91 at the label and 0.01 elsewhere. Logits of finite size reach it,
/// so the loss no longer falls as the network grows ever surer of images that it already classifies
/// correctly.
///
/// ```
/// use digits::{batch, dataset::{Dataset, PIXELS}, dfdx::prelude::*};
/// let data = Dataset::new(vec![0; PIXELS], vec![1])?; // one image of a one
/// let y = batch::smoothed(&Cpu::default(), &data, &[0], 0.5).as_vec(); // (1, 10)
/// assert!((y[0] - 0.05).abs() < 1e-6 && (y[1] - 0.55).abs() < 1e-6);
/// # Ok::<(), digits::dataset::DatasetError>(())
/// ```
///
/// # Panics
/// If there is no label at one of the indices.
pub fn smoothed(dev: &Cpu, data: &Dataset, indices: &[usize], smoothing: f64) -> OneHot {
    let y = one_hot(dev, data, indices);
    if smoothing == 0.0 {
        return y;
    }
    y * (1.0 - smoothing) as f32 + (smoothing / CLASSES as f64) as f32
}

/// The numbers 0 to n − 1 in an order that depends only on n, the seed and the epoch; every order
/// is equally likely.
///
/// Fisher and Yates's shuffle on ChaCha12, whose 256-bit key is the seed and the epoch side by
/// side: no two epochs, of one seed or of several, draw from the same stream.
///
/// ```
/// let order = digits::batch::shuffled(100, 42, 0);
/// assert_eq!(order, digits::batch::shuffled(100, 42, 0));
/// assert_ne!(order, digits::batch::shuffled(100, 42, 1)); // another epoch
/// ```
pub fn shuffled(n: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&epoch.to_le_bytes());
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut StdRng::from_seed(key));
    order
}

/// The number of parts in which a batch of images is filled, each by one thread at a time.
const PARTS: usize = 4;

/// Writes p / 255 to `values` for each pixel p.
fn scale(values: &mut [f32], pixels: &[u8]) {
    Isa::best().vectorize(
        #[inline(always)]
        || {
            for (value, &pixel) in values.iter_mut().zip(pixels) {
                *value = f32::from(pixel) / 255.0;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three images, all of whose pixels are 0, 51 and 255, of a 3, a 0 and a 9.
    fn three() -> Dataset {
        let pixels = [0, 51, 255].into_iter().flat_map(|p| [p; PIXELS]).collect();
        Dataset::new(pixels, vec![3, 0, 9]).unwrap()
    }

    #[test]
    fn a_batch_holds_the_images_asked_for_scaled_to_one() {
        let x = images(&Cpu::default(), &three(), &[2, 0, 1, 1]);
        assert_eq!(x.shape().concrete(), [4, 1, 28, 28]);
        let values = x.as_vec();
        for (row, expected) in values.chunks_exact(PIXELS).zip([1.0, 0.0, 0.2, 0.2]) {
            assert!(
                row.iter().all(|&value| value == expected),
                "expected {expected}, found {row:?}"
            );
        }
    }

    #[test]
    fn rows_and_columns_stay_where_they_are() {
        let mut pixels = vec![0; PIXELS];
        pixels[3 * SIDE + 5] = 255;
        let data = Dataset::new(pixels, vec![1]).unwrap();
        let dev = Cpu::default();
        assert_eq!(images(&dev, &data, &[0])[[0, 0, 3, 5]], 1.0);
        assert_eq!(image(&dev, &data, 0)[[0, 3, 5]], 1.0);
        assert_eq!(image(&dev, &data, 0).as_vec().iter().sum::<f32>(), 1.0);
    }

    #[test]
    fn one_hot_rows_mark_the_label() {
        let y = one_hot(&Cpu::default(), &three(), &[0, 2]);
        let mut expected = [0.0; 20];
        expected[3] = 1.0;
        expected[19] = 1.0;
        assert_eq!(y.as_vec(), expected);
    }

    #[test]
    fn smoothed_rows_still_add_up_to_one() {
        let y = smoothed(&Cpu::default(), &three(), &[2, 0], 0.1).as_vec();
        for (row, label) in y.chunks_exact(CLASSES).zip([9, 3]) {
            for (class, value) in row.iter().enumerate() {
                let expected = if class == label { 0.91 } else { 0.01 };
                assert!((value - expected).abs() < 1e-6, "{class}: {row:?}");
            }
        }
        let sharp = smoothed(&Cpu::default(), &three(), &[2, 0], 0.0);
        assert_eq!(
            sharp.as_vec(),
            one_hot(&Cpu::default(), &three(), &[2, 0]).as_vec()
        );
    }

    #[test]
    fn a_batch_of_none_is_a_tensor_of_none() {
        assert_eq!(
            images(&Cpu::default(), &three(), &[]).shape().concrete(),
            [0, 1, 28, 28]
        );
    }

    #[test]
    fn shuffling_keeps_every_index_and_repeats() {
        let order = shuffled(1000, 7, 3);
        assert_eq!(order, shuffled(1000, 7, 3));
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
        assert_ne!(order, sorted);
    }

    #[test]
    fn each_seed_and_each_epoch_has_its_own_order() {
        let orders = [
            shuffled(1000, 1, 2),
            shuffled(1000, 2, 1),
            shuffled(1000, 1, 1),
            shuffled(1000, 3, 0),
        ];
        for (i, a) in orders.iter().enumerate() {
            for b in &orders[..i] {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        let mut counts = std::collections::HashMap::new();
        for epoch in 0..6000 {
            *counts.entry(shuffled(3, 5, epoch)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // 1000 are expected of each; the standard deviation is 29.
        assert!(
            counts.values().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }
}
