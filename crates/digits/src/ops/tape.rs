//! Gradients taken from dfdx's tape one at a time: it lends only one mutably, and an operation has several.
use dfdx::prelude::{Cpu, CpuError, Gradients, Shape, Tensor};

/// Adds to the gradient of `t`: `add` receives its elements, in row-major order. `t` must be contiguous.
pub fn add_gradient<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &Tensor<S, f32, Cpu>,
    add: impl FnOnce(&mut [f32]),
) -> Result<(), CpuError> {
    add(gradients.get_or_alloc_mut(t)?);
    Ok(())
}

/// Takes the gradient of `t` out, to be written together with others; [`put_gradient`] brings it back.
pub fn take_gradient<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &Tensor<S, f32, Cpu>,
) -> Result<Vec<f32>, CpuError> {
    Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(t)?))
}

/// Puts back what [`take_gradient`] took.
pub fn put_gradient<S: Shape>(
    gradients: &mut Gradients<f32, Cpu>,
    t: &Tensor<S, f32, Cpu>,
    gradient: Vec<f32>,
) -> Result<(), CpuError> {
    **gradients.get_or_alloc_mut(t)? = gradient;
    Ok(())
}
