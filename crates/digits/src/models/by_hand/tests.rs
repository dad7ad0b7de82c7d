use super::*;

fn digits(n: usize, inputs: usize) -> (Vec<f32>, Vec<u8>) {
    let x = (0..n * inputs).map(|i| (i as f32 * 0.7).sin().abs());
    (x.collect(), (0..n).map(|i| (i % 3) as u8).collect())
}

/// The loss as its definition says, one image and one sum at a time, in `f64`.
fn loss(network: &Mlp, x: &[f32], labels: &[u8]) -> f64 {
    let inputs = network.layers[0].inputs();
    let mut total = 0.0;
    for (x, &label) in x.chunks_exact(inputs).zip(labels) {
        let mut a: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        for (depth, layer) in network.layers.iter().enumerate() {
            let rows = layer.weight.chunks_exact(a.len()).zip(&layer.bias);
            let z = rows.map(|(w, &b)| {
                f64::from(b)
                    + w.iter()
                        .zip(&a)
                        .map(|(&w, a)| f64::from(w) * a)
                        .sum::<f64>()
            });
            let last = depth + 1 == network.layers.len();
            a = z.map(|z| if last { z } else { z.max(0.0) }).collect();
        }
        let sum: f64 = a.iter().map(|z| z.exp()).sum();
        total -= (a[usize::from(label)].exp() / sum).ln();
    }
    total / labels.len() as f64
}

#[test]
fn gradients_of_every_layer_agree_with_central_differences() {
    let network = Mlp::new(&[7, 5, 4, 3], Start::He, 3);
    let (x, labels) = digits(6, 7);
    let (value, gradients) = network.gradients(&x, &labels);
    assert!((f64::from(value) - loss(&network, &x, &labels)).abs() < 1e-6);
    for (depth, gradient) in gradients.iter().enumerate() {
        let mut moved = network.clone();
        for i in 0..network.layers[depth].weight.len() {
            let w = network.layers[depth].weight[i];
            let mut side = |w: f32| {
                moved.layers[depth].weight[i] = w;
                loss(&moved, &x, &labels)
            };
            let measured = (side(w + 1e-4) - side(w - 1e-4)) / 2e-4;
            side(w);
            let derived = f64::from(gradient.weight[i]);
            assert!(
                (derived - measured).abs() < 1e-4,
                "layer {depth}, weight {i}: {derived}, measured {measured}"
            );
        }
        for i in 0..network.layers[depth].bias.len() {
            let mut side = |h: f32| {
                moved.layers[depth].bias[i] = h;
                loss(&moved, &x, &labels)
            };
            let measured = (side(1e-4) - side(-1e-4)) / 2e-4;
            side(0.0);
            let derived = f64::from(gradient.bias[i]);
            assert!(
                (derived - measured).abs() < 1e-4,
                "layer {depth}, bias {i}: {derived}, measured {measured}"
            );
        }
    }
}

#[test]
fn a_step_goes_against_the_gradient() {
    let mut network = Mlp::new(&[7, 5, 3], Start::Glorot, 1);
    let (x, labels) = digits(4, 7);
    let before = network.clone();
    let (_, gradients) = network.gradients(&x, &labels);
    network.step(&x, &labels, 0.5);
    for (depth, gradient) in gradients.iter().enumerate() {
        for (i, w) in before.layers[depth].weight.iter().enumerate() {
            assert_eq!(
                network.layers[depth].weight[i],
                w - 0.5 * gradient.weight[i]
            );
        }
    }
}

#[test]
fn the_sources_network_has_its_parameters_within_the_limits_of_its_start() {
    for (start, limit) in [
        (Start::Plain, 1.0),
        (Start::Glorot, (6.0f32 / 884.0).sqrt()),
        (Start::He, (6.0f32 / 784.0).sqrt()),
    ] {
        let network = Mlp::new(&[784, 100, 10], start, 5);
        let count: usize = network
            .layers
            .iter()
            .map(|layer| layer.weight.len() + layer.bias.len())
            .sum();
        assert_eq!(count, 79_510);
        let widest = network.layers[0]
            .weight
            .iter()
            .fold(0.0f32, |widest, w| widest.max(w.abs()));
        assert!(
            widest <= limit && widest > 0.99 * limit,
            "{start:?}: {widest}"
        );
    }
}

#[test]
fn the_largest_logit_is_the_class_and_the_first_wins_a_tie() {
    let network = Mlp {
        layers: vec![Layer {
            weight: vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0],
            bias: vec![0.0, 0.0, 0.0],
        }],
    };
    assert_eq!(
        network.classes(&[2.0, 1.0, 1.0, 3.0, f32::NAN, 0.0]),
        [0, 1, 0]
    );
}
