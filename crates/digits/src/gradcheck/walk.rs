//! Reads and writes the trainable parameters of a dfdx module, whatever its type.

use std::convert::Infallible;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::*;

use super::read;

/// The trainable parameters of `model`, in the module's order, with their `gradients`.
pub fn parameters<M: TensorCollection<f32, Cpu>>(
    model: &M,
    gradients: Gradients<f32, Cpu>,
) -> Vec<Parameter> {
    let mut found = Collect {
        gradients,
        parameters: Vec::new(),
    };
    walk(M::iter_tensors(&mut RecursiveWalker {
        m: (model, String::new()),
        f: &mut found,
    }));
    found.parameters
}

/// Unwraps the result of a visit that cannot fail; what it built, if anything, is dropped.
fn walk<Built>(walked: Result<Option<Built>, Infallible>) {
    match walked {
        Ok(_) => (),
        Err(never) => match never {},
    }
}

/// A trainable parameter.
pub struct Parameter {
    /// Its name in the module, such as `0.weight`.
    pub name: String,
    /// Its elements, in row-major order.
    pub values: Vec<f32>,
    /// The gradient of each element, in the same order.
    pub gradient: Vec<f32>,
}

/// The visitor of [`parameters`].
struct Collect {
    gradients: Gradients<f32, Cpu>,
    parameters: Vec<Parameter>,
}

impl TensorVisitor<f32, Cpu> for Collect {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = Infallible;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Cpu>,
        (tensor, name): (&Tensor<S, f32, Cpu>, String),
    ) -> Result<Option<Tensor<S, f32, Cpu>>, Infallible> {
        if options.do_gradient_update {
            self.parameters.push(Parameter {
                name,
                values: tensor.as_vec(),
                gradient: read(&mut self.gradients, tensor),
            });
        }
        Ok(None)
    }
}

/// The visitor of [`write()`].
struct Write<'a> {
    /// How many trainable parameters come before the one to be written.
    position: usize,
    /// Its new elements, in row-major order.
    values: &'a [f32],
}

impl TensorVisitor<f32, Cpu> for Write<'_> {
    type Viewer = ViewTensorMut;
    type Err = Infallible;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Cpu>,
        tensor: &mut Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, Infallible> {
        if options.do_gradient_update {
            if self.position == 0 {
                tensor.copy_from(self.values);
            }
            self.position = self.position.wrapping_sub(1);
        }
        Ok(None)
    }
}

/// Writes `values`, in row-major order, into the trainable parameter at index `position`, in the
/// module's order.
pub fn write<M: TensorCollection<f32, Cpu>>(model: &mut M, position: usize, values: &[f32]) {
    walk(M::iter_tensors(&mut RecursiveWalker {
        m: model,
        f: &mut Write { position, values },
    }));
}
