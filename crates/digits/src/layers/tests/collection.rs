//! Counting, resetting, saving, and every kind of batch.
use std::path::PathBuf;

use super::*;
use crate::layers::Fused;
use crate::models::{CnnDeep, Linear10};

#[test]
fn every_parameter_is_counted_once() {
    assert_eq!(
        build::<Conv2D<3, 4, 5>>(1).num_trainable_params(),
        4 * (3 * 25 + 1)
    );
    assert_eq!(build::<Dense<7, 5>>(1).num_trainable_params(), 5 * (7 + 1));
    assert_eq!(build::<Mixed>(1).num_trainable_params(), MIXED_PARAMETERS);
    assert_eq!(build::<CnnDeep>(1).num_trainable_params(), 93_322); // Keras's summary
    assert_eq!(build::<Linear10>(1).num_trainable_params(), 7_850);
}

#[test]
fn a_seed_gives_the_same_model_again_and_a_reset_another_one() {
    let (model, twin) = (build::<Mixed>(1), build::<Mixed>(1));
    assert_eq!(model.0.0.weight.array(), twin.0.0.weight.array());
    assert_eq!(model.2.1.weight.array(), twin.2.1.weight.array());
    let mut reset = twin;
    reset.0.0.bias.fill_with_ones();
    reset.reset_params();
    assert_ne!(model.0.0.weight.array(), reset.0.0.weight.array());
    assert_ne!(model.2.1.weight.array(), reset.2.1.weight.array());
    assert_eq!(reset.0.0.bias.array(), [0.0; 3]);
}

#[test]
fn batches_of_known_and_unknown_size_and_single_images_give_the_same_rows() {
    let model = build::<Mixed>(1);
    let known: Tensor<Rank4<5, 1, 8, 9>, f32, _> = Cpu::seed_from_u64(2).sample_uniform();
    let unknown = known
        .clone()
        .reshape_like(&(5usize, Const::<1>, Const::<8>, Const::<9>));
    let single: Tensor<Rank3<1, 8, 9>, f32, _> =
        known.clone().select(known.device().tensor(3usize));

    let of_known: Tensor<Rank2<5, 3>, f32, _> = model.forward(known);
    let of_unknown: Tensor<(usize, Const<3>), f32, _> = model.forward(unknown);
    let of_single: Tensor<Rank1<3>, f32, _> = model.forward(single);
    assert_eq!(of_unknown.shape().0, 5);
    assert_eq!(of_known.as_vec(), of_unknown.as_vec());
    for (alone, in_batch) in of_single.array().iter().zip(of_known.array()[3]) {
        assert!(
            (alone - in_batch).abs() < 1e-5,
            "{alone} against {in_batch}"
        );
    }
}

#[test]
fn flatten_keeps_row_major_order() {
    let x: Tensor<Rank3<2, 2, 3>, f32, _> =
        Cpu::default().tensor([[[0., 1., 2.], [3., 4., 5.]], [[6., 7., 8.], [9., 10., 11.]]]);
    let flat: Tensor<Rank1<12>, f32, _> = Flatten::<12>.forward(x.clone());
    assert_eq!(flat.as_vec(), x.as_vec());
    let turned: Tensor<Rank3<2, 3, 2>, f32, _> = x.permute::<_, Axes3<0, 2, 1>>();
    let flat: Tensor<Rank1<12>, f32, _> = Flatten::<12>.forward(turned);
    assert_eq!(
        flat.array(),
        [0., 3., 1., 4., 2., 5., 6., 9., 7., 10., 8., 11.]
    );
}

/// A file in the system's temporary folder, removed when the test is over.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let process = std::process::id();
        Self(std::env::temp_dir().join(format!("digits-{process}-{name}")))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_saved_model_comes_back_bit_for_bit() {
    let file = Temporary::new("layers.safetensors");
    let (model, mut other) = (build::<Mixed>(1), build::<Mixed>(2));
    model.save_safetensors(&file.0).unwrap();
    other.load_safetensors(&file.0).unwrap();
    let x = images::<8, 9>(4, 3);
    assert_eq!(model.forward(x.clone()).as_vec(), other.forward(x).as_vec());
    assert_eq!(model.1.0.weight.array(), other.1.0.weight.array());
    assert_eq!(model.2.1.bias.array(), other.2.1.bias.array());
}

/// Saved files, seeds and experiments do not notice which of the two a model is made of.
#[test]
fn a_fused_tuple_has_the_draws_the_names_and_the_file_of_the_plain_one() {
    type Layers = (Conv2D<1, 4, 3>, ReLU, Conv2D<4, 6, 3>, ReLU, MaxPool2D<2>);
    let (plain, fused) = (build::<Layers>(1), build::<Fused<Layers>>(1));
    assert_eq!(plain.0.weight.array(), fused.0.weight.array());
    assert_eq!(plain.2.weight.array(), fused.2.weight.array());
    let files = ["plain", "fused"].map(|name| Temporary::new(&format!("{name}.safetensors")));
    plain.save_safetensors(&files[0].0).unwrap();
    fused.save_safetensors(&files[1].0).unwrap();
    let [a, b] = files.each_ref().map(|file| std::fs::read(&file.0).unwrap());
    assert_eq!(a, b);
    let mut loaded = build::<Fused<Layers>>(2);
    assert_ne!(loaded.2.weight.array(), plain.2.weight.array());
    loaded.load_safetensors(&files[0].0).unwrap();
    assert_eq!(loaded.2.weight.array(), plain.2.weight.array());
}
