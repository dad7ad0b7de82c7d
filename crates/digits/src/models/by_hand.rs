//! Dense layers on plain arrays, their gradients written by hand: no tape, no dfdx.
//!
//! Images `(B, 784)` → logits `(B, 10)`, through layers `z = x wᵀ + b` with a ReLU between any two of them; the loss is
//! softmax cross-entropy, its mean over the batch. `Mlp::new(&[784, 100, 10], …)` is the network of source S3 §3,
//! 79,510 parameters; `&[784, 10]` the linear classifier.
//!
//! The book's chapter on back-propagation derives every line below, and asserts that one step of its own loops and
//! one step of these matrix products end at the same parameters.
//!
//! ```
//! use digits::models::by_hand::{Mlp, Start};
//!
//! let mut network = Mlp::new(&[4, 3, 2], Start::He, 1);
//! let (x, labels) = ([0.0, 1.0, 0.5, 0.2, 1.0, 0.0, 0.1, 0.9], [0, 1]); // (B, 4), (B)
//! let before = network.step(&x, &labels, 0.1);
//! let after = network.step(&x, &labels, 0.1);
//! assert!(after < before);
//! ```
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::ops::linear;

/// How the weights begin: uniformly between −ℓ and ℓ, the biases at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// ℓ = 0: all zeros. With a hidden layer, such a network learns nothing but its last bias.
    Zero,
    /// ℓ = 1.
    Plain,
    /// ℓ = √(6 / (inputs + outputs)): Glorot and Bengio, "Understanding the difficulty of training deep feedforward
    /// neural networks", 2010; also called Xavier's.
    Glorot,
    /// ℓ = √(6 / inputs): He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    He,
}

impl Start {
    fn limit(self, inputs: usize, outputs: usize) -> f32 {
        match self {
            Self::Zero => 0.0,
            Self::Plain => 1.0,
            Self::Glorot => (6.0 / (inputs + outputs) as f32).sqrt(),
            Self::He => (6.0 / inputs as f32).sqrt(),
        }
    }
}

/// One dense layer: inputs `(B, I)` → outputs `(B, O)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// `(O, I)`, row-major.
    pub weight: Vec<f32>,
    /// `(O)`
    pub bias: Vec<f32>,
}

impl Layer {
    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut z = vec![0.0; x.len() / self.inputs() * self.bias.len()];
        linear::forward(x, &self.weight, &self.bias, &mut z);
        z
    }
}

/// Dense layers one after the other, with a ReLU between any two.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// From the one that sees the image to the one that gives the logits; each has as many inputs as the one before
    /// has outputs, and every layer has a bias.
    pub layers: Vec<Layer>,
}

impl Mlp {
    /// Layers between sides of these sizes, images first, logits last.
    pub fn new(sizes: &[usize], start: Start, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let layer = |pair: &[usize]| {
            let limit = start.limit(pair[0], pair[1]);
            Layer {
                weight: (0..pair[0] * pair[1])
                    .map(|_| limit * rng.gen_range(-1.0..1.0f32))
                    .collect(),
                bias: vec![0.0; pair[1]],
            }
        };
        Self {
            layers: sizes.windows(2).map(layer).collect(),
        }
    }

    /// Logits `(B, 10)` of images `(B, 784)`.
    pub fn logits(&self, x: &[f32]) -> Vec<f32> {
        self.activations(x).pop().unwrap_or_else(|| x.to_vec())
    }

    /// The class with the largest logit, for each image; the first where logits tie or are not numbers.
    pub fn classes(&self, x: &[f32]) -> Vec<u8> {
        let classes = self.layers.last().map_or(1, |layer| layer.bias.len());
        let best =
            |z: &[f32]| (1..classes).fold(0, |best, k| if z[k] > z[best] { k } else { best });
        let logits = self.logits(x);
        logits
            .chunks_exact(classes)
            .map(|z| best(z) as u8)
            .collect()
    }

    /// One step of gradient descent on a batch; returns the mean loss *before* the step, in nats.
    ///
    /// # Panics
    /// If a label is not a class, or there are not as many labels as images.
    pub fn step(&mut self, x: &[f32], labels: &[u8], rate: f32) -> f32 {
        let (loss, gradients) = self.gradients(x, labels);
        for (layer, gradient) in self.layers.iter_mut().zip(gradients) {
            descend(&mut layer.weight, &gradient.weight, rate);
            descend(&mut layer.bias, &gradient.bias, rate);
        }
        loss
    }

    /// The mean loss of a batch, in nats, and its gradient with respect to every layer's parameters.
    ///
    /// # Panics
    /// As for [`step`](Self::step).
    pub fn gradients(&self, x: &[f32], labels: &[u8]) -> (f32, Vec<Layer>) {
        let mut activations = self.activations(x);
        let mut dz = activations.pop().unwrap_or_default();
        let loss = into_logit_slopes(&mut dz, labels);
        let mut gradients = Vec::new();
        for (depth, layer) in self.layers.iter().enumerate().rev() {
            let input = if depth == 0 {
                x
            } else {
                &activations[depth - 1]
            };
            let mut gradient = Layer {
                weight: vec![0.0; layer.weight.len()],
                bias: vec![0.0; layer.bias.len()],
            };
            linear::backward_weight(layer.inputs(), input, &dz, &mut gradient.weight);
            linear::backward_bias(&dz, &mut gradient.bias);
            gradients.insert(0, gradient);
            if depth > 0 {
                let mut da = vec![0.0; input.len()];
                linear::backward_input(layer.inputs(), &layer.weight, &dz, &mut da);
                for (da, &a) in da.iter_mut().zip(input) {
                    *da = if a > 0.0 { *da } else { 0.0 };
                }
                dz = da;
            }
        }
        (loss, gradients)
    }

    /// What each layer hands on: ReLU of its sums, of the last one the sums themselves.
    fn activations(&self, x: &[f32]) -> Vec<Vec<f32>> {
        let mut all: Vec<Vec<f32>> = Vec::with_capacity(self.layers.len());
        for (depth, layer) in self.layers.iter().enumerate() {
            let mut z = layer.forward(all.last().map_or(x, |a| a));
            if depth + 1 < self.layers.len() {
                z.iter_mut().for_each(|z| *z = z.max(0.0));
            }
            all.push(z);
        }
        all
    }
}

/// Mean softmax cross-entropy of the logits `z`, which become ∂L/∂z = (p − [k = y]) / B.
fn into_logit_slopes(z: &mut [f32], labels: &[u8]) -> f32 {
    let classes = z.len() / labels.len();
    let mut loss = 0.0;
    for (z, &label) in z.chunks_exact_mut(classes).zip(labels) {
        let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = z.iter().map(|z| (z - largest).exp()).sum();
        loss += sum.ln() + largest - z[usize::from(label)];
        z.iter_mut()
            .for_each(|z| *z = (*z - largest).exp() / sum / labels.len() as f32);
        z[usize::from(label)] -= 1.0 / labels.len() as f32;
    }
    loss / labels.len() as f32
}

fn descend(parameters: &mut [f32], gradient: &[f32], rate: f32) {
    for (parameter, slope) in parameters.iter_mut().zip(gradient) {
        *parameter -= rate * slope;
    }
}

#[cfg(test)]
mod tests;
