//! Reads and writes the trainable parameters of any dfdx module.

use std::convert::Infallible;

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::*;

use super::read;

/// Names, values and gradients of a module's trainable parameters, in the module's order.
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

/// Unwraps what a walk that cannot fail and builds nothing returns.
fn walk<Built>(walked: Result<Option<Built>, Infallible>) {
    match walked {
        Ok(_) => (),
        Err(never) => match never {},
    }
}

/// One trainable parameter, its elements in row-major order.
pub struct Parameter {
    pub name: String,
    pub values: Vec<f32>,
    pub gradient: Vec<f32>,
}

/// Reads names, values and gradients of the trainable parameters.
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

/// Writes values into one trainable parameter, counted in the module's order.
struct Write<'a> {
    position: usize,
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

/// Writes `values` into the trainable parameter at `position`, counted in the module's order.
pub fn write<M: TensorCollection<f32, Cpu>>(model: &mut M, position: usize, values: &[f32]) {
    walk(M::iter_tensors(&mut RecursiveWalker {
        m: model,
        f: &mut Write { position, values },
    }));
}
