//! Memory for intermediate results, used again and again: memory fresh from the system costs a page fault every 4 KB.
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// A type of numbers that has a list of free buffers.
pub trait Number: Copy + Default + 'static {
    /// The buffers that are free now.
    fn free() -> &'static Mutex<Vec<Vec<Self>>>;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            fn free() -> &'static Mutex<Vec<Vec<Self>>> {
                static FREE: Mutex<Vec<Vec<$type>>> = Mutex::new(Vec::new());
                &FREE
            }
        }
    };
}
number!(f32);
number!(u32);

/// Free buffers that are kept: as many as some threads need at a time.
const MOST: usize = 64;

/// The largest buffer that is kept, in numbers. What a batch of training needs is smaller; what a forward pass of thousands of
/// images needs would, kept 64 times, fill the memory.
const LARGEST: usize = 1 << 21;

/// Numbers that go back to the free buffers when they are dropped.
pub struct Buffer<N: Number = f32> {
    /// At least `len` numbers; those behind are left from earlier uses.
    numbers: Vec<N>,
    len: usize,
}

impl<N: Number> Buffer<N> {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut buffer = Self::any(len);
        buffer.fill(N::default());
        buffer
    }

    /// `len` numbers, whichever: of the free buffers the smallest that is large enough.
    pub fn any(len: usize) -> Self {
        let mut free = N::free().lock().unwrap_or_else(PoisonError::into_inner);
        let large_enough = free
            .iter()
            .enumerate()
            .filter(|(_, buffer)| buffer.len() >= len);
        let best = large_enough
            .min_by_key(|(_, buffer)| buffer.len())
            .map(|(i, _)| i);
        let numbers = match best {
            Some(i) => free.swap_remove(i),
            None => {
                drop(free);
                vec![N::default(); len]
            }
        };
        Self { numbers, len }
    }
}

impl<N: Number> Drop for Buffer<N> {
    fn drop(&mut self) {
        if !(1..=LARGEST).contains(&self.numbers.len()) {
            return;
        }
        let mut free = N::free().lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() == MOST {
            free.remove(0); // the one that has been there longest
        }
        free.push(std::mem::take(&mut self.numbers));
    }
}

impl<N: Number> Deref for Buffer<N> {
    type Target = [N];
    fn deref(&self) -> &[N] {
        &self.numbers[..self.len]
    }
}

impl<N: Number> DerefMut for Buffer<N> {
    fn deref_mut(&mut self) -> &mut [N] {
        &mut self.numbers[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_too_large_to_keep_is_given_back_to_the_system() {
        drop(Buffer::<u32>::any(LARGEST + 1));
        let free = u32::free().lock().unwrap();
        assert!(free.iter().all(|buffer| buffer.capacity() <= LARGEST));
    }

    #[test]
    fn zeros_are_zero_whatever_the_buffer_held() {
        for len in [10, 1000, 3, 0, 500] {
            let mut buffer = Buffer::<f32>::zeros(len);
            assert_eq!(buffer.len(), len);
            assert!(buffer.iter().all(|x| *x == 0.0));
            buffer.fill(7.0);
            assert_eq!(Buffer::<f32>::any(len + 5).len(), len + 5);
        }
    }
}
