//! Settings for the operations of a forward pass, which a training loop runs in a [`Scope`].
//!
//! dfdx has no place for either of its two settings:
//!
//! - *The gradient of the images is not needed.* dfdx computes a gradient for everything on the
//!   tape. That of the images is as much work as the rest of the first layer's backward pass.
//!   (Keras and PyTorch compute it only on request.)
//! - *The activations of the last batch may be overwritten.* dfdx fills every new tensor, and every
//!   new gradient, with zeros, on one thread; then the operation overwrites them. With an
//!   [`ActivationPool`], the nth output of a pass takes the memory of the nth output of the pass
//!   before.
use std::cell::RefCell;

use dfdx::optim::UnusedTensors;
use dfdx::prelude::{Cpu, CpuError, Gradients, ReshapeTo, Shape, Tensor, ZerosTensor};
use dfdx::tensor::UniqueId;

use crate::raw;

/// Settings for a forward pass: which gradient the operations of this crate need not compute, and
/// which memory they write their outputs to. Scopes may be nested; only the innermost one applies.
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
    /// Leaves out the gradient of `x`, and of `x` in another shape. A scope can name one tensor;
    /// the last call applies.
    pub fn without_gradient_of<S: Shape>(self, x: &Tensor<S, f32, Cpu>) -> Self {
        Self {
            unwanted: Some(id(x)),
            ..self
        }
    }

    /// Lets operations take the memory of their outputs from `pool`, so that they overwrite those
    /// of the last forward pass with the same pool.
    ///
    /// ```
    /// use digits::dfdx::prelude::*;
    /// use digits::ops::{ActivationPool, Scope, dropout};
    ///
    /// let x = Cpu::default().tensor([3.0]);
    /// let mut pool = ActivationPool::default();
    /// for _ in 0..2 {
    ///     let y = Scope::default().reusing(&mut pool).run(|| dropout(x.clone(), 0.0));
    ///     assert_eq!(y.array(), [3.0]); // in the same memory both times
    /// }
    /// ```
    pub fn reusing(self, pool: &'a mut ActivationPool) -> Self {
        Self {
            pool: Some(pool),
            ..self
        }
    }

    /// Calls `forward` on this thread, with these settings, and returns its result.
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

/// The settings of the innermost scope of this thread.
#[derive(Default)]
struct State {
    unwanted: Option<UniqueId>,
    pool: Option<ActivationPool>,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State { unwanted: None, pool: None }) };
}

/// The memory of a forward pass's outputs, in the order in which they are made: for one model, on
/// one device, with one batch size.
///
/// A tensor of dfdx shares its memory with its clones, and moves to a copy when it is written to.
/// So an output that still has clones is recognised, because writing would move it, and is left
/// alone.
///
/// The gradients of the outputs are reused too: the backward pass of each operation sets the
/// gradient of its output to zero after reading it, on all threads and while it is still in the
/// cache.
#[derive(Default)]
pub struct ActivationPool {
    /// `None` for an output that has clones elsewhere, or whose size has changed.
    outputs: Vec<Option<Output>>,
    /// The index of the next output of the pass.
    next: usize,
}

/// An output's memory, as a tensor of one axis.
struct Output {
    numbers: Tensor<(usize,), f32, Cpu>,
    /// Whether `keep_gradients` has allocated its gradient.
    has_gradient: bool,
}

impl ActivationPool {
    /// Makes `gradients` keep the gradients of the outputs from one backward pass to the next; new
    /// ones start at zero. Otherwise dfdx drops the gradients of intermediate results.
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

    /// The index of the next output, and the output to overwrite: a new one in the first pass,
    /// `None` if the old one cannot be overwritten.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if a new output cannot be allocated.
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

/// Makes the output of an operation, a tensor of shape `shape`, with memory from the scope's pool
/// if it has one. `write` gets the elements in row-major order, with arbitrary contents, and must
/// set them all.
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

/// Whether the innermost scope has a pool, so that outputs and their gradients are reused.
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
