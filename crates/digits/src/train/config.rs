//! The configuration of `fit`: hyper-parameters, seed, validation images, progress.
use super::Progress;
use crate::dataset::Dataset;
use crate::optim::Schedule;
use crate::run_mode::RunMode;

/// The configuration of [`fit`](super::fit): hyper-parameters, seed, validation images, progress.
///
/// ```
/// use digits::train::{FitConfig, Progress};
///
/// let config = FitConfig::default().epochs(12).batch_size(128).seed(7).progress(Progress::Silent);
/// assert_eq!((config.epochs, config.batch_size), (12, 128));
/// ```
#[derive(Clone, Debug)]
pub struct FitConfig {
    /// The number of epochs, in each of which every image is used once. Default 5.
    pub epochs: usize,
    /// The number of images in a batch, B. Default 32, as in Keras.
    pub batch_size: usize,
    /// The number of images that go through the forward and backward pass together. Default: the
    /// whole batch. See [`FitConfig::micro_batch`].
    pub micro_batch: usize,
    /// The seed of the order of the images and of dropout. Default 0.
    pub seed: u64,
    /// How the optimiser's learning rate changes from step to step. By default it is constant.
    pub schedule: Schedule,
    /// The share of each target, 0 to 1, that is spread evenly over all ten digits, as in
    /// [`batch::smoothed`](crate::batch::smoothed). Default 0. The training loss is that of the
    /// smoothed targets, as in Keras.
    pub label_smoothing: f64,
    /// Images on which the model is measured after each epoch, without learning from them. Default
    /// none.
    pub validation: Option<Dataset>,
    /// What `fit` prints while it trains. Default [`Progress::Shown`].
    pub progress: Progress,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            epochs: 5,
            batch_size: 32,
            micro_batch: usize::MAX,
            seed: 0,
            schedule: Schedule::Constant,
            label_smoothing: 0.0,
            validation: None,
            progress: Progress::default(),
        }
    }
}

impl FitConfig {
    /// Sets the number of epochs.
    pub fn epochs(self, epochs: usize) -> Self {
        Self { epochs, ..self }
    }

    /// Sets the number of images in a batch.
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// Sets the number of images that go through the forward and backward pass together, if it is
    /// to be smaller than a batch.
    ///
    /// A batch's gradient is the mean of its images' gradients. So it can be added up from parts of
    /// the batch, with the same result but for rounding (and other numbers dropped by dropout). The
    /// layers then hold the activations of a part only, which may fit into a cache close to the
    /// processor where those of a batch do not.
    ///
    /// ```
    /// use digits::dfdx::prelude::*;
    /// use digits::{dataset::Mnist, models::Linear10, optim::GradientDescent};
    /// use digits::train::{FitConfig, Progress, fit};
    ///
    /// let few = Mnist::load()?.train.take(96);
    /// let whole = FitConfig::default().epochs(1).batch_size(96).progress(Progress::Silent);
    /// let [a, b] = [whole.clone(), whole.micro_batch(40)].map(|config| {
    ///     let mut model = Cpu::seed_from_u64(1).build_module::<Linear10, f32>();
    ///     fit(&mut model, &mut GradientDescent::new(0.5), &few, &config)
    ///         .map(|_| model.1.weight.as_vec())
    /// });
    /// assert!(a?.iter().zip(b?).all(|(a, b)| (a - b).abs() < 1e-6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn micro_batch(self, micro_batch: usize) -> Self {
        Self {
            micro_batch,
            ..self
        }
    }

    /// Sets the seed.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets how the learning rate changes from step to step.
    pub fn schedule(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// Sets the share of each target, 0 to 1, that is spread evenly over all ten digits.
    pub fn label_smoothing(self, label_smoothing: f64) -> Self {
        Self {
            label_smoothing,
            ..self
        }
    }

    /// Sets the images on which the model is measured after each epoch.
    pub fn validation(self, images: Dataset) -> Self {
        Self {
            validation: Some(images),
            ..self
        }
    }

    /// Sets what `fit` prints while it trains.
    pub fn progress(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// The configuration and the images that training uses in `mode`.
    pub(super) fn at(&self, mode: RunMode, data: &Dataset) -> (Self, Dataset) {
        let mut config = self.clone();
        if mode == RunMode::Full {
            return (config, data.clone());
        }
        config.epochs = config.epochs.min(QUICK_EPOCHS);
        config.validation = config
            .validation
            .map(|images| images.take(QUICK_VALIDATION));
        (config, data.take(QUICK_IMAGES))
    }
}

/// The largest number of epochs in quick mode.
const QUICK_EPOCHS: usize = 2;
/// The largest number of training images in quick mode.
const QUICK_IMAGES: usize = 2_000;
/// The largest number of validation images in quick mode.
const QUICK_VALIDATION: usize = 1_000;
