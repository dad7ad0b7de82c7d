//! A schedule and the number of steps → the learning rate of each step.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::Cpu;

use super::{FitConfig, TrainError};
use crate::optim::{Optimizer, Schedule};

/// Sets an optimiser's learning rate before each step of a training, as its [`Schedule`] says.
pub(super) struct LrScheduler {
    schedule: Schedule,
    /// The learning rate that the optimiser had before training; `None` if it is not to be changed.
    rate: Option<f64>,
    steps_per_epoch: usize,
    epochs: usize,
}

impl LrScheduler {
    /// The scheduler of a training with `config` on `images` images.
    ///
    /// # Errors
    /// [`TrainError::NoLearningRate`] if there is a schedule and `optimizer` has no learning rate.
    pub(super) fn new<M: TensorCollection<f32, Cpu>>(
        config: &FitConfig,
        images: usize,
        optimizer: &mut impl Optimizer<M>,
    ) -> Result<Self, TrainError> {
        let constant = config.schedule == Schedule::Constant;
        let rate = optimizer.learning_rate().copied();
        if rate.is_none() && !constant {
            return Err(TrainError::NoLearningRate);
        }
        Ok(Self {
            schedule: config.schedule,
            rate: rate.filter(|_| !constant),
            steps_per_epoch: images.div_ceil(config.batch_size),
            epochs: config.epochs,
        })
    }

    /// Sets the learning rate for the step on batch `number` (from 0) of `epoch` (from 1).
    pub(super) fn set<M: TensorCollection<f32, Cpu>>(
        &self,
        optimizer: &mut impl Optimizer<M>,
        epoch: usize,
        number: usize,
    ) {
        let taken = (epoch - 1) * self.steps_per_epoch + number;
        let all = self.epochs * self.steps_per_epoch;
        if let (Some(rate), Some(now)) = (self.rate, optimizer.learning_rate()) {
            *now = rate * self.schedule.factor(taken as f64 / all as f64);
        }
    }

    /// Sets the learning rate back to what it was before training.
    pub(super) fn restore<M: TensorCollection<f32, Cpu>>(&self, optimizer: &mut impl Optimizer<M>) {
        if let (Some(rate), Some(now)) = (self.rate, optimizer.learning_rate()) {
            *now = rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use dfdx::nn::tensor_collection::TensorCollection;
    use dfdx::optim::OptimizerUpdateError;
    use dfdx::prelude::*;

    use super::*;
    use crate::dataset::{Dataset, PIXELS};
    use crate::layers::{Dense, Flatten};
    use crate::optim::{Adam, GradientDescent, Muon, Optimizer};
    use crate::train::{Progress, fit};

    type Linear10 = (Flatten<784>, Dense<784, 10>);

    /// An optimiser that changes nothing and records the learning rate of each step.
    struct Recorder {
        rate: Option<f64>,
        rates: Vec<Option<f64>>,
    }

    impl<M: TensorCollection<f32, Cpu>> Optimizer<M> for Recorder {
        fn step(
            &mut self,
            _: &mut M,
            _: &mut Gradients<f32, Cpu>,
        ) -> Result<(), OptimizerUpdateError<CpuError>> {
            self.rates.push(self.rate);
            Ok(())
        }

        fn learning_rate(&mut self) -> Option<&mut f64> {
            self.rate.as_mut()
        }
    }

    fn train(schedule: Schedule, rate: Option<f64>) -> Result<Recorder, TrainError> {
        let mut recorder = Recorder {
            rate,
            rates: Vec::new(),
        };
        let data = Dataset::new(vec![7; 9 * PIXELS], vec![1; 9]).unwrap();
        let mut model = Cpu::default().build_module::<Linear10, f32>();
        let config = FitConfig::default()
            .epochs(2)
            .batch_size(4)
            .schedule(schedule)
            .progress(Progress::Silent);
        fit(&mut model, &mut recorder, &data, &config)?;
        Ok(recorder)
    }

    #[test]
    fn a_schedule_spans_all_epochs_and_the_learning_rate_is_restored_afterwards() {
        let recorder = train(Schedule::Linear, Some(0.6)).unwrap();
        let expected = [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]; // three batches per epoch
        assert_eq!(recorder.rates.len(), expected.len());
        for (rate, expected) in recorder.rates.into_iter().zip(expected) {
            assert!((rate.unwrap() - expected).abs() < 1e-12, "{rate:?}");
        }
        assert_eq!(recorder.rate, Some(0.6));
    }

    #[test]
    fn without_a_schedule_the_learning_rate_does_not_change_and_may_be_missing() {
        let recorder = train(Schedule::Constant, Some(0.6)).unwrap();
        assert_eq!(recorder.rates, [Some(0.6); 6]);
        assert_eq!(train(Schedule::Constant, None).unwrap().rates, [None; 6]);
    }

    #[test]
    fn a_schedule_for_an_optimiser_without_a_learning_rate_is_an_error() {
        let Err(error) = train(Schedule::Linear, None) else {
            panic!("expected an error, as there is no learning rate to change");
        };
        assert!(matches!(error, TrainError::NoLearningRate), "{error}");
    }

    #[test]
    fn the_learning_rate_of_each_optimiser_can_be_read_and_changed() {
        type Model = Tensor<Rank1<1>, f32, Cpu>;
        /// Sets the learning rate to 0.125 and returns the value before.
        fn rate(optimizer: &mut impl Optimizer<Model>) -> f64 {
            let rate = optimizer.learning_rate().unwrap();
            std::mem::replace(rate, 0.125)
        }
        let (mut adam, mut descent) = (Adam::default(), GradientDescent::default());
        let (mut muon, model) = (Muon::default(), Cpu::default().zeros());
        let mut dfdxs = dfdx::optim::Sgd::new(&model, Default::default());
        assert_eq!((rate(&mut adam), rate(&mut descent)), (0.001, 0.01));
        assert_eq!((rate(&mut muon), rate(&mut dfdxs)), (0.02, 0.01));
        assert_eq!((adam.config.learning_rate, dfdxs.cfg.lr), (0.125, 0.125));
    }
}
