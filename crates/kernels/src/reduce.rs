//! How a batch is split into chunks, and how the sums of the chunks are added up: in a fixed order.
use crate::simd::Isa;

/// The largest number of chunks a batch is split into; more than any reader's CPU has threads to
/// gain from at these sizes.
const MAX_CHUNKS: usize = 8;

/// The smallest number of images in a chunk: each chunk has sums of its own for the gradients of
/// weights, which must be added up.
const MIN_IMAGES: usize = 8;

/// The number of images in a chunk, for a batch of `batch` images. It depends on nothing else, so
/// that sums do not depend on the number of threads.
///
/// ```
/// use kernels::reduce::images_per_chunk;
/// assert_eq!([32, 64, 65, 128].map(images_per_chunk), [8, 8, 9, 16]);
/// ```
pub fn images_per_chunk(batch: usize) -> usize {
    batch.div_ceil(MAX_CHUNKS).max(MIN_IMAGES)
}

/// The number of images in a chunk where nothing is added up over the batch: smaller chunks keep
/// threads of different speed busy to the end.
pub fn images_per_small_chunk(batch: usize) -> usize {
    batch.div_ceil(2 * MAX_CHUNKS).max(MIN_IMAGES / 2)
}

/// Adds to `total` what each chunk contributes to a gradient, in the order of the chunks.
///
/// ```
/// let mut total = [1.0, 2.0];
/// kernels::reduce::add_in_order(&mut total, vec![vec![10.0, 20.0], vec![100.0, 200.0]]);
/// assert_eq!(total, [111.0, 222.0]);
/// ```
pub fn add_in_order(total: &mut [f32], partial_sums: Vec<Vec<f32>>) {
    for partial in partial_sums {
        add(total, &partial);
    }
}

/// `total[i] += partial[i]`, up to the end of the shorter slice.
pub fn add(total: &mut [f32], partial: &[f32]) {
    Isa::best().vectorize(
        #[inline(always)]
        || {
            for (total, partial) in total.iter_mut().zip(partial) {
                *total += partial;
            }
        },
    );
}

/// The sum of `numbers`, in eight interleaved sums: the compiler may not reorder additions of
/// floats, so a single sum would wait for each addition before the next.
///
/// ```
/// assert_eq!(kernels::reduce::sum(&[1.5; 20]), 30.0);
/// ```
pub fn sum(numbers: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    let rows = numbers.chunks_exact(sums.len());
    let rest: f32 = rows.remainder().iter().sum();
    for row in rows {
        for (sum, number) in sums.iter_mut().zip(row) {
            *sum += number;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::numbers;

    #[test]
    fn a_sum_of_any_length_agrees_with_one_from_left_to_right() {
        for length in [0, 1, 7, 8, 9, 30, 1000] {
            let numbers = numbers(length, 0, 1);
            let expected: f64 = numbers.iter().map(|x| f64::from(*x)).sum();
            assert!(
                (f64::from(sum(&numbers)) - expected).abs() < 1e-4,
                "{length}"
            );
        }
    }

    #[test]
    fn what_the_chunks_contribute_is_added_in_their_order() {
        // From left to right the small numbers are lost, one by one.
        let (large, small) = ((1u32 << 24) as f32, 1.0);
        let mut total = [large, 0.0];
        add_in_order(&mut total, vec![vec![small, 1.0], vec![small, 2.0]]);
        assert_eq!(total, [large, 3.0]);
    }

    #[test]
    fn a_batch_is_split_into_at_most_eight_chunks_or_sixteen_small_ones() {
        for batch in 1..300 {
            let [few, many] = [images_per_chunk(batch), images_per_small_chunk(batch)];
            assert!(few >= 8 && batch.div_ceil(few) <= 8, "{batch}");
            assert!(many >= 4 && batch.div_ceil(many) <= 16, "{batch}");
        }
    }
}
