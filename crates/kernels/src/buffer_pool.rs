//! Reused memory for intermediate results: memory fresh from the system costs a page fault every 4
//! KB.
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// A type of numbers that has a list of free buffers.
pub trait Number: Copy + Default + 'static {
    /// The list of free buffers.
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
number!(u8);

/// The largest number of free buffers: as many as a few threads need at a time.
const MAX_BUFFERS: usize = 64;

/// The largest number of numbers in all free buffers together, 128 MB: three times the need of the
/// largest batch of training.
const MAX_NUMBERS: usize = 1 << 25;

/// The size of a cache line in bytes. A vector of AVX-512 that does not begin one lies in two, and
/// takes two accesses.
const CACHE_LINE: usize = 64;

/// A slice whose memory goes back to the pool when it is dropped; its first number begins a cache
/// line.
///
/// ```
/// use kernels::buffer_pool::Buffer;
/// assert_eq!(Buffer::<f32>::zeros(3)[..], [0.0; 3]);
/// assert_eq!(Buffer::<u8>::stale(5).len(), 5);
/// ```
pub struct Buffer<N: Number = f32> {
    /// More than `len` numbers; the others are left from earlier uses.
    numbers: Vec<N>,
    /// The index in `numbers` of the slice's first number.
    from: usize,
    len: usize,
}

impl<N: Number> Buffer<N> {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut buffer = Self::stale(len);
        buffer.fill(N::default());
        buffer
    }

    /// `len` numbers with stale contents: the smallest free buffer that is large enough, or a new
    /// one.
    pub fn stale(len: usize) -> Self {
        let line = CACHE_LINE / size_of::<N>();
        let mut free = N::free().lock().unwrap_or_else(PoisonError::into_inner);
        let large_enough = free
            .iter()
            .enumerate()
            .filter(|(_, buffer)| buffer.len() >= len + line);
        let best = large_enough
            .min_by_key(|(_, buffer)| buffer.len())
            .map(|(i, _)| i);
        let numbers = match best {
            Some(i) => free.swap_remove(i),
            None => {
                drop(free);
                vec![N::default(); len + line]
            }
        };
        let from = numbers.as_ptr().align_offset(CACHE_LINE).min(line);
        Self { numbers, from, len }
    }
}

impl<N: Number> Drop for Buffer<N> {
    fn drop(&mut self) {
        if !(1..=MAX_NUMBERS).contains(&self.numbers.len()) {
            return;
        }
        let mut free = N::free().lock().unwrap_or_else(PoisonError::into_inner);
        let mut held: usize = free.iter().map(Vec::len).sum();
        while free.len() == MAX_BUFFERS || held + self.numbers.len() > MAX_NUMBERS {
            held -= free.remove(0).len(); // the one that has been there longest
        }
        free.push(std::mem::take(&mut self.numbers));
    }
}

impl<N: Number> Deref for Buffer<N> {
    type Target = [N];
    fn deref(&self) -> &[N] {
        &self.numbers[self.from..][..self.len]
    }
}

impl<N: Number> DerefMut for Buffer<N> {
    fn deref_mut(&mut self) -> &mut [N] {
        &mut self.numbers[self.from..][..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_buffers_never_hold_more_than_they_may() {
        let quarter = || Buffer::<u32>::stale(MAX_NUMBERS / 4);
        drop([quarter(), quarter(), quarter(), quarter(), quarter()]);
        drop(Buffer::<u32>::stale(MAX_NUMBERS + 1));
        let free = u32::free().lock().unwrap();
        let held: usize = free.iter().map(Vec::capacity).sum();
        assert!(held <= MAX_NUMBERS, "{held}");
    }

    #[test]
    fn a_buffer_begins_a_cache_line() {
        for len in [1, 17, 1000] {
            let numbers = [(); 3].map(|()| Buffer::<f32>::stale(len));
            let bytes = [(); 3].map(|()| Buffer::<u8>::stale(len));
            let first = numbers.iter().map(|b| b.as_ptr() as usize);
            for first in first.chain(bytes.iter().map(|b| b.as_ptr() as usize)) {
                assert!(first.is_multiple_of(64), "{first}");
            }
        }
    }

    #[test]
    fn zeros_are_zero_whatever_the_buffer_held() {
        for len in [10, 1000, 3, 0, 500] {
            let mut buffer = Buffer::<f32>::zeros(len);
            assert_eq!(buffer.len(), len);
            assert!(buffer.iter().all(|x| *x == 0.0));
            buffer.fill(7.0);
            assert_eq!(Buffer::<f32>::stale(len + 5).len(), len + 5);
        }
    }
}
