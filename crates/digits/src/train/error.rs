//! Why a model could not be trained.
use dfdx::optim::OptimizerUpdateError;
use dfdx::prelude::CpuError;

/// Why a model could not be trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The training set is empty.
    #[error(
        "training: expected at least one image, found none; look at how the data set was taken or selected"
    )]
    NoImages,
    /// A validation set was given, and it is empty.
    #[error(
        "validation: expected at least one image, found none; hold out a larger fraction, or train without validation"
    )]
    NoValidationImages,
    /// The batch size or the micro-batch size is 0.
    #[error("batch_size, micro_batch: expected at least 1 image, found 0; Keras's batches have 32")]
    BatchSizeZero,
    /// A schedule was given, and the optimiser has no learning rate for it to change.
    #[error(
        "schedule: expected an optimiser with a learning rate, found one that has none; \
         implement `Optimizer::learning_rate` for it, or train with `Schedule::Constant`"
    )]
    NoLearningRate,
    /// The loss is infinite or NaN.
    #[error(
        "epoch {epoch}, batch {batch}: expected a finite loss, found {loss}; \
         the parameters have run away: build the model anew and lower the learning rate"
    )]
    NotFinite {
        /// The loss.
        loss: f64,
        /// The epoch, counted from 1.
        epoch: usize,
        /// The batch in the epoch, counted from 1.
        batch: usize,
    },
    /// The optimiser could not take its step.
    #[error("optimiser: {0}")]
    Optimizer(#[from] OptimizerUpdateError<CpuError>),
    /// The device has no memory for a tensor, or two tensors do not fit together.
    #[error("device: {0}; a smaller batch needs less memory")]
    Device(#[from] CpuError),
}
