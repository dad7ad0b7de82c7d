//! A trained model and images → loss and accuracy, or a prediction for each image.
use std::fmt;

use dfdx::prelude::*;

use super::Classifier;
use super::memory::Reuse;
use crate::batch;
use crate::dataset::{CLASSES, Dataset};
use crate::loss::try_softmax_cross_entropy;
use crate::ops::{ActivationPool, Scope};
use crate::raw;

/// The number of images in a batch; results depend on it only through rounding.
const BATCH: usize = 200;

/// The loss and accuracy of a model on images that it does not learn from.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// The share of the images that are classified correctly: 0 to 1.
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

/// The prediction of a model for one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The class with the largest probability; the smallest such class if there are several.
    pub class: u8,
    /// The probability of each class; their sum is 1.
    pub probabilities: [f32; CLASSES],
}

impl Prediction {
    /// The probability of the predicted class.
    pub fn probability(&self) -> f32 {
        self.probabilities[usize::from(self.class)]
    }
}

/// The loss and accuracy of `model` on all images of `data`; both are NaN if there are none.
///
/// ```
/// use digits::{dataset::Mnist, dfdx::prelude::*, models::Linear10, train::evaluate};
/// let model = Cpu::seed_from_u64(1).build_module::<Linear10, f32>(); // not trained
/// let test = evaluate(&model, &Mnist::load()?.test.take(500));
/// assert!(test.loss > 1.0 && test.accuracy < 0.5);
/// # Ok::<(), digits::dataset::DatasetError>(())
/// ```
///
/// # Panics
/// If there is no memory for a batch, as dfdx's `forward` does.
pub fn evaluate<M: Classifier>(model: &M, data: &Dataset) -> Evaluation {
    try_evaluate(model, data)
        .unwrap_or_else(|error| panic!("evaluating {} images: {error}", data.len()))
}

/// The predictions of `model` for the images of `data`, in their order.
///
/// ```
/// use digits::{dataset::Mnist, dfdx::prelude::*, models::Linear10, train::predict};
/// let model = Cpu::seed_from_u64(1).build_module::<Linear10, f32>();
/// let predictions = predict(&model, &Mnist::load()?.test.take(5));
/// assert_eq!(predictions.len(), 5);
/// assert!((predictions[0].probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
/// # Ok::<(), digits::dataset::DatasetError>(())
/// ```
///
/// # Panics
/// If there is no memory for a batch, as dfdx's `forward` does.
pub fn predict<M: Classifier>(model: &M, data: &Dataset) -> Vec<Prediction> {
    try_predict(model, data)
        .unwrap_or_else(|error| panic!("predicting {} images: {error}", data.len()))
}

/// [`evaluate`], but returns an error if there is no memory for a batch.
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

/// [`predict`], but returns an error if there is no memory for a batch.
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

/// The number of rows of the logits, `(B, 10)`, whose largest element is that of the image's label.
pub(super) fn count_right(logits: &[f32], data: &Dataset, indices: &[usize]) -> usize {
    let rows = logits.as_chunks::<CLASSES>().0.iter();
    rows.zip(indices)
        .filter(|(row, i)| largest(row) == data.label(**i))
        .count()
}

/// The index of the largest value, the first of several that are equal.
fn largest(row: &[f32; CLASSES]) -> u8 {
    let mut largest = 0;
    for (i, value) in row.iter().enumerate() {
        if *value > row[largest] {
            largest = i;
        }
    }
    largest as u8
}

/// The sums behind loss and accuracy of the images so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Running {
    loss: f64,
    right: usize,
    images: usize,
}

impl Running {
    /// Adds a batch of `images` images with the mean loss `loss`, `right` of which are classified
    /// correctly.
    pub(super) fn add(&mut self, loss: f64, right: usize, images: usize) {
        self.loss += loss * images as f64;
        self.right += right;
        self.images += images;
    }

    /// The mean loss and the accuracy over all images so far; NaN if there are none.
    pub(super) fn mean(&self) -> Evaluation {
        Evaluation {
            loss: self.loss / self.images as f64,
            accuracy: self.right as f64 / self.images as f64,
        }
    }
}
