use super::*;
use crate::dataset::PIXELS;
use crate::layers::{Dense, Flatten};
use crate::metrics::accuracy;
use crate::optim::{Adam, GradientDescent};
use crate::run_mode::RunMode;
use dfdx::optim::OptimizerUpdateError;

type Linear10 = (Flatten<784>, Dense<784, 10>);

/// `n` images; a digit `c` is a bright bar in rows 2c and 2c + 1, on a background of noise.
fn bars(n: usize) -> Dataset {
    let labels: Vec<u8> = (0..n).map(|i| (i * 7 % 10) as u8).collect();
    let noise = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7) as u8 / 4;
    let pixels = (0..n * PIXELS).map(|i| {
        let row = i % PIXELS / SIDE;
        let bright = row / 2 == usize::from(labels[i / PIXELS]);
        if bright { 191 + noise(i) } else { noise(i) }
    });
    let pixels = pixels.collect();
    Dataset::new(pixels, labels).unwrap()
}

fn model(seed: u64) -> <Linear10 as BuildOnDevice<Cpu, f32>>::Built {
    Cpu::seed_from_u64(seed).build_module::<Linear10, f32>()
}

fn quiet() -> FitConfig {
    FitConfig::default().progress(Progress::Silent)
}

/// Counts the steps and lets another optimiser take them.
struct Counting<O>(O, usize);

impl<M: TensorCollection<f32, Cpu>, O: Optimizer<M>> Optimizer<M> for Counting<O> {
    fn step(
        &mut self,
        model: &mut M,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Result<(), OptimizerUpdateError<CpuError>> {
        self.1 += 1;
        self.0.step(model, gradients)
    }
}

#[test]
fn a_model_learns_what_can_be_learned_and_the_history_shows_it() {
    let (train, validation) = bars(600).split_validation(0.2);
    let mut model = model(1);
    let untrained = evaluate(&model, &validation);
    let config = quiet().epochs(2).validation(validation.clone());
    let history = fit(&mut model, &mut Adam::default(), &train, &config).unwrap();
    let [first, last] = history.epochs[..] else {
        panic!("two epochs make two entries: {history}");
    };
    assert!(untrained.accuracy < 0.5, "{untrained}");
    assert!(last.loss < first.loss && last.accuracy > 0.95, "{history}");
    let after = evaluate(&model, &validation);
    assert_eq!(
        (last.val_loss, last.val_accuracy),
        (Some(after.loss), Some(after.accuracy))
    );
    assert!(last.seconds > 0.0);
}

#[test]
fn training_repeats_bit_for_bit_and_another_seed_is_another_training() {
    let data = bars(100);
    let train = |seed| {
        let mut model = model(1);
        let history = fit(
            &mut model,
            &mut Adam::default(),
            &data,
            &quiet().epochs(2).seed(seed),
        )
        .unwrap();
        (model.1.weight.as_vec(), history.epochs[1].loss)
    };
    assert_eq!(train(3), train(3));
    assert_ne!(train(3), train(4));
}

#[test]
fn a_batch_in_parts_is_learned_from_as_a_whole_in_as_many_steps() {
    let data = bars(250);
    let whole = quiet().epochs(2).batch_size(100); // of 100, 100 and 50
    let [whole, parts] = [whole.clone(), whole.micro_batch(32)].map(|config| {
        let (mut model, mut optimizer) = (model(3), Counting(GradientDescent::new(0.1), 0));
        let history = fit(&mut model, &mut optimizer, &data, &config).unwrap();
        let last = history.epochs[1];
        (
            model.1.weight.as_vec(),
            optimizer.1,
            last.loss,
            last.accuracy,
        )
    });
    assert_eq!((whole.1, parts.1), (6, 6));
    assert!(
        whole
            .0
            .iter()
            .zip(&parts.0)
            .all(|(a, b)| (a - b).abs() < 1e-5)
    );
    assert!((whole.2 - parts.2).abs() < 1e-5 && whole.3 == parts.3);
    assert_ne!(whole.0, model(3).1.weight.as_vec()); // something was learned
}

#[test]
fn the_last_batch_is_smaller_and_is_learned_from() {
    let mut counting = Counting(GradientDescent::new(0.1), 0);
    fit(&mut model(1), &mut counting, &bars(70), &quiet().epochs(2)).unwrap();
    assert_eq!(counting.1, 2 * 3); // 32 + 32 + 6 images
}

#[test]
fn an_epochs_loss_and_accuracy_count_each_image_once() {
    let data = bars(70);
    let mut model = model(5);
    let history = fit(
        &mut model,
        &mut GradientDescent::new(0.0),
        &data,
        &quiet().epochs(1),
    )
    .unwrap();
    let all = evaluate(&model, &data);
    assert!((history.epochs[0].loss - all.loss).abs() < 1e-6);
    assert_eq!(history.epochs[0].accuracy, all.accuracy);
}

#[test]
fn a_step_of_fit_is_the_step_written_out() {
    let data = bars(20);
    let (mut fitted, mut written) = (model(2), model(2));
    fit(
        &mut fitted,
        &mut GradientDescent::new(0.1),
        &data,
        &quiet().epochs(3).batch_size(20),
    )
    .unwrap();

    let dev = Cpu::default();
    let all: Vec<usize> = (0..20).collect();
    for _ in 0..3 {
        let x = batch::images(&dev, &data, &all).traced(written.alloc_grads());
        let y = batch::one_hot(&dev, &data, &all);
        let gradients = cross_entropy_with_logits_loss(written.forward(x), y).backward();
        let step = gradients.get(&written.1.weight) * 0.1;
        written.1.weight = written.1.weight.clone() - step;
        let step = gradients.get(&written.1.bias) * 0.1;
        written.1.bias = written.1.bias.clone() - step;
    }
    for (fitted, written) in fitted
        .1
        .weight
        .as_vec()
        .iter()
        .zip(written.1.weight.as_vec())
    {
        assert!((fitted - written).abs() < 1e-5, "{fitted} {written}");
    }
}

#[test]
fn a_prediction_is_a_distribution_and_its_largest_class() {
    let data = bars(450); // more than two batches of the evaluation
    let mut model = model(1);
    fit(
        &mut model,
        &mut Adam::default(),
        &data.take(100),
        &quiet().epochs(1),
    )
    .unwrap();
    let predictions = predict(&model, &data);
    for prediction in &predictions {
        let sum: f32 = prediction.probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert!(
            prediction
                .probabilities
                .iter()
                .all(|p| *p <= prediction.probability())
        );
    }
    let classes: Vec<u8> = predictions.iter().map(|p| p.class).collect();
    let evaluated = evaluate(&model, &data);
    assert!((accuracy(&classes, data.labels()) - evaluated.accuracy).abs() < 1e-12);
    let mean = |p: f64| p / 450.0;
    let loss = predictions.iter().zip(data.labels());
    let loss: f64 = loss
        .map(|(p, l)| mean(-f64::from(p.probabilities[usize::from(*l)]).ln()))
        .sum();
    assert!((loss - evaluated.loss).abs() < 1e-5, "{loss} {evaluated}");
}

#[test]
fn of_no_images_there_is_no_prediction_and_no_accuracy() {
    let none = bars(3).take(0);
    assert!(predict(&model(1), &none).is_empty());
    let evaluated = evaluate(&model(1), &none);
    assert!(evaluated.loss.is_nan() && evaluated.accuracy.is_nan());
}

#[test]
fn dropout_drops_in_training_and_in_training_only() {
    type Dropped = (Flatten<784>, DropoutOneIn<2>, Dense<784, 10>);
    let dev = Cpu::seed_from_u64(1);
    let mut model = dev.build_module::<Dropped, f32>();
    let data = bars(64);
    let before = evaluate(&model, &data);
    assert_eq!(before, evaluate(&model, &data));
    let history = fit(
        &mut model,
        &mut GradientDescent::new(0.0),
        &data,
        &quiet().epochs(1),
    )
    .unwrap();
    assert!(
        (history.epochs[0].loss - before.loss).abs() > 1e-3,
        "{history} {before}"
    );
}

#[test]
fn what_cannot_be_trained_is_refused_before_it_begins() {
    let data = bars(10);
    let refuse = |data: &Dataset, config: FitConfig| {
        fit(&mut model(1), &mut GradientDescent::new(0.1), data, &config).unwrap_err()
    };
    assert!(matches!(
        refuse(&data.take(0), quiet()),
        TrainError::NoImages
    ));
    assert!(matches!(
        refuse(&data, quiet().batch_size(0)),
        TrainError::BatchSizeZero
    ));
    let none = quiet().validation(data.take(0));
    assert!(matches!(
        refuse(&data, none),
        TrainError::NoValidationImages
    ));
}

#[test]
fn a_loss_that_runs_away_is_an_error_that_says_where_and_what_to_do() {
    let error = fit(
        &mut model(1),
        &mut GradientDescent::new(1e38),
        &bars(70),
        &quiet(),
    )
    .unwrap_err();
    let message = error.to_string();
    assert!(
        matches!(
            error,
            TrainError::NotFinite {
                epoch: 1,
                batch: 2 | 3,
                ..
            }
        ),
        "{message}"
    );
    assert!(
        message.contains("epoch 1, batch ") && message.contains("lower the learning rate"),
        "{message}"
    );
}

#[test]
fn quick_mode_limits_what_training_sees_and_full_mode_does_not() {
    let data = bars(2_500);
    let config = quiet().epochs(7).validation(bars(1_100));
    let sizes = |mode| {
        let (config, seen) = config.at(mode, &data);
        (config.epochs, seen.len(), config.validation.unwrap().len())
    };
    assert_eq!(sizes(RunMode::Full), (7, 2_500, 1_100));
    assert_eq!(sizes(RunMode::Quick), (2, 2_000, 1_000));
}
