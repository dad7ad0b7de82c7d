//! Instructions that [`pulp`] has no name for: transposing a block, and compressing lists.
//!
//! Each function has a portable twin next to where it is called, in `transpose`, `sparse` and
//! `conv_block::sparse`; the tests compare the two.
use std::arch::x86_64::*;

/// The number of lanes of a vector.
const SIDE: usize = 16;

/// Lists the numbers of a row of at most 128 that are not zero, with their indices; returns how
/// many.
///
/// `indices` and `numbers` must be as long as the row, rounded up to a whole number of vectors.
#[target_feature(enable = "avx512f")]
pub fn list(row: &[f32], indices: &mut [u8], numbers: &mut [f32]) -> usize {
    let mut index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut length = 0;
    for row in row.chunks(SIDE) {
        let inside = u16::MAX >> (SIDE - row.len());
        // SAFETY: the mask leaves out what is not in the slice.
        let x = unsafe { _mm512_maskz_loadu_ps(inside, row.as_ptr()) };
        let found = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(x, _mm512_setzero_ps());
        let (indices, numbers) = (
            &mut indices[length..][..SIDE],
            &mut numbers[length..][..SIDE],
        );
        // SAFETY: both slices hold the sixteen numbers that are written; the next ones overwrite
        // those beyond the list.
        unsafe {
            _mm512_storeu_ps(numbers.as_mut_ptr(), _mm512_maskz_compress_ps(found, x));
            let found_indices = _mm512_cvtepi32_epi8(_mm512_maskz_compress_epi32(found, index));
            _mm_storeu_si128(indices.as_mut_ptr().cast(), found_indices);
        }
        length += found.count_ones() as usize;
        index = _mm512_add_epi32(index, _mm512_set1_epi32(SIDE as i32));
    }
    length
}

/// Keeps those of a kernel's outputs whose argmax and gradient are not zero: the offset of the
/// window goes to `at`, the gradient moves to the front of `dy`. Returns the number kept.
///
/// `window_offsets` holds `group` offsets for each output, 1 or 4; the lengths of `at` and `dy` are
/// whole numbers of vectors.
#[target_feature(enable = "avx512f")]
pub fn keep_nonzero(
    group: usize,
    window_offsets: &[u32],
    argmax: &[u32],
    at: &mut [u32],
    dy: &mut [f32],
) -> usize {
    let lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let (one, step) = (_mm512_set1_epi32(1), _mm512_set1_epi32(group as i32));
    let last = _mm512_sub_epi32(step, one);
    let mut length = 0;
    for (n, argmax) in argmax.chunks(SIDE).enumerate() {
        let inside = u16::MAX >> (SIDE - argmax.len());
        let candidates = &window_offsets[n * SIDE * group..][..argmax.len() * group];
        // SAFETY: the mask leaves out what is not in the slice.
        let max = unsafe { _mm512_maskz_loadu_epi32(inside, argmax.as_ptr().cast()) };
        let (from, room) = (&dy[n * SIDE..][..SIDE], &mut at[length..][..SIDE]);
        // SAFETY: the slice holds the sixteen numbers that are read.
        let gradient = unsafe { _mm512_loadu_ps(from.as_ptr()) };
        let kept = _mm512_test_epi32_mask(max, max);
        let kept = _mm512_mask_cmp_ps_mask::<_CMP_NEQ_UQ>(kept, gradient, _mm512_setzero_ps());
        let which = _mm512_min_epu32(_mm512_sub_epi32(max, one), last);
        let index = _mm512_add_epi32(_mm512_mullo_epi32(lane, step), which);
        // SAFETY: for the lanes of the mask the index is below the number of candidates; the slice
        // holds sixteen numbers.
        unsafe {
            let nothing = _mm512_setzero_si512();
            let offset =
                _mm512_mask_i32gather_epi32::<4>(nothing, kept, index, candidates.as_ptr().cast());
            _mm512_storeu_si512(
                room.as_mut_ptr().cast(),
                _mm512_maskz_compress_epi32(kept, offset),
            );
        }
        let room = &mut dy[length..][..SIDE]; // at most as far as has been read
        // SAFETY: the slice holds the sixteen numbers that are written.
        unsafe { _mm512_storeu_ps(room.as_mut_ptr(), _mm512_maskz_compress_ps(kept, gradient)) };
        length += kept.count_ones() as usize;
    }
    length
}

/// Copies the transpose of a block to `to`, or adds it. The block has `rows` × `columns` numbers, 1
/// to 16 each; row `i` of `from` begins at `i * from_step`, row `j` of `to` at `j * to_step`.
#[target_feature(enable = "avx512f")]
pub fn transpose<const ADD: bool>(
    [rows, columns]: [usize; 2],
    from: &[f32],
    from_step: usize,
    to: &mut [f32],
    to_step: usize,
) {
    let (in_row, in_column) = (u16::MAX >> (SIDE - columns), u16::MAX >> (SIDE - rows));
    let mut block = [_mm512_setzero_ps(); SIDE];
    for (i, row) in block.iter_mut().enumerate().take(rows) {
        let numbers: &[f32] = &from[i * from_step..][..columns];
        // SAFETY: the mask leaves out what is not in the slice.
        *row = unsafe { _mm512_maskz_loadu_ps(in_row, numbers.as_ptr()) };
    }
    for (j, row) in transposed(block).into_iter().enumerate().take(columns) {
        let numbers: &mut [f32] = &mut to[j * to_step..][..rows];
        // SAFETY: the mask leaves out what is not in the slice.
        unsafe {
            let sum = if ADD {
                _mm512_add_ps(_mm512_maskz_loadu_ps(in_column, numbers.as_ptr()), row)
            } else {
                row
            };
            _mm512_mask_storeu_ps(numbers.as_mut_ptr(), in_column, sum);
        }
    }
}

/// The transpose of 16 × 16 numbers: pairs of numbers are exchanged, then pairs of pairs, of fours
/// and of eights.
#[target_feature(enable = "avx512f")]
fn transposed(r: [__m512; SIDE]) -> [__m512; SIDE] {
    let mut a = r;
    for i in (0..SIDE).step_by(2) {
        a[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    // b[4 n + k]: of rows 4 n to 4 n + 3, the columns k, k + 4, k + 8, k + 12.
    let mut b = a;
    for i in (0..SIDE).step_by(4) {
        for k in 0..2 {
            let (low, high) = (_mm512_castps_pd(a[i + k]), _mm512_castps_pd(a[i + k + 2]));
            b[i + 2 * k] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            b[i + 2 * k + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    }
    let mut out = b;
    for k in 0..4 {
        let even = |i: usize| _mm512_shuffle_f32x4::<0x88>(b[i + k], b[i + 4 + k]);
        let odd = |i: usize| _mm512_shuffle_f32x4::<0xdd>(b[i + k], b[i + 4 + k]);
        out[k] = _mm512_shuffle_f32x4::<0x88>(even(0), even(8));
        out[k + 8] = _mm512_shuffle_f32x4::<0xdd>(even(0), even(8));
        out[k + 4] = _mm512_shuffle_f32x4::<0x88>(odd(0), odd(8));
        out[k + 12] = _mm512_shuffle_f32x4::<0xdd>(odd(0), odd(8));
    }
    out
}
