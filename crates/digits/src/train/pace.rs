use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::Cpu;

use super::{FitConfig, TrainError};
use crate::optim::{FitOptimizer, Schedule};

/// The schedule at work: which learning rate is whose step's.
pub(super) struct Pace {
    schedule: Schedule,
    /// The optimiser's own learning rate; `None` if the schedule leaves it alone.
    rate: Option<f64>,
    steps_an_epoch: usize,
    epochs: usize,
}

impl Pace {
    pub(super) fn new<M: TensorCollection<f32, Cpu>>(
        config: &FitConfig,
        images: usize,
        optimizer: &mut impl FitOptimizer<M>,
    ) -> Result<Self, TrainError> {
        let constant = config.schedule == Schedule::Constant;
        let rate = optimizer.learning_rate().copied();
        if rate.is_none() && !constant {
            return Err(TrainError::NoLearningRate);
        }
        Ok(Self {
            schedule: config.schedule,
            rate: rate.filter(|_| !constant),
            steps_an_epoch: images.div_ceil(config.batch_size),
            epochs: config.epochs,
        })
    }

    /// Before the step of batch `number`, from 0, of `epoch`, from 1.
    pub(super) fn set<M: TensorCollection<f32, Cpu>>(
        &self,
        optimizer: &mut impl FitOptimizer<M>,
        epoch: usize,
        number: usize,
    ) {
        let taken = (epoch - 1) * self.steps_an_epoch + number;
        let all = self.epochs * self.steps_an_epoch;
        if let (Some(rate), Some(now)) = (self.rate, optimizer.learning_rate()) {
            *now = rate * self.schedule.factor(taken as f64 / all as f64);
        }
    }

    /// Leaves the optimiser as it came.
    pub(super) fn restore<M: TensorCollection<f32, Cpu>>(
        &self,
        optimizer: &mut impl FitOptimizer<M>,
    ) {
        if let (Some(rate), Some(now)) = (self.rate, optimizer.learning_rate()) {
            *now = rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use dfdx::nn::tensor_collection::TensorCollection;
    use dfdx::optim::{Optimizer, OptimizerUpdateError};
    use dfdx::prelude::*;

    use super::*;
    use crate::dataset::{Dataset, PIXELS};
    use crate::layers::{Dense, Flatten};
    use crate::optim::{Adam, GradientDescent, Muon};
    use crate::train::{Progress, fit};

    type Linear10 = (Flatten<784>, Dense<784, 10>);

    /// Takes no step and writes down at which rate it would have.
    struct Recorder {
        rate: Option<f64>,
        rates: Vec<Option<f64>>,
    }

    impl<M: TensorCollection<f32, Cpu>> Optimizer<M, Cpu, f32> for Recorder {
        fn update(
            &mut self,
            _: &mut M,
            _: &Gradients<f32, Cpu>,
        ) -> Result<(), OptimizerUpdateError<CpuError>> {
            self.rates.push(self.rate);
            Ok(())
        }
    }

    impl<M: TensorCollection<f32, Cpu>> FitOptimizer<M> for Recorder {
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
    fn a_schedule_runs_once_over_all_epochs_and_leaves_the_rate_as_it_was() {
        let recorder = train(Schedule::Linear, Some(0.6)).unwrap();
        let expected = [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]; // three batches an epoch
        assert_eq!(recorder.rates.len(), expected.len());
        for (rate, expected) in recorder.rates.into_iter().zip(expected) {
            assert!((rate.unwrap() - expected).abs() < 1e-12, "{rate:?}");
        }
        assert_eq!(recorder.rate, Some(0.6));
    }

    #[test]
    fn without_a_schedule_a_learning_rate_is_left_alone_or_missing() {
        let recorder = train(Schedule::Constant, Some(0.6)).unwrap();
        assert_eq!(recorder.rates, [Some(0.6); 6]);
        assert_eq!(train(Schedule::Constant, None).unwrap().rates, [None; 6]);
    }

    #[test]
    fn a_schedule_for_an_optimiser_without_a_learning_rate_is_refused() {
        let Err(error) = train(Schedule::Linear, None) else {
            panic!("there was nothing to change");
        };
        assert!(matches!(error, TrainError::NoLearningRate), "{error}");
    }

    #[test]
    fn every_optimiser_shows_its_learning_rate() {
        type Model = Tensor<Rank1<1>, f32, Cpu>;
        fn rate(optimizer: &mut impl FitOptimizer<Model>) -> f64 {
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
