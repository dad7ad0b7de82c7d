//! A model, an optimiser and images → a trained model and its [`History`].
//!
//! [`fit`], [`evaluate`] and [`predict`] do what Keras's methods of these names do: the images come
//! in batches, in a new, seeded order each epoch, and the last batch is smaller if the batch size
//! does not divide their number; loss and accuracy are averages over the epoch's images, each
//! measured just before the step that it takes part in; the validation set is measured with the
//! parameters at the end of the epoch.
//!
//! ```
//! use digits::dfdx::prelude::*;
//! use digits::{dataset::Mnist, models::Linear10, optim::Adam};
//! use digits::train::{FitConfig, evaluate, fit};
//!
//! let dev = Cpu::seed_from_u64(1);
//! let mnist = Mnist::load()?;
//! let mut model = dev.build_module::<Linear10, f32>();
//! let config = FitConfig::default().epochs(2);
//! let history = fit(&mut model, &mut Adam::default(), &mnist.train.take(3_000), &config)?;
//! assert_eq!(history.epochs.len(), 2);
//! assert!(evaluate(&model, &mnist.test).accuracy > 0.7);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In [quick mode](crate::run_mode) `fit` uses only the first 2,000 training images and the first
//! 1,000 validation images, for at most 2 epochs, and says so; `evaluate` and `predict` use all
//! images in either mode.

mod config;
mod error;
mod evaluate;
mod lr_scheduler;
mod memory;
mod progress;
#[cfg(test)]
mod tests;

pub use config::FitConfig;
pub use error::TrainError;
pub use evaluate::{Evaluation, Prediction, evaluate, predict};
pub use progress::Progress;
pub use records::{Epoch, History};

use std::collections::BTreeMap;
use std::time::Instant;

use dfdx::prelude::*;

use crate::batch::{self, Images, OneHot};
use crate::dataset::{CLASSES, Dataset, SIDE};
use crate::loss::try_softmax_cross_entropy;
use crate::ops::{ActivationPool, Scope};
use crate::optim::Optimizer;
use crate::raw;
use crate::run_mode::run_mode;
use lr_scheduler::LrScheduler;
use progress::Reporter;

/// A batch of images on a tape, `(B, 1, 28, 28)`.
type TapedImages =
    Tensor<(usize, Const<1>, Const<SIDE>, Const<SIDE>), f32, Cpu, OwnedTape<f32, Cpu>>;
/// A batch of logits on a tape, `(B, 10)`.
type TapedLogits = Tensor<(usize, Const<CLASSES>), f32, Cpu, OwnedTape<f32, Cpu>>;

/// A model that takes images `(B, 1, 28, 28)` to logits `(B, 10)`, with a tape and without:
/// every dfdx module of these shapes is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not classify digits",
    label = "expected a model from images `(B, 1, 28, 28)` to logits `(B, 10)`"
)]
pub trait Classifier:
    TensorCollection<f32, Cpu>
    + Module<Images, Output = OneHot, Error = CpuError>
    + ModuleMut<TapedImages, Output = TapedLogits, Error = CpuError>
{
}

impl<M> Classifier for M where
    M: TensorCollection<f32, Cpu>
        + Module<Images, Output = OneHot, Error = CpuError>
        + ModuleMut<TapedImages, Output = TapedLogits, Error = CpuError>
{
}

/// Trains `model` with `optimizer` on `data`, as `config` says, and returns the loss and accuracy
/// of each epoch. The parameters change in place.
///
/// Unless [`Progress::Silent`] is set, a line on standard output reports each epoch when it is
/// over; in a terminal, a bar shows how far it has come.
///
/// # Errors
/// Before training:
/// - [`TrainError::NoImages`] or [`TrainError::NoValidationImages`] if a data set is empty;
/// - [`TrainError::BatchSizeZero`] if `batch_size` or `micro_batch` is 0;
/// - [`TrainError::NoLearningRate`] if there is a schedule and the optimiser has no learning rate.
///
/// During training, after which the model keeps the parameters that it has reached:
/// - [`TrainError::NotFinite`], with the epoch and the batch, if a loss is infinite or NaN;
/// - [`TrainError::Optimizer`] if the optimiser's step fails;
/// - [`TrainError::Device`] if there is no memory for a tensor.
pub fn fit<M: Classifier>(
    model: &mut M,
    optimizer: &mut impl Optimizer<M>,
    data: &Dataset,
    config: &FitConfig,
) -> Result<History, TrainError> {
    let (seen, images) = config.at(run_mode(), data);
    check(&seen, &images)?;
    let mut reporter = Reporter::new(&seen, images.len(), (config.epochs, data.len()));
    let dev = Cpu::seed_from_u64(seen.seed);
    let memory = memory::Reuse::on(&dev);
    let scheduler = LrScheduler::new::<M>(&seen, images.len(), optimizer)?;
    let mut history = History::default();
    for epoch in 0..seen.epochs {
        memory.give_back();
        let start = Instant::now();
        let batches = Batches {
            dev: &dev,
            data: &images,
            order: batch::shuffled(images.len(), seen.seed, epoch as u64),
            size: seen.batch_size,
            micro: seen.micro_batch,
            smoothing: seen.label_smoothing,
            epoch: epoch + 1,
        };
        let training = train_epoch(model, optimizer, &batches, &scheduler, &mut reporter)?;
        let validation = match &seen.validation {
            Some(images) => Some(evaluate::try_evaluate(model, images)?),
            None => None,
        };
        history.epochs.push(Epoch {
            loss: training.loss,
            accuracy: training.accuracy,
            val_loss: validation.map(|v| v.loss),
            val_accuracy: validation.map(|v| v.accuracy),
            seconds: start.elapsed().as_secs_f64(),
        });
        reporter.epoch_is_over(&history);
    }
    scheduler.restore::<M>(optimizer);
    Ok(history)
}

/// Checks the configuration and the images before anything is trained.
fn check(config: &FitConfig, images: &Dataset) -> Result<(), TrainError> {
    if images.is_empty() {
        return Err(TrainError::NoImages);
    }
    if config.batch_size == 0 || config.micro_batch == 0 {
        return Err(TrainError::BatchSizeZero);
    }
    if config.validation.as_ref().is_some_and(Dataset::is_empty) {
        return Err(TrainError::NoValidationImages);
    }
    Ok(())
}

/// The batches of one epoch.
struct Batches<'a> {
    dev: &'a Cpu,
    data: &'a Dataset,
    /// The indices of the images in the order of the epoch.
    order: Vec<usize>,
    /// The number of images in a batch.
    size: usize,
    /// The number of images in a part of a batch.
    micro: usize,
    /// The share of each target that is spread evenly over all classes.
    smoothing: f64,
    /// The number of the epoch, from 1.
    epoch: usize,
}

/// One pass over the images: for each batch forward pass, loss, backward pass and step. Returns the
/// mean loss and the accuracy.
fn train_epoch<M: Classifier>(
    model: &mut M,
    optimizer: &mut impl Optimizer<M>,
    batches: &Batches<'_>,
    scheduler: &LrScheduler,
    reporter: &mut Reporter,
) -> Result<Evaluation, TrainError> {
    let mut running = evaluate::Running::default();
    let mut gradients = model.try_alloc_grads()?;
    let mut pools = BTreeMap::<_, ActivationPool>::new(); // by the number of images in a part
    for (number, indices) in batches.order.chunks(batches.size).enumerate() {
        for part in indices.chunks(batches.micro) {
            let share = part.len() as f32 / indices.len() as f32;
            let (loss, right);
            let pool = pools.entry(part.len()).or_default();
            (gradients, loss, right) = learn(model, gradients, pool, batches, part, share)?;
            if !loss.is_finite() {
                return Err(TrainError::NotFinite {
                    loss,
                    epoch: batches.epoch,
                    batch: number + 1,
                });
            }
            running.add(loss, right, part.len());
        }
        scheduler.set::<M>(optimizer, batches.epoch, number);
        optimizer.step(model, &mut gradients)?;
        reporter.batch_is_over(batches.epoch, number + 1, &running);
    }
    Ok(running.mean())
}

/// Adds to `gradients`, those of the batch's mean loss, what a part of the batch contributes: the
/// images at `indices`, a share `share` of the batch. Returns the gradients, the part's own mean
/// loss and the number of its images that were classified correctly.
fn learn<M: Classifier>(
    model: &mut M,
    gradients: Gradients<f32, Cpu>,
    pool: &mut ActivationPool,
    batches: &Batches<'_>,
    indices: &[usize],
    share: f32,
) -> Result<(Gradients<f32, Cpu>, f64, usize), TrainError> {
    let x = batch::images(batches.dev, batches.data, indices); // (B, 1, 28, 28)
    let y = batch::smoothed(batches.dev, batches.data, indices, batches.smoothing); // (B, 10)
    let scope = Scope::default().without_gradient_of(&x).reusing(pool);
    let logits = scope.run(|| model.try_forward_mut(x.traced(gradients)))?; // (B, 10)
    let right = evaluate::count_right(&raw::elements(&logits), batches.data, indices);
    let loss = try_softmax_cross_entropy(logits, y)?;
    let value = f64::from(loss.array());
    let mut gradients = match share {
        1.0 => loss.try_backward()?,
        _ => loss.try_mul(share)?.try_backward()?,
    };
    pool.keep_gradients(&mut gradients)?;
    Ok((gradients, value, right))
}
