//! Dense layers on plain arrays, with gradients written by hand: no tape, no dfdx.
//!
//! Images `(B, 784)` → logits `(B, 10)`, through layers `z = x wᵀ + b` with a ReLU between any two
//! of them; the loss is the softmax cross-entropy, averaged over the batch.
//! `Mlp::new(&[784, 100, 10], …)` is the network of source S3 §3, 79,510 parameters; `&[784, 10]`
//! the linear classifier.
//!
//! The book's chapter on back-propagation derives every line below, and asserts that one step of
//! its own loops and one step of these matrix products end at the same parameters.
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

/// How the weights are initialised: drawn uniformly from −ℓ to ℓ. The biases start at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// ℓ = 0: all zeros. With a hidden layer, such a network learns only its last bias.
    Zero,
    /// ℓ = 1.
    Plain,
    /// ℓ = √(6 / (inputs + outputs)): Glorot and Bengio, "Understanding the difficulty of training
    /// deep feedforward neural networks", 2010; also called Xavier initialisation.
    Glorot,
    /// ℓ = √(6 / inputs): He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    He,
}

impl Start {
    /// ℓ for a layer with `inputs` inputs and `outputs` outputs.
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
    /// The weights, `(O, I)`, row-major.
    pub weight: Vec<f32>,
    /// The biases, `(O)`.
    pub bias: Vec<f32>,
}

impl Layer {
    /// The number of inputs, `I`.
    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// `x wᵀ + b`: `(B, I)` → `(B, O)`.
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut z = vec![0.0; x.len() / self.inputs() * self.bias.len()];
        linear::forward(x, &self.weight, &self.bias, &mut z);
        z
    }
}

/// Dense layers one after the other, with a ReLU between any two.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The layers, from the one that reads the images to the one that gives the logits; each has as
    /// many inputs as the one before has outputs, and every layer has a bias.
    pub layers: Vec<Layer>,
}

impl Mlp {
    /// A network whose layers connect these numbers of units: first the pixels of an image, last
    /// the classes. The weights depend on `start` and `seed` alone.
    ///
    /// ```
    /// use digits::models::by_hand::{Mlp, Start};
    /// let network = Mlp::new(&[784, 100, 10], Start::Glorot, 1);
    /// let parameters = network.layers.iter().map(|layer| layer.weight.len() + layer.bias.len());
    /// assert_eq!(parameters.sum::<usize>(), 79_510);
    /// ```
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

    /// The logits of images, `(B, 784)` → `(B, 10)` (or the sizes that were given to
    /// [`new`](Self::new)).
    ///
    /// ```
    /// use digits::models::by_hand::{Mlp, Start};
    /// let mut network = Mlp::new(&[1, 2], Start::Zero, 1);
    /// network.layers[0].weight = vec![1.0, -1.0]; // (O, I)
    /// assert_eq!(network.logits(&[2.0]), [2.0, -2.0]); // one image of one pixel
    /// assert_eq!(network.classes(&[2.0, -3.0]), [0, 1]); // two images
    /// ```
    pub fn logits(&self, x: &[f32]) -> Vec<f32> {
        self.activations(x).pop().unwrap_or_else(|| x.to_vec())
    }

    /// The class with the largest logit for each image, the first of several that are equal.
    /// Comparisons with NaN are false: class 0 is chosen if its logit is NaN, and no other class is
    /// chosen for a NaN.
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

    /// One step of gradient descent with the learning rate `rate`, on images `x`, `(B, 784)`, and
    /// their `labels`, `(B)`. Returns the mean loss *before* the step, in nats.
    ///
    /// # Panics
    /// If there are no labels, or one of them is not a class. That there is one label for each
    /// image is the caller's responsibility.
    pub fn step(&mut self, x: &[f32], labels: &[u8], rate: f32) -> f32 {
        let (loss, gradients) = self.gradients(x, labels);
        for (layer, gradient) in self.layers.iter_mut().zip(gradients) {
            descend(&mut layer.weight, &gradient.weight, rate);
            descend(&mut layer.bias, &gradient.bias, rate);
        }
        loss
    }

    /// The mean loss of a batch, in nats, and its gradient with respect to every layer's
    /// parameters, in the form of the layers.
    ///
    /// ```
    /// use digits::models::by_hand::{Mlp, Start};
    /// let network = Mlp::new(&[1, 2], Start::Zero, 1); // both classes are equally likely
    /// let (loss, gradients) = network.gradients(&[3.0], &[0]);
    /// assert!((loss - 2f32.ln()).abs() < 1e-6);
    /// assert_eq!(gradients[0].bias, [0.5 - 1.0, 0.5]); // p − [k = y]
    /// assert_eq!(gradients[0].weight, [-0.5 * 3.0, 0.5 * 3.0]);
    /// ```
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

    /// The outputs of each layer: its sums after a ReLU, and for the last layer the sums
    /// themselves.
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

/// Returns the mean softmax cross-entropy of the logits `z`, `(B, 10)`, and overwrites them with
/// their gradient (p − [k = y]) / B.
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

/// One step of gradient descent: subtracts `rate` times the gradient from the parameters.
fn descend(parameters: &mut [f32], gradient: &[f32], rate: f32) {
    for (parameter, slope) in parameters.iter_mut().zip(gradient) {
        *parameter -= rate * slope;
    }
}

#[cfg(test)]
mod tests;
