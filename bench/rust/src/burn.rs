//! The models in burn, on its `flex` backend.

use anyhow::{Result, bail};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, Relu};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::prelude::*;
use burn::tensor::activation::relu;

use crate::Network;
use crate::mnist::Part;

/// Keras's Adam has this ε, where burn's default is 1e-5.
const EPSILON: f32 = 1e-7;
const LEARNING_RATE: f64 = 0.001;

/// Images `(B, 1, 28, 28)` → logits `(B, 10)`.
trait Model: Module {
    fn forward(&self, x: Tensor<4>) -> Tensor<2>;
}

#[derive(Module, Debug)]
struct Mlp128 {
    hidden: Linear,
    relu: Relu,
    out: Linear,
}

#[derive(Module, Debug)]
struct CnnDeep {
    first: Conv2d,
    second: Conv2d,
    third: Conv2d,
    pool: MaxPool2d,
    hidden: Linear,
    out: Linear,
}

impl Model for Mlp128 {
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.hidden.forward(x.flatten(1, 3));
        self.out.forward(self.relu.forward(x))
    }
}

impl Model for CnnDeep {
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(relu(self.first.forward(x)));
        let x = self.pool.forward(relu(self.second.forward(x)));
        let x = relu(self.third.forward(x)).flatten(1, 3);
        self.out.forward(relu(self.hidden.forward(x)))
    }
}

/// Glorot's uniform weights. burn would draw the biases by the same rule, from a range that is theirs: here they are zero.
fn dense(inputs: usize, outputs: usize, device: &Device) -> Linear {
    let init = Initializer::XavierUniform { gain: 1.0 };
    let mut layer = LinearConfig::new(inputs, outputs)
        .with_initializer(init)
        .init(device);
    layer.bias = Some(Initializer::Zeros.init([outputs], device));
    layer
}

fn convolution(inputs: usize, outputs: usize, device: &Device) -> Conv2d {
    let init = Initializer::XavierUniform { gain: 1.0 };
    let mut layer = Conv2dConfig::new([inputs, outputs], [3, 3])
        .with_initializer(init)
        .init(device);
    layer.bias = Some(Initializer::Zeros.init([outputs], device));
    layer
}

struct Burn<M> {
    /// None only while a step is taken: burn's optimisers take a model and give one.
    model: Option<M>,
    /// The model without gradients, once it is trained.
    trained: Option<M>,
    optimizer: ModuleOptimizer,
    loss: CrossEntropyLoss,
    device: Device,
    images: Tensor<4>,
    labels: Tensor<1, Int>,
    test_images: Tensor<4>,
}

/// The model called `name`.
pub fn network(name: &str, seed: u64, train: &Part, test: &Part) -> Result<Box<dyn Network>> {
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    device.seed(seed);
    match name {
        "mlp128" => {
            let model = Mlp128 {
                hidden: dense(784, 128, &device),
                relu: Relu::new(),
                out: dense(128, 10, &device),
            };
            Ok(Box::new(Burn::new(model, &plain, device, train, test)))
        }
        "cnn_deep" => {
            let model = CnnDeep {
                first: convolution(1, 32, &device),
                second: convolution(32, 64, &device),
                third: convolution(64, 64, &device),
                pool: MaxPool2dConfig::new([2, 2]).init(),
                hidden: dense(576, 64, &device),
                out: dense(64, 10, &device),
            };
            Ok(Box::new(Burn::new(model, &plain, device, train, test)))
        }
        _ => bail!("burn has no program for {name}"),
    }
}

impl<M: Model> Burn<M> {
    fn new(model: M, plain: &Device, device: Device, train: &Part, test: &Part) -> Self {
        let images = |part: &Part, device: &Device| {
            let data = TensorData::new(part.pixels.clone(), [part.labels.len(), 1, 28, 28]);
            Tensor::<4>::from_data(data, device)
        };
        let labels: Vec<i32> = train.labels.iter().map(|&label| label.into()).collect();
        Self {
            model: Some(model),
            trained: None,
            optimizer: AdamConfig::new().with_epsilon(EPSILON).init(),
            loss: CrossEntropyLossConfig::new().init(&device),
            images: images(train, &device),
            labels: Tensor::from_data(labels.as_slice(), &device),
            test_images: images(test, plain),
            device,
        }
    }
}

impl<M: Model> Network for Burn<M> {
    fn version(&self) -> String {
        "burn 0.22.1 (flex)".into()
    }

    fn parameters(&self) -> usize {
        self.model.as_ref().expect("between steps").num_params()
    }

    fn learn(&mut self, indices: &[u32]) -> Result<(f64, usize)> {
        let indices: Vec<i32> = indices.iter().map(|&i| i as i32).collect();
        let chosen = Tensor::<1, Int>::from_data(indices.as_slice(), &self.device);
        let x = self.images.clone().select(0, chosen.clone());
        let y = self.labels.clone().select(0, chosen);
        let model = self.model.take().expect("between steps");
        let logits = model.forward(x);
        let loss = self.loss.forward(logits.clone(), y.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimizer.step(LEARNING_RATE, model, gradients));
        let found = logits.argmax(1).flatten::<1>(0, 1);
        let right: i64 = found.equal(y).int().sum().into_scalar();
        Ok((loss.into_scalar::<f32>().into(), right as usize))
    }

    fn is_trained(&mut self) {
        self.trained = self.model.as_ref().map(Module::valid);
    }

    fn classify(&self, first: usize, count: usize) -> Result<Vec<u8>> {
        let model = self.trained.as_ref().expect("trained");
        let x = self.test_images.clone().slice(s![first..first + count]);
        let classes = model.forward(x).argmax(1).into_data();
        Ok(classes.iter::<u8>().collect())
    }
}
