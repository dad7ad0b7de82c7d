//! Gradients → better parameters: one update rule a file, simplest first.
//!
//! | here | Keras | PyTorch |
//! |---|---|---|
//! | [`GradientDescent`] | `SGD` | `torch.optim.SGD` |
//! | [`Adadelta`] | `Adadelta`, but for its learning rate | `torch.optim.Adadelta`, but for ρ and ε |
//! | [`Adam`] | `Adam` | `torch.optim.Adam`, but for where ε stands |
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

pub use adadelta::{Adadelta, AdadeltaConfig};
pub use adam::{Adam, AdamConfig};
pub use gradient_descent::GradientDescent;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
};
use dfdx::optim::{OptimizerUpdateError, Sgd, SgdConfig, UnusedTensors};
use dfdx::prelude::*;

use crate::raw;

/// What an optimiser does to one parameter.
trait Rule {
    /// Changes `parameter` by one step along `gradient`, which lies as the parameter's storage does.
    fn step<S: Shape>(
        &mut self,
        parameter: &mut Tensor<S, f32, Cpu>,
        gradient: &[f32],
    ) -> Result<(), CpuError>;
}

/// Applies `rule` to every trainable parameter of `model` that has a gradient.
fn update<M: TensorCollection<f32, Cpu>>(
    rule: &mut impl Rule,
    model: &mut M,
    gradients: &Gradients<f32, Cpu>,
) -> Result<(), OptimizerUpdateError<CpuError>> {
    let mut walk = Walk {
        rule,
        gradients,
        readable: gradients.clone(), // dfdx lends gradients only from a mutable collection
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
    gradients: &'a Gradients<f32, Cpu>,
    readable: Gradients<f32, Cpu>,
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
        let gradient = self.readable.get_or_alloc_mut(parameter)?; // zeros if there is none
        if gradient.iter().all(|g| *g == 0.0) && !has_gradient(self.gradients, options, parameter)?
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

/// Lets `change` work on a parameter's storage of `len` numbers: in place, or on a copy if the parameter is a
/// view (a broadcast or permuted tensor), whose storage has another order.
fn in_place<S: Shape>(
    parameter: &mut Tensor<S, f32, Cpu>,
    len: usize,
    change: impl FnOnce(&mut [f32]),
) {
    match raw::elements_mut(parameter) {
        Some(elements) => change(elements),
        None => {
            let mut stored = vec![0.0; len];
            parameter.copy_into(&mut stored);
            change(&mut stored);
            parameter.copy_from(&stored);
        }
    }
}

#[cfg(test)]
mod tests;
