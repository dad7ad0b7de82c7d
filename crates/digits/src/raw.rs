//! Tensor → slice: the one module that reads a tensor's storage in place.
//!
//! dfdx keeps a tensor's storage private and hands out copies (`as_vec`) or single elements
//! (`tensor[[i, j]]`). A copy of every activation would cost as much time as the convolution it
//! feeds, so this module makes a slice of a tensor's elements from the address of the first one.
//!
//! # Why that is sound
//! A tensor may be a *view*: `broadcast` repeats elements with a stride of 0, `permute` exchanges
//! strides, and then the storage is smaller than the tensor or in another order. Every function
//! that makes a slice therefore measures the strides first — the distance between the addresses of
//! neighbouring elements, each obtained through dfdx's bounds-checked index — and makes one only if
//! they are those of a contiguous array, row-major or, for [`stored`], with channels last. The last
//! element's index is checked too, so all elements lie in the one live `Vec`, and its lifetime is
//! that of the tensor's borrow. (Under Rust's aliasing models: Tree Borrows allows it; the older
//! Stacked Borrows restricts a pointer made from `&t[i]` to that element. No compiler acts on that
//! difference.)
use std::borrow::Cow;

use dfdx::prelude::{Cpu, HasShape, Shape, Tensor};

/// The elements of a tensor in row-major order: borrowed if they lie in memory in that order
/// without gaps, copied if they do not, as in a broadcast or permuted view.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::raw::elements;
/// let dev = Cpu::default();
/// let t = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]); // (2, 2)
/// assert_eq!(*elements(&t), [1.0, 2.0, 3.0, 4.0]);
/// let transposed: Tensor<Rank2<2, 2>, f32, _> = t.permute();
/// assert_eq!(*elements(&transposed), [1.0, 3.0, 2.0, 4.0]);
/// ```
pub fn elements<S: Shape, T>(t: &Tensor<S, f32, Cpu, T>) -> Cow<'_, [f32]> {
    let len = t.shape().num_elements();
    if len == 0 {
        return Cow::Borrowed(&[]);
    }
    if !is_contiguous(t) {
        return Cow::Owned(t.as_vec());
    }
    let first: *const f32 = &t[S::Concrete::default()];
    // SAFETY: `is_contiguous` has shown that `len` elements start at `first` in one allocation,
    // which the borrow of `t` keeps alive and unchanged.
    Cow::Borrowed(unsafe { std::slice::from_raw_parts(first, len) })
}

/// The elements of a tensor in row-major order, to be changed in place; `None` if they do not lie
/// in memory in that order without gaps.
///
/// If the tensor shares its storage with a clone, the storage is copied first, as dfdx does on
/// every write.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::raw::elements_mut;
/// let mut t = Cpu::default().tensor([1.0f32, 2.0]);
/// elements_mut(&mut t).unwrap()[1] = 9.0;
/// assert_eq!(t.array(), [1.0, 9.0]);
/// ```
pub fn elements_mut<S: Shape, T>(t: &mut Tensor<S, f32, Cpu, T>) -> Option<&mut [f32]> {
    let len = t.shape().num_elements();
    if len == 0 {
        return Some(&mut []);
    }
    if !is_contiguous(t) {
        return None;
    }
    let first: *mut f32 = &mut t[S::Concrete::default()];
    // SAFETY: as above; the mutable index has made the storage unique to `t`, which is borrowed
    // mutably.
    Some(unsafe { std::slice::from_raw_parts_mut(first, len) })
}

/// The order in which a tensor's elements lie in memory, without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Stored as the shape says, `(B, C, H, W)`: the index of the last axis runs fastest.
    RowMajor,
    /// Stored as `(B, H, W, C)` for a tensor of shape `(B, C, H, W)`, or as `(H, W, C)` for one of
    /// shape `(C, H, W)`: PyTorch's `channels_last`.
    ChannelsLast,
}

/// The order in which a tensor's elements are stored; `None` if it is neither of the two. A tensor
/// for which both are true, such as one with a single channel, is row-major.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::raw::{Order, order, stored};
/// let pixels = Cpu::default().tensor([[[1.0f32, 2.0], [3.0, 4.0]]]); // (H, W, C)
/// let image = pixels.permute::<Rank3<2, 1, 2>, Axes3<2, 0, 1>>(); // (C, H, W)
/// assert_eq!(order(&image), Some(Order::ChannelsLast));
/// assert_eq!(stored(&image).unwrap(), [1.0, 2.0, 3.0, 4.0]);
/// ```
pub fn order<S: Shape, T>(t: &Tensor<S, f32, Cpu, T>) -> Option<Order> {
    if t.shape().num_elements() == 0 || is_contiguous(t) {
        return Some(Order::RowMajor);
    }
    let rank = S::NUM_DIMS;
    if rank != 3 && rank != 4 {
        return None;
    }
    // Batch (or, for a single image, channels), rows, columns, channels.
    let axes = [0, rank - 2, rank - 1, rank - 3];
    has_strides(t, &axes[4 - rank..]).then_some(Order::ChannelsLast)
}

/// The elements of a tensor in the order in which they are stored; `None` where [`order`] is
/// `None`.
pub fn stored<S: Shape, T>(t: &Tensor<S, f32, Cpu, T>) -> Option<&[f32]> {
    order(t)?;
    let len = t.shape().num_elements();
    if len == 0 {
        return Some(&[]);
    }
    let first: *const f32 = &t[S::Concrete::default()];
    // SAFETY: in either order `len` elements start at `first` in one allocation, which the borrow
    // of `t` keeps alive and unchanged: `has_strides` has measured every axis and had the last
    // element's index checked.
    Some(unsafe { std::slice::from_raw_parts(first, len) })
}

/// The address of a tensor's first element; `None` if it has no elements. A tensor, its clones and
/// their reshaped versions have the same address as long as none of them is written to.
///
/// ```
/// use digits::{dfdx::prelude::*, raw::address};
/// let t = Cpu::default().tensor([1.0f32, 2.0]);
/// assert_eq!(address(&t), address(&t.clone()));
/// assert_ne!(address(&t), address(&Cpu::default().tensor([1.0f32, 2.0])));
/// ```
pub fn address<S: Shape, T>(t: &Tensor<S, f32, Cpu, T>) -> Option<*const f32> {
    (t.shape().num_elements() > 0).then(|| &raw const t[S::Concrete::default()])
}

/// Whether the elements of a (non-empty) tensor lie in row-major order without gaps.
fn is_contiguous<S: Shape, T>(t: &Tensor<S, f32, Cpu, T>) -> bool {
    let axes = [0, 1, 2, 3, 4, 5, 6, 7];
    has_strides(t, &axes[..S::NUM_DIMS])
}

/// Whether the elements of a (non-empty) tensor lie without gaps, the index of the last of `axes`
/// running fastest and that of the first slowest.
fn has_strides<S: Shape, T>(t: &Tensor<S, f32, Cpu, T>, axes: &[usize]) -> bool {
    let sizes = t.shape().concrete();
    let origin: S::Concrete = Default::default();
    let base = &raw const t[origin] as usize;
    let mut last = origin;
    let mut expected = size_of::<f32>();
    for &axis in axes.iter().rev() {
        last[axis] = sizes[axis] - 1;
        if sizes[axis] > 1 {
            let mut next = origin;
            next[axis] = 1;
            if (&raw const t[next] as usize).wrapping_sub(base) != expected {
                return false;
            }
        }
        expected *= sizes[axis];
    }
    let _bounds_checked = t[last];
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;

    #[test]
    fn a_contiguous_tensor_is_borrowed() {
        let dev = Cpu::default();
        let t = dev.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert!(matches!(elements(&t), Cow::Borrowed([1.0, .., 6.0])));
    }

    #[test]
    fn a_broadcast_tensor_is_copied_at_its_full_size() {
        let dev = Cpu::default();
        let t: Tensor<Rank2<3, 2>, f32, _> = dev.tensor([7.0f32, 8.0]).broadcast();
        assert_eq!(*elements(&t), [7.0, 8.0, 7.0, 8.0, 7.0, 8.0]);
        let mut t = t;
        assert!(elements_mut(&mut t).is_none());
        let scalar: Tensor<Rank1<4>, f32, _> = dev.tensor(5.0f32).broadcast();
        assert_eq!(*elements(&scalar), [5.0; 4]);
    }

    #[test]
    fn writing_to_a_tensor_leaves_its_clone_alone() {
        let dev = Cpu::default();
        let mut t = dev.tensor([1.0f32, 2.0]);
        let before = t.clone();
        elements_mut(&mut t).unwrap()[1] = 9.0;
        assert_eq!(t.array(), [1.0, 9.0]);
        assert_eq!(before.array(), [1.0, 2.0]);
    }

    #[test]
    fn channels_last_are_read_as_they_lie() {
        let dev = Cpu::default();
        // (H, W, C)
        let t: Tensor<Rank3<2, 1, 3>, f32, _> = dev.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]);
        assert_eq!(order(&t), Some(Order::RowMajor));
        // (C, H, W)
        let images: Tensor<Rank3<3, 2, 1>, f32, _> = t.clone().permute::<_, Axes3<2, 0, 1>>();
        assert_eq!(order(&images), Some(Order::ChannelsLast));
        assert_eq!(stored(&images).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(*elements(&images), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let turned: Tensor<Rank3<1, 2, 3>, f32, _> = t.permute::<_, Axes3<1, 0, 2>>();
        assert_eq!(order(&turned), Some(Order::RowMajor)); // the axis that moved has one element
        let wide: Tensor<Rank3<2, 3, 2>, f32, _> = dev.zeros();
        let other: Tensor<Rank3<2, 2, 3>, f32, _> = wide.permute::<_, Axes3<0, 2, 1>>();
        assert_eq!((order(&other), stored(&other)), (None, None));
    }

    #[test]
    fn an_empty_tensor_and_a_scalar_are_slices_too() {
        let dev = Cpu::default();
        let empty: Tensor<(usize, Const<3>), f32, _> = dev.zeros_like(&(0, Const));
        assert!(elements(&empty).is_empty());
        assert_eq!(*elements(&dev.tensor(2.5f32)), [2.5]);
    }
}
