//! The sources' models as sums: the number of operations that training takes, and of parameters.

/// A layer with parameters.
#[derive(Clone, Copy, Debug)]
enum Layer {
    /// `outputs` filters of `kernel` × `kernel` over `inputs` channels, at `side` × `side` places.
    Convolution {
        inputs: usize,
        outputs: usize,
        kernel: usize,
        side: usize,
    },
    /// From `inputs` features to `outputs` features.
    Dense { inputs: usize, outputs: usize },
}

use Layer::{Convolution, Dense};

impl Layer {
    /// The number of multiply-adds in the forward pass of one image.
    fn multiply_adds(self) -> usize {
        match self {
            Convolution {
                inputs,
                outputs,
                kernel,
                side,
            } => inputs * outputs * kernel * kernel * side * side,
            Dense { inputs, outputs } => inputs * outputs,
        }
    }

    /// The number of weights and biases.
    #[cfg(test)]
    fn parameters(self) -> usize {
        match self {
            Convolution {
                inputs,
                outputs,
                kernel,
                ..
            } => inputs * outputs * kernel * kernel + outputs,
            Dense { inputs, outputs } => inputs * outputs + outputs,
        }
    }
}

/// A model of the sources.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// The number of images in a batch while it trains, B.
    pub batch_size: usize,
    layers: Vec<Layer>,
}

/// The models' names, as `--models` takes them.
pub const NAMES: [&str; 7] = [
    "mlp128",
    "mlp128_dropout",
    "mlp512_256",
    "mlp100_100",
    "cnn_small",
    "cnn_deep",
    "cnn_adadelta",
];

impl Model {
    /// The model called `name`, one of [`NAMES`]; `None` for any other.
    pub fn named(name: &str) -> Option<Self> {
        let name = *NAMES.iter().find(|known| **known == name)?;
        Some(Self {
            name,
            batch_size: if name == "cnn_adadelta" { 128 } else { 32 },
            layers: layers(name),
        })
    }

    /// The network 784-N-10, with `n` hidden neurons.
    pub fn wide(n: usize) -> Self {
        Self {
            name: "784-N-10",
            batch_size: 32,
            layers: dense(&[784, n, 10]),
        }
    }

    /// The number of operations that one image takes in training, a multiplication and an addition
    /// counting as two, by the textbook's sums: each layer's outputs, gradients of its weights and
    /// gradients of its inputs cost the same, and the gradient of the image is not computed. Not
    /// counted is what is small beside these: activations, pooling, loss, optimiser.
    pub fn operations(&self) -> f64 {
        let all: usize = self.layers.iter().map(|layer| layer.multiply_adds()).sum();
        let first = self.layers[0].multiply_adds();
        (2 * (3 * all - first)) as f64
    }

    /// 10⁹ operations a second, if an epoch of `images` images takes `seconds`.
    pub fn gflops(&self, images: usize, seconds: f64) -> f64 {
        self.operations() * images as f64 / seconds / 1e9
    }
}

fn layers(name: &str) -> Vec<Layer> {
    match name {
        "mlp512_256" => dense(&[784, 512, 256, 10]),
        "mlp100_100" => dense(&[784, 100, 100, 10]),
        "cnn_small" => [vec![convolution(1, 32, 26)], dense(&[5408, 64, 10])].concat(),
        "cnn_deep" => [
            vec![
                convolution(1, 32, 26),
                convolution(32, 64, 11),
                convolution(64, 64, 3),
            ],
            dense(&[576, 64, 10]),
        ]
        .concat(),
        "cnn_adadelta" => [
            vec![convolution(1, 32, 26), convolution(32, 64, 24)],
            dense(&[9216, 128, 10]),
        ]
        .concat(),
        _ => dense(&[784, 128, 10]),
    }
}

fn dense(sizes: &[usize]) -> Vec<Layer> {
    let pairs = sizes.windows(2);
    pairs
        .map(|pair| Dense {
            inputs: pair[0],
            outputs: pair[1],
        })
        .collect()
}

/// A convolution by 3 × 3, as all of the sources' are; its output has the side `side`.
fn convolution(inputs: usize, outputs: usize, side: usize) -> Layer {
    Convolution {
        inputs,
        outputs,
        kernel: 3,
        side,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that Keras's `count_params` gives; a wrong size or a forgotten layer would show.
    #[test]
    fn the_layers_have_the_models_parameters() {
        let parameters = NAMES.map(|name| {
            let layers = Model::named(name).unwrap().layers;
            layers.iter().map(|layer| layer.parameters()).sum::<usize>()
        });
        let keras = [
            101_770, 101_770, 535_818, 89_610, 347_146, 93_322, 1_199_882,
        ];
        assert_eq!(parameters, keras);
    }

    /// 784·128 + 128·10 = 101,632 multiply-adds forward, of which 100,352 in the first layer.
    #[test]
    fn operations_are_three_passes_but_for_the_images_gradient() {
        let mlp = Model::named("mlp128").unwrap();
        assert_eq!(mlp.operations(), 2.0 * (3.0 * 101_632.0 - 100_352.0));
        assert_eq!(mlp.operations(), Model::wide(128).operations());
        let once_a_second = 1e9 / mlp.operations();
        assert!((mlp.gflops(once_a_second as usize, 1.0) - 1.0).abs() < 1e-3);
        assert!(Model::named("mlp129").is_none());
    }

    /// 32 filters of 3 × 3 over one channel, at 26 × 26 places, are 194,688 multiply-adds; 64 over
    /// 32 channels, at 11 × 11, are 2,230,272; 64 over 64, at 3 × 3, are 331,776.
    #[test]
    fn a_convolution_counts_every_place_that_it_is_put() {
        let deep = Model::named("cnn_deep").unwrap();
        let first = 194_688.0;
        let all = first + 2_230_272.0 + 331_776.0 + 576.0 * 64.0 + 640.0;
        assert_eq!(deep.operations(), 2.0 * (3.0 * all - first));
    }
}
