//! What each step of preprocessing is worth: one network, 784-128-10, trained on prepared digits
//! and tested on digits that skipped a step; then the same network trained on bytes, on values from
//! 0 to 1, on standardised values and on images in the order of their labels. All from one seed;
//! progress on standard error, one line of JSON at the end.
//!
//! ```text
//! cargo run --release -p lab --example preprocessing -- --seed 1
//! ```

use std::error::Error;
use std::time::Instant;

use digits::batch::{self, shuffled};
use digits::dataset::{Dataset, Mnist, SIDE};
use digits::dfdx::prelude::*;
use digits::experiment::{Setting, Trial};
use digits::image::{BOX, FRAME, Grey, ImageError, StandardScaler};
use digits::layers::{Dense, Flatten};
use digits::loss::softmax_cross_entropy;
use digits::optim::{Adam, GradientDescent, Optimizer};
use digits::raw;

type Mlp = (Flatten<784>, Dense<784, 128>, ReLU, Dense<128, 10>);
type BuiltMlp = <Mlp as BuildOnDevice<Cpu, f32>>::Built;
type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BATCH: usize = 32;
/// All training images, and how often each is seen.
const ALL: (usize, u64) = (60_000, 5);
/// Few enough to be learned by heart.
const FEW: (usize, u64) = (5_000, 30);

/// The transformation of a pixel that [`batch::images`] has divided by 255: x ↦ factor · (x −
/// shift).
#[derive(Clone, Copy)]
struct Scaling {
    name: &'static str,
    factor: f32,
    shift: f32,
}

/// What is trained, and how.
#[derive(Clone, Copy)]
struct Task<'a> {
    train: &'a Dataset,
    epochs: u64,
    scaling: Scaling,
    /// Gradient descent's rate; Adam, at its usual 0.001, if there is none.
    rate: Option<f64>,
    sorted: bool,
    /// The first layer's weights start 255 times as small, and move 255 times as little at each
    /// step of Adam's, whose steps do not grow with the slopes: on bytes, the very training that
    /// the same network has on 0 to 1.
    matched: bool,
}

fn main() -> Result<()> {
    let mut given = std::env::args().skip(1);
    let seed: u64 = match (given.next().as_deref(), given.next()) {
        (Some("--seed"), Some(seed)) => seed.parse()?,
        _ => return Err("--seed N is needed".into()),
    };
    let mnist = Mnist::load()?;
    let mut settings = skipped_in_testing(&mnist, seed)?;
    settings.extend(skipped_in_training(&mnist, seed)?);
    println!("{}", serde_json::to_string(&settings)?);
    Ok(())
}

fn scalings(train: &Dataset) -> Result<[Scaling; 3]> {
    let values = train.pixels().iter().map(|&p| f32::from(p) / 255.0);
    let scaler = StandardScaler::fit(values).ok_or("pixels that vary")?;
    let scaling = |name, factor, shift| Scaling {
        name,
        factor,
        shift,
    };
    Ok([
        scaling("0 to 1", 1.0, 0.0),
        scaling("bytes", 255.0, 0.0),
        scaling(
            "standardised",
            (1.0 / scaler.std) as f32,
            scaler.mean as f32,
        ),
    ])
}

/// One network, trained once, on test digits that skipped a step each.
fn skipped_in_testing(mnist: &Mnist, seed: u64) -> Result<Vec<Setting>> {
    let [plain, bytes, standardised] = scalings(&mnist.train)?;
    let task = Task {
        train: &mnist.train,
        epochs: ALL.1,
        scaling: plain,
        rate: None,
        sorted: false,
        matched: false,
    };
    let (model, trial) = train(&task, seed)?;
    let mut settings = Vec::new();
    let mut test = |name: &str, test: &Dataset, scaling| {
        let trial = Trial {
            test_accuracy: accuracy(&model, test, scaling),
            ..trial.clone()
        };
        eprintln!("seed {seed}, {name}: {:.2} %", 100.0 * trial.test_accuracy);
        settings.push(setting(format!("tested {name}"), trial));
    };
    test("as prepared", &mnist.test, plain);
    test("not divided by 255", &mnist.test, bytes);
    test("standardised", &mnist.test, standardised);
    for (name, step) in skipped_steps() {
        test(name, &each(&mnist.test, step)?, plain);
    }
    Ok(settings)
}

type Step = fn(&Grey) -> std::result::Result<Grey, ImageError>;

/// What a test digit looks like if a step is left out or done in another way.
fn skipped_steps() -> [(&'static str, Step); 9] {
    [
        ("not inverted", |digit| Ok(digit.invert())),
        ("black and white", |digit| digit.threshold()),
        ("not anti-aliased", |digit| {
            let large = digit.crop_to_ink()?.fit(5 * BOX)?;
            let ink = large.threshold()?.crop_to_ink()?;
            let longer = ink.height().max(ink.width());
            let side = |length: usize| (BOX * length).div_ceil(longer);
            ink.resize_nearest(side(ink.height()), side(ink.width()))?
                .centre_by_mass(FRAME)
        }),
        ("in a corner", |digit| digit.crop_to_ink()?.put(0, 0, FRAME)),
        ("box in the middle", |digit| {
            let ink = digit.crop_to_ink()?;
            ink.put((FRAME - ink.height()) / 2, (FRAME - ink.width()) / 2, FRAME)
        }),
        ("half as large", |digit| {
            digit.crop_to_ink()?.fit(BOX / 2)?.centre_by_mass(FRAME)
        }),
        ("filling the frame", |digit| {
            digit.crop_to_ink()?.fit(FRAME)?.centre_by_mass(FRAME)
        }),
        ("stretched to a square", |digit| {
            digit.crop_to_ink()?.resize(BOX, BOX)?.centre_by_mass(FRAME)
        }),
        ("by S0's recipe", |digit| {
            // Dark on a light page of 56 × 56, somewhat off its middle; the whole page made 28 ×
            // 28.
            digit.put(8, 20, 2 * FRAME)?.invert().resize(FRAME, FRAME)
        }),
    ]
}

fn each(data: &Dataset, step: Step) -> Result<Dataset> {
    let mut pixels = Vec::with_capacity(data.pixels().len());
    for i in 0..data.len() {
        pixels.extend(step(&Grey::from_bytes(SIDE, data.image(i))?)?.bytes());
    }
    Ok(Dataset::new(pixels, data.labels().to_vec())?)
}

/// The network trained on images that skipped a step, and tested on images that skipped it too.
fn skipped_in_training(mnist: &Mnist, seed: u64) -> Result<Vec<Setting>> {
    let scalings = scalings(&mnist.train)?;
    let few = mnist.train.take(FEW.0);
    let mut tasks = Vec::new();
    for (train, epochs) in [(&few, FEW.1), (&mnist.train, ALL.1)] {
        let usual = Task {
            train,
            epochs,
            scaling: scalings[0],
            rate: None,
            sorted: false,
            matched: false,
        };
        for rate in [None, Some(0.1)] {
            tasks.extend(scalings.map(|scaling| Task {
                scaling,
                rate,
                ..usual
            }));
        }
        tasks.push(Task {
            scaling: scalings[1],
            matched: true,
            ..usual
        });
        if train.len() == ALL.0 {
            tasks.push(Task {
                sorted: true,
                ..usual
            });
        }
    }
    tasks
        .iter()
        .map(|task| {
            let (model, trial) = train(task, seed)?;
            let trial = Trial {
                test_accuracy: accuracy(&model, &mnist.test, task.scaling),
                ..trial
            };
            let name = name(task);
            eprintln!(
                "seed {seed}, {name}: {:.2} %, {:.1} s",
                100.0 * trial.test_accuracy,
                trial.seconds
            );
            Ok(setting(name, trial))
        })
        .collect()
}

fn name(task: &Task<'_>) -> String {
    let by = match task.rate {
        Some(rate) => format!("gradient descent {rate}"),
        None => "Adam".to_owned(),
    };
    let more = match task {
        Task { sorted: true, .. } => ", sorted by label",
        Task { matched: true, .. } => ", start and steps to match",
        _ => "",
    };
    format!(
        "{} images, {by}, {}{more}",
        task.train.len(),
        task.scaling.name
    )
}

fn setting(name: String, trial: Trial) -> Setting {
    Setting {
        name,
        trials: vec![trial],
    }
}

/// Trains a network from `seed`; the trial's test accuracy is left to the caller.
fn train(task: &Task<'_>, seed: u64) -> Result<(BuiltMlp, Trial)> {
    let mut model = Cpu::seed_from_u64(seed).build_module::<Mlp, f32>();
    if task.matched {
        for weight in first_weights(&mut model) {
            *weight /= task.scaling.factor;
        }
    }
    let begun = Instant::now();
    let losses = match task.rate {
        Some(rate) => epochs(&mut model, &mut GradientDescent::new(rate), task, seed)?,
        None => epochs(&mut model, &mut Adam::default(), task, seed)?,
    };
    let trial = Trial {
        seed,
        losses,
        train_accuracy: accuracy(&model, task.train, task.scaling),
        test_accuracy: f64::NAN,
        seconds: begun.elapsed().as_secs_f64(),
    };
    Ok((model, trial))
}

/// The mean loss of each epoch, until one is not a number.
fn epochs(
    model: &mut BuiltMlp,
    optimizer: &mut impl Optimizer<BuiltMlp>,
    task: &Task<'_>,
    seed: u64,
) -> Result<Vec<f64>> {
    let (dev, data) = (Cpu::default(), task.train);
    let mut losses = Vec::new();
    let mut gradients = model.alloc_grads();
    for epoch in 0..task.epochs {
        let mut order = shuffled(data.len(), seed, epoch);
        if task.sorted {
            order.sort_by_key(|&i| data.label(i));
        }
        let mut sum = 0.0;
        for indices in order.chunks(BATCH) {
            let x = (batch::images(&dev, data, indices) - task.scaling.shift) * task.scaling.factor;
            let y = batch::one_hot(&dev, data, indices);
            let loss = softmax_cross_entropy(model.forward_mut(x.traced(gradients)), y);
            sum += f64::from(loss.array()) * indices.len() as f64;
            gradients = loss.backward();
            let before = task.matched.then(|| model.1.weight.as_vec());
            optimizer.step(model, &mut gradients)?;
            if let Some(before) = before {
                for (weight, before) in first_weights(model).iter_mut().zip(before) {
                    *weight = before + (*weight - before) / task.scaling.factor;
                }
            }
        }
        if !sum.is_finite() {
            break;
        }
        losses.push(sum / data.len() as f64);
    }
    Ok(losses)
}

fn first_weights(model: &mut BuiltMlp) -> &mut [f32] {
    raw::elements_mut(&mut model.1.weight).expect("a parameter is no view")
}

fn accuracy(model: &BuiltMlp, data: &Dataset, scaling: Scaling) -> f64 {
    let dev = Cpu::default();
    let all: Vec<usize> = (0..data.len()).collect();
    let mut right = 0;
    for indices in all.chunks(500) {
        let x = (batch::images(&dev, data, indices) - scaling.shift) * scaling.factor;
        let logits = model.forward(x).as_vec(); // (B, 10)
        let answers = logits.chunks_exact(10).map(|row| {
            let better = |a: &usize, b: &usize| row[*a].total_cmp(&row[*b]);
            (0..10).max_by(better).unwrap_or(0)
        });
        right += answers
            .zip(indices)
            .filter(|(answer, i)| *answer == usize::from(data.label(**i)))
            .count();
    }
    right as f64 / data.len() as f64
}
