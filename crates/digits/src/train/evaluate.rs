use std::fmt;

use dfdx::prelude::*;

use super::Classifier;
use super::memory::Reuse;
use crate::batch;
use crate::dataset::{CLASSES, Dataset};
use crate::loss::try_softmax_cross_entropy;
use crate::ops::{ActivationPool, Scope};
use crate::raw;

/// Images that are looked at together when nothing is learned; the result does not depend on it.
const BATCH: usize = 200;

/// What a model does on images it does not learn from.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Share of the images that are right: 0 to 1.
    pub accuracy: f64,
}

/// `loss 0.0287  accuracy 99.07 %`.
impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "loss {:.4}  accuracy {:.2} %",
            self.loss,
            100.0 * self.accuracy
        )
    }
}

/// What a model makes of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The class of the largest probability; the smallest such class if there are several.
    pub class: u8,
    /// One for each class; together they are 1.
    pub probabilities: [f32; CLASSES],
}

impl Prediction {
    /// The probability of the predicted class.
    pub fn probability(&self) -> f32 {
        self.probabilities[usize::from(self.class)]
    }
}

/// Loss and accuracy of `model` on all of `data`; both are NaN if there is no image.
///
/// # Panics
/// If there is no memory for a batch, as dfdx's `forward` does.
pub fn evaluate<M: Classifier>(model: &M, data: &Dataset) -> Evaluation {
    try_evaluate(model, data)
        .unwrap_or_else(|error| panic!("evaluating {} images: {error}", data.len()))
}

/// What `model` makes of each image of `data`, in their order.
///
/// # Panics
/// If there is no memory for a batch, as dfdx's `forward` does.
pub fn predict<M: Classifier>(model: &M, data: &Dataset) -> Vec<Prediction> {
    try_predict(model, data)
        .unwrap_or_else(|error| panic!("predicting {} images: {error}", data.len()))
}

pub(super) fn try_evaluate<M: Classifier>(
    model: &M,
    data: &Dataset,
) -> Result<Evaluation, CpuError> {
    let dev = Cpu::default();
    let _memory = Reuse::on(&dev);
    let (mut running, mut pool) = (Running::default(), ActivationPool::default());
    let all: Vec<usize> = (0..data.len()).collect();
    for indices in all.chunks(BATCH) {
        let images = batch::images(&dev, data, indices);
        let scope = Scope::default().reusing(&mut pool);
        let logits = scope.run(|| model.try_forward(images))?;
        let right = count_right(&raw::elements(&logits), data, indices);
        let loss = try_softmax_cross_entropy(logits, batch::one_hot(&dev, data, indices))?;
        running.add(f64::from(loss.array()), right, indices.len());
    }
    Ok(running.mean())
}

fn try_predict<M: Classifier>(model: &M, data: &Dataset) -> Result<Vec<Prediction>, CpuError> {
    let dev = Cpu::default();
    let _memory = Reuse::on(&dev);
    let (mut predictions, mut pool) = (Vec::with_capacity(data.len()), ActivationPool::default());
    let all: Vec<usize> = (0..data.len()).collect();
    for indices in all.chunks(BATCH) {
        let images = batch::images(&dev, data, indices);
        let scope = Scope::default().reusing(&mut pool);
        let logits = scope.run(|| model.try_forward(images))?;
        let probabilities = logits.try_softmax::<Axis<1>>()?; // (B, 10)
        let rows = raw::elements(&probabilities);
        predictions.extend(rows.as_chunks::<CLASSES>().0.iter().map(|row| Prediction {
            class: largest(row),
            probabilities: *row,
        }));
    }
    Ok(predictions)
}

/// How many rows of `(B, 10)` logits are largest where the label is.
pub(super) fn count_right(logits: &[f32], data: &Dataset, indices: &[usize]) -> usize {
    let rows = logits.as_chunks::<CLASSES>().0.iter();
    rows.zip(indices)
        .filter(|(row, i)| largest(row) == data.label(**i))
        .count()
}

/// The position of the largest value, the first of several.
fn largest(row: &[f32; CLASSES]) -> u8 {
    let mut largest = 0;
    for (i, value) in row.iter().enumerate() {
        if *value > row[largest] {
            largest = i;
        }
    }
    largest as u8
}

/// Loss and accuracy so far, each image counting once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Running {
    loss: f64,
    right: usize,
    images: usize,
}

impl Running {
    /// Adds a batch of `images`: its mean loss, and how many were `right`.
    pub(super) fn add(&mut self, loss: f64, right: usize, images: usize) {
        self.loss += loss * images as f64;
        self.right += right;
        self.images += images;
    }

    /// The mean over all images; NaN of none.
    pub(super) fn mean(&self) -> Evaluation {
        Evaluation {
            loss: self.loss / self.images as f64,
            accuracy: self.right as f64 / self.images as f64,
        }
    }
}
