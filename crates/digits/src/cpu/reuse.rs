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
number!(u8);

/// Free buffers that are kept: as many as some threads need at a time.
const MOST: usize = 64;

/// Numbers that all free buffers may hold together, 128 MB: what the largest batch of training needs, times three.
const MOST_NUMBERS: usize = 1 << 25;

/// Bytes in a cache line: a vector of AVX-512 that begins elsewhere lies in two lines, and takes two accesses.
const LINE: usize = 64;

/// Numbers that go back to the free buffers when they are dropped; the first begins a cache line.
pub struct Buffer<N: Number = f32> {
    /// More than `len` numbers; the others are left from earlier uses.
    numbers: Vec<N>,
    from: usize,
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
        let line = LINE / size_of::<N>();
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
        let from = numbers.as_ptr().align_offset(LINE).min(line);
        Self { numbers, from, len }
    }
}

impl<N: Number> Drop for Buffer<N> {
    fn drop(&mut self) {
        if !(1..=MOST_NUMBERS).contains(&self.numbers.len()) {
            return;
        }
        let mut free = N::free().lock().unwrap_or_else(PoisonError::into_inner);
        let mut held: usize = free.iter().map(Vec::len).sum();
        while free.len() == MOST || held + self.numbers.len() > MOST_NUMBERS {
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
        let quarter = || Buffer::<u32>::any(MOST_NUMBERS / 4);
        drop([quarter(), quarter(), quarter(), quarter(), quarter()]);
        drop(Buffer::<u32>::any(MOST_NUMBERS + 1));
        let free = u32::free().lock().unwrap();
        let held: usize = free.iter().map(Vec::capacity).sum();
        assert!(held <= MOST_NUMBERS, "{held}");
    }

    #[test]
    fn a_buffer_begins_a_cache_line() {
        for len in [1, 17, 1000] {
            let numbers = [(); 3].map(|()| Buffer::<f32>::any(len));
            let bytes = [(); 3].map(|()| Buffer::<u8>::any(len));
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
            assert_eq!(Buffer::<f32>::any(len + 5).len(), len + 5);
        }
    }
}
