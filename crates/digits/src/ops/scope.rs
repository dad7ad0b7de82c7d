//! What a training loop tells the operations of a forward pass: one [`Scope`] around the pass.
//!
//! dfdx has no place for either of the two things it says:
//!
//! - *Nobody will read the gradient of the images.* dfdx computes a gradient for everything on the tape.
//!   That of the images is as much work as the rest of the first layer's backward pass. (Keras and
//!   PyTorch compute it only if asked.)
//! - *Write over the activations of the last batch.* dfdx fills every new tensor, and every new
//!   gradient, with zeros, on one thread; then the operation writes over them. With an
//!   [`ActivationPool`], the nth output of a pass takes the memory of the nth output of the pass before.
use std::cell::RefCell;

use dfdx::optim::UnusedTensors;
use dfdx::prelude::{Cpu, CpuError, Gradients, ReshapeTo, Shape, Tensor, ZerosTensor};
use dfdx::tensor::UniqueId;

use crate::raw;

/// Runs a forward pass, and tells the operations of this crate which gradient is not wanted and where
/// their outputs go. Scopes may be nested; the inner one counts.
///
/// ```
/// use digits::dfdx::prelude::*;
/// use digits::ops::{ActivationPool, Scope, linear};
///
/// let dev = Cpu::default();
/// let (x, w, b) = (dev.tensor([3.0]), dev.tensor([[2.0]]), dev.tensor([0.0]));
/// let scope = Scope::default().without_gradient_of(&x);
/// let y = scope.run(|| linear(x.leaky_trace(), &w, &b));
/// let gradients = y.sum().backward();
/// assert_eq!(gradients.get(&w).array(), [[3.0]]); // and there is none for x
/// ```
#[derive(Default)]
pub struct Scope<'a> {
    unwanted: Option<UniqueId>,
    pool: Option<&'a mut ActivationPool>,
}

impl<'a> Scope<'a> {
    /// The gradient of `x`, or of `x` in another shape, is not computed.
    pub fn without_gradient_of<S: Shape>(self, x: &Tensor<S, f32, Cpu>) -> Self {
        Self {
            unwanted: Some(id(x)),
            ..self
        }
    }

    /// Operations take the memory of their outputs from `pool`.
    pub fn reusing(self, pool: &'a mut ActivationPool) -> Self {
        Self {
            pool: Some(pool),
            ..self
        }
    }

    /// Calls `forward` in this scope and returns its result.
    pub fn run<R>(self, forward: impl FnOnce() -> R) -> R {
        struct Restore<'a>(Option<&'a mut ActivationPool>, State);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                let state = STATE.replace(std::mem::take(&mut self.1));
                if let (Some(pool), Some(used)) = (&mut self.0, state.pool) {
                    **pool = used;
                }
            }
        }
        let Self { unwanted, mut pool } = self;
        let taken = pool.as_mut().map(|pool| ActivationPool {
            next: 0,
            ..std::mem::take(*pool)
        });
        let before = STATE.replace(State {
            unwanted,
            pool: taken,
        });
        let _restore = Restore(pool, before);
        forward()
    }
}

/// The innermost scope of this thread.
#[derive(Default)]
struct State {
    unwanted: Option<UniqueId>,
    pool: Option<ActivationPool>,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State { unwanted: None, pool: None }) };
}

/// The outputs of the forward passes of one model, on one device and with one batch size, in the order
/// in which they are made.
///
/// dfdx's tensors share their memory until one of them is written to, and then the writer gets a copy.
/// So an output that is still held elsewhere is noticed and left alone: writing would move it.
///
/// The gradients of the outputs stay where they are, too. Whoever has read one sets it to zero
/// ([`record`](super::tape::record)), on all threads and while it is still in the cache.
#[derive(Default)]
pub struct ActivationPool {
    /// `None` for an output that is held elsewhere, or whose size has changed.
    outputs: Vec<Option<Output>>,
    next: usize,
}

struct Output {
    numbers: Tensor<(usize,), f32, Cpu>,
    has_gradient: bool,
}

impl ActivationPool {
    /// Makes `gradients` keep those of the outputs, zeros at first. dfdx drops the gradients of
    /// intermediate results otherwise.
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

    /// The index of the next output, and the output to write over: a new one in the first pass, `None`
    /// if the old one cannot be written over.
    fn take_next(
        &mut self,
        elements: usize,
        dev: &Cpu,
    ) -> Result<(usize, Option<Output>), CpuError> {
        let index = self.next;
        self.next += 1;
        if let Some(output) = self.outputs.get_mut(index) {
            let output = output.take();
            return Ok((index, output.and_then(|output| output.if_free(elements))));
        }
        self.outputs.push(None);
        let new = Output {
            numbers: dev.try_zeros_like(&(elements,))?,
            has_gradient: false,
        };
        Ok((index, Some(new)))
    }
}

impl Output {
    /// The output, if it has `elements` elements and no other tensor shares its memory.
    fn if_free(mut self, elements: usize) -> Option<Self> {
        let before = raw::address(&self.numbers)?;
        let now = raw::elements_mut(&mut self.numbers)?;
        (now.len() == elements && now.as_ptr() == before).then_some(self)
    }
}

/// Makes the output of an operation, a tensor of shape `shape`, with memory from the scope's pool if it
/// has one. `write` gets the elements in row-major order, with any contents, and sets them all.
///
/// # Errors
/// [`CpuError::OutOfMemory`].
pub(crate) fn output<S: Shape>(
    shape: &S,
    dev: &Cpu,
    write: impl FnOnce(&mut [f32]),
) -> Result<Tensor<S, f32, Cpu>, CpuError> {
    let next = |state: &mut State| match (shape.num_elements(), &mut state.pool) {
        (1.., Some(pool)) => pool.take_next(shape.num_elements(), dev),
        _ => Ok((0, None)),
    };
    let (index, Some(mut output)) = STATE.with_borrow_mut(next)? else {
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
    STATE.with_borrow_mut(|state| {
        if let Some(pool) = &mut state.pool {
            pool.outputs[index] = Some(output);
        }
    });
    y
}

/// Whether the scope's outputs, and with them their gradients, are used again.
pub(crate) fn reuses_activations() -> bool {
    STATE.with_borrow(|state| state.pool.is_some())
}

/// Whether the gradient of `x` is to be computed.
pub(crate) fn wants_gradient<S: Shape>(x: &Tensor<S, f32, Cpu>) -> bool {
    STATE.with_borrow(|state| state.unwanted != Some(id(x)))
}

/// The id by which dfdx finds the gradient of `t`; reshaping and cloning keep it.
fn id<S: Shape>(t: &Tensor<S, f32, Cpu>) -> UniqueId {
    let mut list = UnusedTensors::default(); // the one place where dfdx shows an id
    list.add(t);
    list.ids[0]
}
