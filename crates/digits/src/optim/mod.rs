//! Gradients → better parameters: one update rule a file, simplest first.
//!
//! | here | Keras | PyTorch |
//! |---|---|---|
//! | [`GradientDescent`] | `SGD` | `torch.optim.SGD` |
//! | [`Adadelta`] | `Adadelta`, but for its learning rate | `torch.optim.Adadelta`, but for ρ and ε |
//! | [`Adam`] | `Adam` | `torch.optim.Adam`, but for where ε stands |
//! | [`Muon`] | `Muon(rms_rate=None)` | `torch.optim.Muon` |
//!
//! Each has a learning rate, which a [`Schedule`] may change from step to step.
//!
//! Each implements dfdx's [`Optimizer`](dfdx::optim::Optimizer) for every model, so dfdx's own
//! optimisers and these can be exchanged for one another:
//!
//! ```
//! use digits::{dfdx::{optim::Optimizer, prelude::*}, optim::GradientDescent};
//!
//! let dev = Cpu::default();
//! let mut x: Tensor<Rank1<2>, f32, Cpu> = dev.tensor([3.0, -1.0]);
//! let mut optimiser = GradientDescent::new(0.25);
//! let gradients = x.leaky_trace().square().sum().backward(); // 2x
//! optimiser.update(&mut x, &gradients)?;
//! assert_eq!(x.array(), [1.5, -0.5]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A parameter that has no gradient is left alone, and its id is reported as
//! [`OptimizerUpdateError::UnusedParams`] once the others have been updated, as
//! dfdx's optimisers do. (Gradients from `alloc_grads` hold zeros for
//! parameters that took no part, which is not an error.)

mod adadelta;
mod adam;
mod gradient_descent;
mod muon;
mod schedule;

pub use adadelta::{Adadelta, AdadeltaConfig};
pub use adam::{Adam, AdamConfig};
pub use gradient_descent::GradientDescent;
pub use muon::{Muon, MuonConfig, orthogonal};
pub use schedule::Schedule;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
};
use dfdx::optim::{OptimizerUpdateError, Sgd, SgdConfig, UnusedTensors};
use dfdx::prelude::*;

use crate::raw;
use kernels::simd::Isa;
use kernels::thread_pool;

/// An optimiser as [`fit`](crate::train::fit) uses it: [`step`](Self::step) is [`update`](Optimizer::update) for gradients that
/// nobody needs afterwards.
///
/// Every optimiser here is one, and each of dfdx's own; yours becomes one by an empty `impl`.
///
/// ```
/// use digits::{dfdx::prelude::*, optim::{Adam, FitOptimizer}};
///
/// let mut x: Tensor<Rank1<2>, f32, Cpu> = Cpu::default().tensor([3.0, -1.0]);
/// let mut gradients = x.trace(x.alloc_grads()).square().sum().backward();
/// Adam::default().step(&mut x, &mut gradients)?;
/// assert_eq!(gradients.get(&x).array(), [0.0, 0.0]); // ready to be added to
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait FitOptimizer<M: TensorCollection<f32, Cpu>>: Optimizer<M, Cpu, f32> {
    /// Updates every parameter of `model`, and leaves zeros in `gradients`, which hold one for each parameter.
    ///
    /// [`update`](Optimizer::update) may not change the gradients, so it works on a copy of them all.
    ///
    /// # Errors
    /// As `update`.
    fn step(
        &mut self,
        model: &mut M,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Result<(), OptimizerUpdateError<CpuError>> {
        self.update(model, gradients)?;
        model
            .try_zero_grads(gradients)
            .map_err(OptimizerUpdateError::DeviceError)
    }

    /// The learning rate, which a [`Schedule`] changes between steps; `None` if there is none to change.
    fn learning_rate(&mut self) -> Option<&mut f64> {
        None
    }
}

/// Makes one of dfdx's optimisers a [`FitOptimizer`].
macro_rules! of_dfdx {
    ($optimizer:ident) => {
        impl<M: TensorCollection<f32, Cpu>> FitOptimizer<M>
            for dfdx::optim::$optimizer<M, f32, Cpu>
        {
            fn learning_rate(&mut self) -> Option<&mut f64> {
                Some(&mut self.cfg.lr)
            }
        }
    };
}
of_dfdx!(Sgd);
of_dfdx!(Adam);
of_dfdx!(RMSprop);

/// What an optimiser does to one parameter.
trait Rule {
    /// Called once before each step of a model.
    fn begin(&mut self) {}

    /// Changes `parameter` by one step along `gradient`, which lies as the parameter's storage does, and leaves zeros there.
    fn step<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &mut [f32],
    ) -> Result<(), CpuError>;

    /// The learning rate.
    fn rate(&mut self) -> &mut f64;
}

/// Makes a [`Rule`] an optimiser of any model.
macro_rules! optimizer {
    ($rule:ident) => {
        impl<M: TensorCollection<f32, Cpu>> Optimizer<M, Cpu, f32> for $rule {
            fn update(
                &mut self,
                model: &mut M,
                gradients: &Gradients<f32, Cpu>,
            ) -> Result<(), OptimizerUpdateError<CpuError>> {
                // dfdx lends gradients only from a mutable collection.
                super::walk(self, model, &mut gradients.clone(), Some(gradients))
            }
        }

        impl<M: TensorCollection<f32, Cpu>> super::FitOptimizer<M> for $rule {
            fn step(
                &mut self,
                model: &mut M,
                gradients: &mut Gradients<f32, Cpu>,
            ) -> Result<(), OptimizerUpdateError<CpuError>> {
                super::walk(self, model, gradients, None)
            }

            fn learning_rate(&mut self) -> Option<&mut f64> {
                Some(super::Rule::rate(self))
            }
        }
    };
}
use optimizer;

/// Applies `rule` to every trainable parameter of `model`; to one that has no gradient in `given`, only if that is `None`.
fn walk<M: TensorCollection<f32, Cpu>>(
    rule: &mut impl Rule,
    model: &mut M,
    gradients: &mut Gradients<f32, Cpu>,
    given: Option<&Gradients<f32, Cpu>>,
) -> Result<(), OptimizerUpdateError<CpuError>> {
    rule.begin();
    let mut walk = Walk {
        rule,
        gradients,
        given,
        unused: UnusedTensors::default(),
    };
    M::iter_tensors(&mut RecursiveWalker {
        m: model,
        f: &mut walk,
    })
    .map_err(OptimizerUpdateError::DeviceError)?;
    walk.unused.into()
}

struct Walk<'a, R> {
    rule: &'a mut R,
    gradients: &'a mut Gradients<f32, Cpu>,
    given: Option<&'a Gradients<f32, Cpu>>,
    unused: UnusedTensors,
}

impl<R: Rule> TensorVisitor<f32, Cpu> for Walk<'_, R> {
    type Viewer = ViewTensorMut;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Cpu>,
        parameter: &mut Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        if !options.do_gradient_update {
            return Ok(None);
        }
        let gradient = self.gradients.get_or_alloc_mut(parameter)?; // zeros if there is none
        if let Some(given) = self.given
            && gradient.iter().all(|g| *g == 0.0)
            && !has_gradient(given, options, parameter)?
        {
            self.unused.add(parameter);
            return Ok(None);
        }
        self.rule.step(parameter, gradient)?;
        Ok(None)
    }
}

/// Whether `gradients` holds any for `parameter`, be it zeros. dfdx tells this to its own optimisers only,
/// so one of them is asked, with a learning rate of zero: where every gradient is zero or missing, that
/// changes nothing.
fn has_gradient<S: Shape>(
    gradients: &Gradients<f32, Cpu>,
    options: TensorOptions<S, f32, Cpu>,
    parameter: &mut Tensor<S, f32, Cpu>,
) -> Result<bool, CpuError> {
    let still = SgdConfig {
        lr: 0.0,
        momentum: None,
        weight_decay: None,
    };
    let mut sgd = Sgd::<(), f32, Cpu>::new(&(), still);
    let mut asked = (&mut sgd, gradients, UnusedTensors::default());
    asked.visit(options, parameter)?;
    Ok(asked.2.is_empty())
}

/// Lets `change` work on a parameter's storage and on `others`, which lie as it does: part by part, on several threads.
///
/// A parameter that is a view (a broadcast or permuted tensor), whose storage has another order, is changed in a copy.
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

/// `x`, or 0 where it is so small that its thousandth part would be *denormal*.
///
/// The running means of a pixel that is never inked fall towards zero for ever, and processors compute with numbers below
/// 1.2e-38 many times more slowly. Beside an ε of 1e-7, what is cut off here vanishes.
#[inline(always)]
fn not_denormal(x: f32) -> f32 {
    const LEAST: f32 = 1e-34;
    if x.abs() < LEAST { 0.0 } else { x }
}

/// Numbers that are worth handing to another thread.
const WORTH_IT: usize = 1 << 14;

/// Parts in which a large parameter is changed.
const PARTS: usize = 8;

fn in_parts<const N: usize>(
    stored: &mut [f32],
    others: [&mut [f32]; N],
    change: impl Fn(&mut [f32], [&mut [f32]; N]) + Sync,
) {
    let size = match stored.len() {
        0 => return,
        len if len < WORTH_IT => len,
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
