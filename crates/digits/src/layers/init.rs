//! How parameters are initialised.
use dfdx::prelude::{Device, Dtype, HasErr, Shape, Tensor};
use rand::distributions::Uniform;
use rand::distributions::uniform::SampleUniform;

/// Fills `t` with random numbers, uniform from −`limit` to `limit`.
///
/// # Errors
/// The device's.
pub fn uniform<S: Shape, E: Dtype + SampleUniform, D: Device<E>>(
    t: &mut Tensor<S, E, D>,
    limit: f64,
) -> Result<(), <D as HasErr>::Err> {
    let bound = |x: f64| E::from_f64(x).expect("a float");
    t.try_fill_with_distr(Uniform::new(bound(-limit), bound(limit)))
}

/// √(6 / (`fan_in` + `fan_out`)): the limit of Keras's default initialiser, `glorot_uniform`
/// (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
/// 2010, equation 16).
pub fn glorot_limit(fan_in: usize, fan_out: usize) -> f64 {
    (6.0 / (fan_in + fan_out) as f64).sqrt()
}

/// 1/√`fan_in`: the limit of dfdx's and PyTorch's default initialiser, for weights and bias alike.
pub fn fan_in_limit(fan_in: usize) -> f64 {
    1.0 / (fan_in as f64).sqrt()
}
