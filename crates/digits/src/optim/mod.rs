//! Gradients → better parameters: one update rule in each file, the simplest first.
//!
//! | here | Keras | PyTorch |
//! |---|---|---|
//! | [`GradientDescent`] | `SGD` | `torch.optim.SGD` |
//! | [`Adadelta`] | `Adadelta`, but η is 0.001 | `torch.optim.Adadelta`, with other ρ and ε |
//! | [`Adam`] | `Adam` | `torch.optim.Adam`, with ε in another place |
//! | [`Muon`] | `Muon(rms_rate=None)` | `torch.optim.Muon` |
//!
//! All of them, and the optimisers of dfdx, implement one trait, [`Optimizer`], and so can be
//! exchanged for one another. Each has a learning rate, which a [`Schedule`] can change from step
//! to step.
//!
//! ```
//! use digits::dfdx::prelude::*;
//! use digits::optim::{GradientDescent, Optimizer};
//!
//! let dev = Cpu::default();
//! let mut x: Tensor<Rank1<2>, f32, Cpu> = dev.tensor([3.0, -1.0]);
//! let mut gradients = x.leaky_trace().square().sum().backward(); // 2x
//! GradientDescent::new(0.25).step(&mut x, &mut gradients)?;
//! assert_eq!(x.array(), [1.5, -0.5]); // x − 0.25 · 2x
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adadelta;
mod adam;
mod gradient_descent;
mod muon;
mod schedule;

pub use adadelta::{Adadelta, AdadeltaConfig};
pub use adam::{Adam, AdamConfig};
pub use gradient_descent::GradientDescent;
pub use muon::{Muon, MuonConfig, orthogonalize};
pub use schedule::Schedule;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
};
use dfdx::optim::OptimizerUpdateError;
use dfdx::prelude::*;

use crate::raw;
use kernels::simd::Isa;
use kernels::thread_pool;

/// An optimiser of models of type `M`: what [`fit`](crate::train::fit) needs of it.
///
/// dfdx has a trait of the same name, whose `update` must not change the gradients. An optimiser
/// that works in place would have to copy all of them in every step, and the learning rate cannot
/// be reached through that trait. So this one takes its place, for the optimisers of dfdx too.
///
/// An optimiser of your own implements [`step`](Self::step), and
/// [`learning_rate`](Self::learning_rate) if it is to follow a [`Schedule`]:
///
/// ```
/// use digits::dfdx::{optim::OptimizerUpdateError, prelude::*};
/// use digits::optim::{GradientDescent, Optimizer};
///
/// /// Lets another optimiser take the steps, and counts them.
/// struct Counter<O> {
///     inner: O,
///     steps: usize,
/// }
///
/// impl<M: TensorCollection<f32, Cpu>, O: Optimizer<M>> Optimizer<M> for Counter<O> {
///     fn step(
///         &mut self,
///         model: &mut M,
///         gradients: &mut Gradients<f32, Cpu>,
///     ) -> Result<(), OptimizerUpdateError<CpuError>> {
///         self.steps += 1;
///         self.inner.step(model, gradients)
///     }
/// }
///
/// let mut counter = Counter { inner: GradientDescent::new(0.5), steps: 0 };
/// let mut x: Tensor<Rank1<1>, f32, Cpu> = Cpu::default().tensor([3.0]);
/// let mut gradients = x.leaky_trace().square().sum().backward();
/// counter.step(&mut x, &mut gradients)?;
/// assert_eq!((x.array(), counter.steps), ([0.0], 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Optimizer<M: TensorCollection<f32, Cpu>> {
    /// Takes one step: changes every trainable parameter of `model` by its gradient, and then sets
    /// the gradients to zero, so that the next batch can be added to them (PyTorch's `step` and
    /// `zero_grad`).
    ///
    /// The optimisers of this module read a gradient that is missing from `gradients` as zeros.
    /// Those of dfdx leave its parameter alone and report it.
    ///
    /// ```
    /// use digits::{dfdx::prelude::*, optim::{Adam, Optimizer}};
    ///
    /// let mut x: Tensor<Rank1<2>, f32, Cpu> = Cpu::default().tensor([3.0, -1.0]);
    /// let mut gradients = x.trace(x.alloc_grads()).square().sum().backward();
    /// Adam::default().step(&mut x, &mut gradients)?;
    /// assert_eq!(gradients.get(&x).array(), [0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OptimizerUpdateError::DeviceError`] if memory runs out, and, from the optimisers of dfdx,
    /// [`OptimizerUpdateError::UnusedParams`] if a parameter has no gradient.
    fn step(
        &mut self,
        model: &mut M,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Result<(), OptimizerUpdateError<CpuError>>;

    /// The learning rate, for a [`Schedule`] to change between steps; `None`, the default, if the
    /// optimiser has none.
    fn learning_rate(&mut self) -> Option<&mut f64> {
        None
    }
}

/// Implements [`Optimizer`] for an optimiser of dfdx.
macro_rules! dfdx_optimizer {
    ($optimizer:ident) => {
        impl<M: TensorCollection<f32, Cpu>> Optimizer<M> for dfdx::optim::$optimizer<M, f32, Cpu> {
            fn step(
                &mut self,
                model: &mut M,
                gradients: &mut Gradients<f32, Cpu>,
            ) -> Result<(), OptimizerUpdateError<CpuError>> {
                dfdx::optim::Optimizer::update(self, model, gradients)?;
                model
                    .try_zero_grads(gradients)
                    .map_err(OptimizerUpdateError::DeviceError)
            }

            fn learning_rate(&mut self) -> Option<&mut f64> {
                Some(&mut self.cfg.lr)
            }
        }
    };
}
dfdx_optimizer!(Sgd);
dfdx_optimizer!(Adam);
dfdx_optimizer!(RMSprop);

/// How an optimiser changes a single parameter, whatever its shape.
trait UpdateRule {
    /// Called once at the beginning of each step, before [`update`](Self::update) for each
    /// parameter.
    fn begin_step(&mut self) {}

    /// Changes `parameter` by one step, and sets `gradient` to zero. The elements of `gradient` are
    /// in the order of the parameter's storage.
    ///
    /// # Errors
    /// [`CpuError::OutOfMemory`] if there is no memory for running means.
    fn update<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &mut [f32],
    ) -> Result<(), CpuError>;

    /// The learning rate in the rule's settings.
    fn learning_rate(&mut self) -> &mut f64;
}

/// Implements [`Optimizer`], for models of any type, for a type that has an [`UpdateRule`].
macro_rules! optimizer {
    ($rule:ty) => {
        impl<M> $crate::optim::Optimizer<M> for $rule
        where
            M: ::dfdx::nn::tensor_collection::TensorCollection<f32, ::dfdx::tensor::Cpu>,
        {
            fn step(
                &mut self,
                model: &mut M,
                gradients: &mut ::dfdx::tensor::Gradients<f32, ::dfdx::tensor::Cpu>,
            ) -> ::std::result::Result<
                (),
                ::dfdx::optim::OptimizerUpdateError<::dfdx::tensor::CpuError>,
            > {
                $crate::optim::update_all(self, model, gradients)
            }

            fn learning_rate(&mut self) -> ::std::option::Option<&mut f64> {
                ::std::option::Option::Some($crate::optim::UpdateRule::learning_rate(self))
            }
        }
    };
}
use optimizer;

/// Applies `rule` to every trainable parameter of `model`, in the model's order.
///
/// # Errors
/// [`OptimizerUpdateError::DeviceError`] if memory runs out.
fn update_all<M: TensorCollection<f32, Cpu>>(
    rule: &mut impl UpdateRule,
    model: &mut M,
    gradients: &mut Gradients<f32, Cpu>,
) -> Result<(), OptimizerUpdateError<CpuError>> {
    rule.begin_step();
    M::iter_tensors(&mut RecursiveWalker {
        m: model,
        f: &mut UpdateVisitor { rule, gradients },
    })
    .map_err(OptimizerUpdateError::DeviceError)?;
    Ok(())
}

/// Visits the tensors of a model and applies `rule` to those that are trained.
struct UpdateVisitor<'a, R> {
    rule: &'a mut R,
    gradients: &'a mut Gradients<f32, Cpu>,
}

impl<R: UpdateRule> TensorVisitor<f32, Cpu> for UpdateVisitor<'_, R> {
    type Viewer = ViewTensorMut;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Cpu>,
        parameter: &mut Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        if options.do_gradient_update {
            let gradient = self.gradients.get_or_alloc_mut(parameter)?; // zeros if there is none
            self.rule.update(parameter, gradient)?;
        }
        Ok(None)
    }
}

/// Calls `change` with the elements of `parameter` and those of `others`, which are as long and in
/// the same order. Large parameters are divided into parts, each of which is changed by one thread.
///
/// A parameter that is a view (a broadcast or permuted tensor) has its elements in another order;
/// they are copied, changed and copied back.
fn in_place<S: Shape, const N: usize>(
    parameter: &mut Tensor<S, f32, Cpu>,
    others: [&mut [f32]; N],
    change: impl Fn(&mut [f32], [&mut [f32]; N]) + Sync,
) {
    if let Some(stored) = raw::elements_mut(parameter) {
        return in_parts(stored, others, change);
    }
    let len = others.first().map_or(0, |other| other.len());
    let mut stored = vec![0.0; len];
    parameter.copy_into(&mut stored);
    in_parts(&mut stored, others, change);
    parameter.copy_from(&stored);
}

/// `x`, or 0 if the magnitude of `x` is below 1e-34.
///
/// The running means of a pixel that is always blank shrink in every step. Below 1.2e-38 they would
/// be *denormal* numbers, with which many processors compute far more slowly; the limit is higher
/// because the rules also multiply means by factors as small as 0.001. Next to an ε of 1e-7 the
/// difference disappears in rounding.
#[inline(always)]
fn not_denormal(x: f32) -> f32 {
    const LEAST: f32 = 1e-34;
    if x.abs() < LEAST { 0.0 } else { x }
}

/// Parameters with fewer elements are changed by one thread: waking others would take longer.
const MIN_PARALLEL_LEN: usize = 1 << 14;

/// Number of parts into which a large parameter is divided, whatever the number of threads.
const PARTS: usize = 8;

/// Calls `change` with corresponding parts of `stored` and `others`, on several threads if there is
/// more than one part.
fn in_parts<const N: usize>(
    stored: &mut [f32],
    others: [&mut [f32]; N],
    change: impl Fn(&mut [f32], [&mut [f32]; N]) + Sync,
) {
    let size = match stored.len() {
        0 => return,
        len if len < MIN_PARALLEL_LEN => len,
        len => len.div_ceil(PARTS).next_multiple_of(16),
    };
    let mut others = others.map(|other| other.chunks_mut(size));
    let parts = stored.chunks_mut(size).map(|part| {
        let others = others.each_mut();
        (part, others.map(|other| other.next().unwrap_or_default()))
    });
    thread_pool::for_each(parts, |_, (part, others)| {
        Isa::best().vectorize(
            #[inline(always)]
            || change(part, others),
        );
    });
}

#[cfg(test)]
mod tests;
