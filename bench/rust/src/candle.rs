//! The models in candle. Its generator for the CPU takes no seed: weights differ from run to run.

use anyhow::{Result, bail};
use candle_core::{D, DType, Device, Module, Tensor};
use candle_nn::{
    AdamW, Conv2d, Conv2dConfig, Init, Linear, Optimizer, ParamsAdamW, Sequential, VarBuilder,
    VarMap, loss, seq,
};

use crate::Network;
use crate::mnist::{PIXELS, Part};

struct Candle {
    model: Sequential,
    variables: VarMap,
    optimizer: AdamW,
    images: Tensor,
    labels: Tensor,
    test_images: Tensor,
}

/// The model called `name`.
pub fn network(name: &str, train: &Part, test: &Part) -> Result<Box<dyn Network>> {
    let device = Device::Cpu;
    let variables = VarMap::new();
    let vb = VarBuilder::from_varmap(&variables, DType::F32, &device);
    let (model, shape): (_, &[usize]) = match name {
        "mlp128" => (mlp128(&vb)?, &[PIXELS]),
        "cnn_deep" => (cnn_deep(&vb)?, &[1, 28, 28]),
        _ => bail!("candle has no program for {name}"),
    };
    let tensor = |part: &Part| {
        let shape = [&[part.labels.len()], shape].concat();
        Tensor::from_slice(&part.pixels, shape, &device)
    };
    let labels: Vec<u32> = train.labels.iter().map(|&label| label.into()).collect();
    // Adam: AdamW without decay, and with candle's own ε.
    let adam = ParamsAdamW {
        lr: 0.001,
        weight_decay: 0.0,
        ..Default::default()
    };
    Ok(Box::new(Candle {
        model,
        optimizer: AdamW::new(variables.all_vars(), adam)?,
        variables,
        images: tensor(train)?,
        labels: Tensor::new(labels, &device)?,
        test_images: tensor(test)?,
    }))
}

fn mlp128(vb: &VarBuilder) -> Result<Sequential> {
    Ok(seq()
        .add(dense(784, 128, &vb.pp("hidden"))?)
        .add_fn(Tensor::relu)
        .add(dense(128, 10, &vb.pp("out"))?))
}

fn cnn_deep(vb: &VarBuilder) -> Result<Sequential> {
    Ok(seq()
        .add(convolution(1, 32, &vb.pp("first"))?)
        .add_fn(|x| x.relu()?.max_pool2d(2))
        .add(convolution(32, 64, &vb.pp("second"))?)
        .add_fn(|x| x.relu()?.max_pool2d(2))
        .add(convolution(64, 64, &vb.pp("third"))?)
        .add_fn(|x| x.relu()?.flatten_from(1))
        .add(dense(576, 64, &vb.pp("hidden"))?)
        .add_fn(Tensor::relu)
        .add(dense(64, 10, &vb.pp("out"))?))
}

/// Glorot's uniform weights.
fn glorot(fan_in: usize, fan_out: usize) -> Init {
    let up = (6.0 / (fan_in + fan_out) as f64).sqrt();
    Init::Uniform { lo: -up, up }
}

fn dense(inputs: usize, outputs: usize, vb: &VarBuilder) -> Result<Linear> {
    let weight = vb.get_with_hints((outputs, inputs), "weight", glorot(inputs, outputs))?;
    let bias = vb.get_with_hints(outputs, "bias", Init::Const(0.0))?;
    Ok(Linear::new(weight, Some(bias)))
}

fn convolution(inputs: usize, outputs: usize, vb: &VarBuilder) -> Result<Conv2d> {
    let init = glorot(9 * inputs, 9 * outputs);
    let weight = vb.get_with_hints((outputs, inputs, 3, 3), "weight", init)?;
    let bias = vb.get_with_hints(outputs, "bias", Init::Const(0.0))?;
    Ok(Conv2d::new(weight, Some(bias), Conv2dConfig::default()))
}

impl Network for Candle {
    fn version(&self) -> String {
        "candle 0.11.1".into()
    }

    fn parameters(&self) -> usize {
        self.variables
            .all_vars()
            .iter()
            .map(|v| v.elem_count())
            .sum()
    }

    fn learn(&mut self, indices: &[u32]) -> Result<(f64, usize)> {
        let chosen = Tensor::new(indices, &Device::Cpu)?;
        let x = self.images.index_select(&chosen, 0)?;
        let y = self.labels.index_select(&chosen, 0)?;
        let logits = self.model.forward(&x)?;
        let loss = loss::cross_entropy(&logits, &y)?;
        self.optimizer.backward_step(&loss)?;
        let hits = logits.argmax(D::Minus1)?.eq(&y)?.to_dtype(DType::U32)?;
        let right = hits.sum_all()?.to_scalar::<u32>()?;
        Ok((loss.to_scalar::<f32>()?.into(), right as usize))
    }

    fn classify(&self, first: usize, count: usize) -> Result<Vec<u8>> {
        let logits = self
            .model
            .forward(&self.test_images.narrow(0, first, count)?)?;
        let classes = logits.argmax(D::Minus1)?.to_vec1::<u32>()?;
        Ok(classes.iter().map(|&class| class as u8).collect())
    }
}
