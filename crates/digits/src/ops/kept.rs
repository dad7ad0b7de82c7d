//! Outputs of operations that keep their memory from one part of a batch to the next.
//!
//! dfdx fills every new tensor with zeros, and every new gradient, on one thread; then the operation writes over them. Where
//! activations are large, the other threads wait for that long enough to fall asleep. While [`Kept::lend`] runs a forward pass,
//! the nth output of it is therefore the nth output of the pass before, written over, and its gradient stays where it was:
//! whoever has read it sets it to zero ([`record`](super::tape::record)), on all threads and while it is still in the cache.
//!
//! dfdx's tensors share their memory until one of them is written to. So a tensor that somebody has kept is noticed, since writing
//! would move the next output to another address, and is left to them.
use std::cell::RefCell;

use dfdx::optim::UnusedTensors;
use dfdx::prelude::{Cpu, CpuError, Gradients, ReshapeTo, Shape, Tensor, ZerosTensor};

use crate::raw;

/// The outputs of forward passes of one model on one device over as many images, in the order in which they are made.
#[derive(Default)]
pub struct Kept {
    /// `None` where somebody held on to an output, or where its size changed.
    outputs: Vec<Option<Output>>,
    next: usize,
}

struct Output {
    numbers: Tensor<(usize,), f32, Cpu>,
    has_gradient: bool,
}

thread_local! {
    static LENT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

impl Kept {
    /// Calls `forward`, whose operations take their outputs from here.
    pub fn lend<R>(&mut self, forward: impl FnOnce() -> R) -> R {
        struct Restore<'a>(&'a mut Kept, Option<Kept>);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                *self.0 = LENT.replace(self.1.take()).unwrap_or_default();
            }
        }
        self.next = 0;
        let before = LENT.replace(Some(std::mem::take(self)));
        let _restore = Restore(self, before);
        forward()
    }

    /// Has `gradients` keep those of the outputs, zeros at first, where it drops those of other intermediate results.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`].
    pub fn keep_gradients(&mut self, gradients: &mut Gradients<f32, Cpu>) -> Result<(), CpuError> {
        let mut new = UnusedTensors::default(); // dfdx's list of ids
        for output in self.outputs.iter_mut().flatten() {
            if !output.has_gradient {
                gradients.try_alloc_for(&output.numbers)?;
                new.add(&output.numbers);
                output.has_gradient = true;
            }
        }
        if !new.is_empty() {
            gradients.retain_leafs(&new.ids);
        }
        Ok(())
    }

    /// The place of the next output, and what is to be written over: at first something new; nothing if the place cannot keep any.
    fn take_next(
        &mut self,
        elements: usize,
        dev: &Cpu,
    ) -> Result<(usize, Option<Output>), CpuError> {
        let place = self.next;
        self.next += 1;
        if let Some(output) = self.outputs.get_mut(place) {
            let output = output.take();
            return Ok((place, output.and_then(|output| output.if_free(elements))));
        }
        self.outputs.push(None);
        let new = Output {
            numbers: dev.try_zeros_like(&(elements,))?,
            has_gradient: false,
        };
        Ok((place, Some(new)))
    }
}

impl Output {
    /// This, if it has so many elements and nobody else holds them: what is shared would be copied before it is written to.
    fn if_free(mut self, elements: usize) -> Option<Self> {
        let before = raw::address(&self.numbers)?;
        let now = raw::elements_mut(&mut self.numbers)?;
        (now.len() == elements && now.as_ptr() == before).then_some(self)
    }
}

/// A tensor of `shape` for what an operation gives; `write` gets its elements in row-major order, *whatever they are*, and sets
/// them all.
///
/// # Errors
/// [`CpuError::OutOfMemory`].
pub fn output<S: Shape>(
    shape: &S,
    dev: &Cpu,
    write: impl FnOnce(&mut [f32]),
) -> Result<Tensor<S, f32, Cpu>, CpuError> {
    let next = |lent: &mut Option<Kept>| match (shape.num_elements(), lent) {
        (1.., Some(kept)) => kept.take_next(shape.num_elements(), dev),
        _ => Ok((0, None)),
    };
    let (place, Some(mut output)) = LENT.with_borrow_mut(next)? else {
        let mut y = dev.try_zeros_like(shape)?;
        raw::elements_mut(&mut y).map(write);
        return Ok(y);
    };
    if let Some(numbers) = raw::elements_mut(&mut output.numbers) {
        if cfg!(debug_assertions) {
            numbers.fill(f32::NAN); // tests see what `write` forgets
        }
        write(numbers);
    }
    let y = output.numbers.clone().try_reshape_like(shape); // the same memory, the same id
    LENT.with_borrow_mut(|lent| {
        if let Some(kept) = lent {
            kept.outputs[place] = Some(output);
        }
    });
    y
}

/// Whether outputs are kept now, and with them their gradients.
pub fn are_kept() -> bool {
    LENT.with_borrow(Option::is_some)
}
