//! What `fit` is told.
use super::Progress;
use crate::dataset::Dataset;
use crate::optim::Schedule;
use crate::run_mode::RunMode;

/// How [`fit`](super::fit) trains.
///
/// ```
/// use digits::train::{FitConfig, Progress};
///
/// let config = FitConfig::default().epochs(12).batch_size(128).seed(7).progress(Progress::Silent);
/// assert_eq!((config.epochs, config.batch_size), (12, 128));
/// ```
#[derive(Clone, Debug)]
pub struct FitConfig {
    /// How often every image is seen: 5 unless told.
    pub epochs: usize,
    /// Images in a batch, B: 32 unless told, as in Keras.
    pub batch_size: usize,
    /// Images whose forward and backward pass are made together: the whole batch unless told. See [`FitConfig::micro_batch`].
    pub micro_batch: usize,
    /// Decides the order of the images and what dropout drops: 0 unless told.
    pub seed: u64,
    /// How the optimiser's learning rate changes from step to step: not at all unless told.
    pub schedule: Schedule,
    /// The share of each target that is dealt out evenly over all ten digits, as in
    /// [`batch::smoothed`](crate::batch::smoothed): 0 unless told. The training loss is that of the smoothed targets, as in Keras.
    pub label_smoothing: f64,
    /// Images to measure after each epoch and never to learn from: none unless told.
    pub validation: Option<Dataset>,
    /// What is told meanwhile.
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

    /// Sets how many images go forwards and back together, if that is to be less than a batch.
    ///
    /// A batch's gradient is the sum of its images' gradients, each divided by how many there are. So it may be added up from
    /// parts, with the same result but for rounding (and other values dropped). What the layers hold meanwhile is then that of
    /// a part, and a part may fit into a cache close to the processor where a batch does not.
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
    ///     fit(&mut model, &mut GradientDescent::new(0.5), &few, &config).map(|_| model.1.weight.as_vec())
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

    /// Sets how the learning rate changes.
    pub fn schedule(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// Sets the share of each target that is dealt out evenly.
    pub fn label_smoothing(self, label_smoothing: f64) -> Self {
        Self {
            label_smoothing,
            ..self
        }
    }

    /// Sets the validation images.
    pub fn validation(self, images: Dataset) -> Self {
        Self {
            validation: Some(images),
            ..self
        }
    }

    /// Sets what is told meanwhile.
    pub fn progress(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// The configuration and the images that training sees in `mode`.
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

const QUICK_EPOCHS: usize = 2;
const QUICK_IMAGES: usize = 2_000;
const QUICK_VALIDATION: usize = 1_000;
