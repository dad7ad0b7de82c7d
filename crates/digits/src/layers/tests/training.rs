//! Gradients through whole models, and dfdx's optimisers on them.
use dfdx::optim::{Adam, AdamConfig, Momentum, Optimizer, Sgd, SgdConfig};

use super::*;
use crate::gradcheck::{self, STEP};
use kernels::thread_pool::ThreadPool;
use std::sync::Arc;

/// Smooth but for the pooling, so that central differences can follow it.
type Smooth = (
    (Conv2D<1, 2, 3>, Tanh, AvgPool2D<2>), // (B, 2, 3, 3)
    (Flatten<18>, Dense<18, 4>, Sigmoid),  // (B, 4)
    Dense<4, 3>,
);

fn targets(batch: usize) -> Tensor<(usize, Const<3>), f32, Cpu> {
    let one_hot = (0..batch * 3).map(|i| if i % 3 == i / 3 % 3 { 1.0 } else { 0.0 });
    Cpu::default().tensor_from_vec(one_hot.collect(), (batch, Const))
}

/// Gradients of the loss on one batch, starting from `gradients`, and the loss.
fn backward<M>(model: &M, seed: u64, gradients: Gradients<f32, Cpu>) -> (Gradients<f32, Cpu>, f32)
where
    M: Module<
            Tensor<(usize, Const<1>, Const<8>, Const<9>), f32, Cpu, OwnedTape<f32, Cpu>>,
            Output = Tensor<(usize, Const<3>), f32, Cpu, OwnedTape<f32, Cpu>>,
        >,
{
    let logits = model.forward(images::<8, 9>(6, seed).traced(gradients));
    let loss = cross_entropy_with_logits_loss(logits, targets(6));
    let value = loss.array();
    (loss.backward(), value)
}

#[test]
fn gradients_of_every_parameter_are_the_slopes_that_are_measured() {
    let mut model = build::<Smooth>(1);
    let x = images::<8, 9>(3, 2);
    let checked = gradcheck::module(&mut model, STEP, |model| model.forward(x.leaky_trace()));
    assert_eq!(checked.len(), 6);
    for (name, difference) in checked {
        assert!(difference.relative < 1e-2, "{name}: {difference}");
    }
}

#[test]
fn gradients_add_up_over_two_passes_and_are_zeroed_on_request() {
    let model = build::<Mixed>(1);
    let (first, _) = backward(&model, 1, model.alloc_grads());
    let (second, _) = backward(&model, 2, model.alloc_grads());
    let (both, _) = backward(&model, 1, model.alloc_grads());
    let (mut both, _) = backward(&model, 2, both);
    for_each_gradient(&model, |read| {
        let (first, second, both) = (read(&first), read(&second), read(&both));
        assert!(first.iter().any(|&g| g != 0.0));
        for ((a, b), sum) in first.iter().zip(&second).zip(&both) {
            assert!((a + b - sum).abs() < 1e-6, "{a} + {b} gave {sum}");
        }
    });
    model.zero_grads(&mut both);
    for_each_gradient(&model, |read| {
        assert!(read(&both).iter().all(|&g| g == 0.0))
    });
}

type Read<'a> = &'a dyn Fn(&Gradients<f32, Cpu>) -> Vec<f32>;

/// Calls `visit` for the parameters of our layers, with what reads their gradients.
fn for_each_gradient(model: &Model<Mixed>, visit: impl Fn(Read<'_>)) {
    visit(&|g| g.get(&model.0.0.weight).as_vec());
    visit(&|g| g.get(&model.0.0.bias).as_vec());
    visit(&|g| g.get(&model.1.0.weight).as_vec());
    visit(&|g| g.get(&model.1.0.bias).as_vec());
    visit(&|g| g.get(&model.2.1.weight).as_vec());
    visit(&|g| g.get(&model.2.1.bias).as_vec());
}

#[test]
fn two_models_trained_in_turns_end_as_if_each_were_alone() {
    let alone = |seed: u64| {
        let mut model = build::<Mixed>(seed);
        let mut sgd = Sgd::new(&model, Default::default());
        for step in 0..3 {
            let (gradients, _) = backward(&model, step, model.alloc_grads());
            sgd.update(&mut model, &gradients).unwrap();
        }
        model.forward(images::<8, 9>(2, 9)).as_vec()
    };
    let mut models = [build::<Mixed>(1), build::<Mixed>(2)];
    let mut sgds = models
        .each_ref()
        .map(|model| Sgd::new(model, Default::default()));
    for step in 0..3 {
        let [one, two] = models
            .each_ref()
            .map(|model| backward(model, step, model.alloc_grads()).0);
        sgds[0].update(&mut models[0], &one).unwrap();
        sgds[1].update(&mut models[1], &two).unwrap();
    }
    let [one, two] = models.map(|model| model.forward(images::<8, 9>(2, 9)).as_vec());
    assert_eq!((one, two), (alone(1), alone(2)));
}

/// Asserts that sixty updates on one batch lower the loss and move every layer.
fn falls(mut optimizer: impl Optimizer<Model<Mixed>, Cpu, f32>, mut model: Model<Mixed>) {
    let (_, before) = backward(&model, 1, model.alloc_grads());
    let start = model.clone();
    for _ in 0..60 {
        let (gradients, _) = backward(&model, 1, model.alloc_grads());
        optimizer.update(&mut model, &gradients).unwrap(); // an unused parameter would be an error
    }
    let (_, after) = backward(&model, 1, model.alloc_grads());
    assert!(
        after < 0.95 * before,
        "the loss went from {before} to {after}"
    );
    assert_ne!(start.0.0.weight.array(), model.0.0.weight.array());
    assert_ne!(start.1.0.bias.array(), model.1.0.bias.array());
    assert_ne!(start.2.1.weight.array(), model.2.1.weight.array());
}

#[test]
fn the_optimisers_of_dfdx_train_our_layers() {
    let model = build::<Mixed>(1);
    let momentum = SgdConfig {
        lr: 0.1,
        momentum: Some(Momentum::Nesterov(0.9)),
        weight_decay: None,
    };
    falls(Sgd::new(&model, momentum), model.clone());
    let config = AdamConfig {
        lr: 1e-2,
        ..Default::default()
    };
    falls(Adam::new(&model, config), model);
}

#[test]
fn dropout_drops_while_training_and_not_while_predicting() {
    let mut model = build::<WithDropout>(1);
    let x = images::<8, 9>(4, 2);
    let predicted = model.forward(x.clone()).as_vec();
    assert_eq!(predicted, model.forward(x.clone()).as_vec());
    let gradients = model.alloc_grads();
    let trained = model.forward_mut(x.traced(gradients));
    assert_ne!(trained.as_vec(), predicted);
}

#[test]
fn a_model_gives_the_same_bits_on_one_thread_and_many() {
    let bits = |threads| {
        Arc::new(ThreadPool::new(threads)).install(|| {
            let model = build::<Mixed>(1);
            let (gradients, loss) = backward(&model, 1, model.alloc_grads());
            let all = std::cell::RefCell::new(vec![loss]);
            for_each_gradient(&model, |read| all.borrow_mut().extend(read(&gradients)));
            all.into_inner()
                .into_iter()
                .map(f32::to_bits)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(bits(1), bits(2));
    assert_eq!(bits(1), bits(5));
}
