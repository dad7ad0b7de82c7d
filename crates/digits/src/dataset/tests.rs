use super::*;
use crate::{
    idx::{self, ElementType, Elements, IdxArray},
    scratch::Scratch,
};
use std::{fs, path::PathBuf};

/// `n` images; all pixels of image `i` are `i`, and its label is `i` modulo 10.
fn numbered(n: u8) -> Dataset {
    let pixels = (0..n).flat_map(|i| [i; PIXELS]).collect();
    Dataset::new(pixels, (0..n).map(|i| i % 10).collect()).unwrap()
}

/// Writes an IDX file and returns its path.
fn file(scratch: &Scratch, name: &str, dims: &[usize], elements: Elements) -> PathBuf {
    let mut bytes = Vec::new();
    idx::write(
        &IdxArray {
            dims: dims.into(),
            elements,
        },
        &mut bytes,
    )
    .unwrap();
    scratch.write(name, &bytes)
}

/// `n` unsigned bytes, all 1.
fn bytes(n: usize) -> Elements {
    Elements::U8(vec![1; n])
}

#[test]
fn mnist_has_the_published_class_counts() {
    let mnist = Mnist::load().unwrap();
    let train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    let test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
    assert_eq!(mnist.train.class_counts(), train);
    assert_eq!(mnist.test.class_counts(), test);
    assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
    assert_eq!(mnist.train.labels()[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(mnist.test.labels()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    // The first pixel with ink of the first training image is in row 5, column 12.
    assert_eq!(
        mnist.train.image(0).iter().position(|&p| p > 0),
        Some(5 * SIDE + 12)
    );
    assert_eq!(
        (mnist.train.pixel(0, 5, 12), mnist.train.pixel(0, 5, 13)),
        (3, 18)
    );
}

#[test]
fn the_checksums_in_the_code_are_those_in_the_file_beside_the_data() {
    let sums = fs::read_to_string(folder().join("SHA256SUMS")).unwrap();
    let mut expected: Vec<String> = read::KNOWN
        .concat()
        .iter()
        .map(|(name, sha256)| format!("{sha256}  {}", name.trim_end_matches(".gz")))
        .collect();
    expected.sort();
    let mut found: Vec<&str> = sums.lines().collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn the_images_of_a_part_are_numbered_from_zero() {
    let data = numbered(30);
    let (train, validation) = data.split_validation(0.2);
    assert_eq!((train.len(), validation.len()), (24, 6));
    assert_eq!(validation.image(0), [24; PIXELS]);
    assert_eq!(validation.label(0), 4);
    assert_eq!(validation.labels(), [4, 5, 6, 7, 8, 9]);
    assert_eq!(validation.pixels().len(), 6 * PIXELS);
    assert_eq!(validation.class_counts(), [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    assert_eq!(validation.take(2).labels(), [4, 5]);
    assert_eq!(validation.split_validation(0.5).1.labels(), [7, 8, 9]);
    assert_eq!(validation.select(&[5, 0, 0]).labels(), [9, 4, 4]);
    assert_eq!(validation.select(&[5, 0, 0]).image(0), [29; PIXELS]);
}

#[test]
fn images_are_split_as_by_keras() {
    // floor(N · (1 − fraction)) in double precision, as Keras computes it: 9 · (1 − 0.9) is
    // 0.8999…
    let lengths = |n, fraction| {
        let (train, validation) = numbered(n).split_validation(fraction);
        (train.len(), validation.len())
    };
    assert_eq!(lengths(100, 0.1), (90, 10));
    assert_eq!(lengths(7, 0.5), (3, 4));
    assert_eq!(lengths(9, 0.9), (0, 9));
    assert_eq!(lengths(9, 0.0), (9, 0));
    assert_eq!(lengths(9, 1.0), (0, 9));
}

#[test]
#[should_panic(expected = "expected a fraction between 0 and 1, found 10")]
fn a_fraction_over_one_panics() {
    numbered(3).split_validation(10.0);
}

#[test]
fn taking_more_images_than_there_are_takes_all() {
    assert_eq!(numbered(3).take(9).len(), 3);
    assert!(numbered(3).take(0).is_empty());
}

#[test]
#[should_panic(expected = "range end index")]
fn an_image_past_the_end_of_a_part_panics() {
    numbered(3).take(2).image(2);
}

#[test]
fn a_wrong_number_of_pixels_is_an_error() {
    let error = Dataset::new(vec![0; PIXELS + 1], vec![1, 2]).unwrap_err();
    assert!(matches!(
        error,
        DatasetError::PixelCount {
            found: 785,
            labels: 2
        }
    ));
    assert!(
        error
            .to_string()
            .starts_with("expected 1568 pixels, 784 for each of 2 labels, found 785"),
        "{error}"
    );
}

#[test]
fn a_label_over_nine_is_an_error() {
    let error = Dataset::new(vec![0; 2 * PIXELS], vec![9, 10]).unwrap_err();
    assert!(matches!(
        error,
        DatasetError::Label {
            index: 1,
            found: 10
        }
    ));
    assert!(
        error
            .to_string()
            .starts_with("label 1: expected 0 to 9, found 10"),
        "{error}"
    );
}

#[test]
fn a_label_over_nine_in_a_file_is_an_error_with_its_position() {
    let scratch = Scratch::new("dataset-label");
    let images = file(&scratch, "images", &[3, 28, 28], bytes(3 * PIXELS));
    let labels = file(&scratch, "labels", &[3], Elements::U8(vec![0, 9, 11]));
    let error = Dataset::read(images, labels).unwrap_err();
    assert!(
        matches!(
            error,
            DatasetError::LabelInFile {
                position: 10,
                found: 11,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("labels: byte 10: expected a label from 0 to 9, found 11"),
        "{error}"
    );
}

#[test]
fn different_numbers_of_images_and_labels_are_an_error() {
    let scratch = Scratch::new("dataset-count");
    let images = file(&scratch, "images", &[3, 28, 28], bytes(3 * PIXELS));
    let labels = file(&scratch, "labels", &[2], bytes(2));
    let message = Dataset::read(images, labels).unwrap_err().to_string();
    assert!(
        message.contains("labels: bytes 4-7: expected 3 labels, as there are 3 images in"),
        "{message}"
    );
    assert!(
        message.contains("images, found 2; check that the two files belong together"),
        "{message}"
    );
}

#[test]
fn images_of_another_size_type_or_rank_are_an_error() {
    let scratch = Scratch::new("dataset-images");
    let labels = file(&scratch, "labels", &[1], bytes(1));
    let refused = |name, dims: &[usize], elements| {
        let error = Dataset::read(file(&scratch, name, dims, elements), &labels).unwrap_err();
        assert!(matches!(error, DatasetError::Images { .. }), "{error}");
        error.to_string()
    };
    let message = refused("size", &[1, 32, 28], bytes(32 * 28));
    assert!(
        message.contains(
            "expected unsigned bytes of shape (N, 28, 28), found U8 of shape [1, 32, 28]"
        ),
        "{message}"
    );
    refused("type", &[1, 28, 28], Elements::I8(vec![0; PIXELS]));
    refused("rank", &[28, 28], bytes(PIXELS));
}

#[test]
fn labels_of_another_type_or_rank_are_an_error() {
    let scratch = Scratch::new("dataset-labels");
    let images = file(&scratch, "images", &[1, 28, 28], bytes(PIXELS));
    let refused = |name, dims: &[usize], elements| {
        let error = Dataset::read(&images, file(&scratch, name, dims, elements)).unwrap_err();
        assert!(matches!(error, DatasetError::Labels { .. }), "{error}");
        error.to_string()
    };
    let message = refused("rank", &[1, 1], bytes(1));
    assert!(
        message.contains(
            "rank: bytes 2-7: expected unsigned bytes of shape (N), found U8 of shape [1, 1]"
        ),
        "{message}"
    );
    refused("type", &[1], Elements::I32(vec![1]));
}

#[test]
fn the_error_of_a_broken_file_contains_its_path() {
    let scratch = Scratch::new("dataset-broken");
    let images = scratch.write("images", &[0, 0, 8, 3, 0, 0]);
    let message = Dataset::read(images, scratch.path().join("labels"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("images: byte 6: the file ends inside its header"),
        "{message}"
    );
}

#[test]
fn valid_files_that_are_not_those_of_mnist_are_an_error() {
    let scratch = Scratch::new("dataset-hash");
    for (pair, n) in [("train", 60_000), ("t10k", 10_000)] {
        file(
            &scratch,
            &format!("{pair}-images-idx3-ubyte.gz"),
            &[n, 28, 28],
            bytes(n * PIXELS),
        );
        file(
            &scratch,
            &format!("{pair}-labels-idx1-ubyte.gz"),
            &[n],
            bytes(n),
        );
    }
    let error = Mnist::load_from(scratch.path()).unwrap_err();
    let DatasetError::Hash {
        path,
        expected,
        found,
    } = &error
    else {
        panic!("{error}")
    };
    assert!(path.ends_with("train-images-idx3-ubyte.gz"));
    assert!(expected.starts_with("ba891046") && found.len() == 64 && found != expected);
}

#[test]
fn the_error_of_a_missing_file_says_what_to_do() {
    let scratch = Scratch::new("dataset-missing");
    let error = Mnist::load_from(scratch.path()).unwrap_err();
    assert!(matches!(error, DatasetError::Missing { .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains("train-images-idx3-ubyte.gz: no such file"),
        "{message}"
    );
    assert!(
        message.contains("git checkout data/mnist") && message.contains("DIGITS_DATA"),
        "{message}"
    );
}

#[test]
fn the_error_of_a_wrong_element_type_contains_the_type() {
    let error = DatasetError::Images {
        path: "x".into(),
        element: ElementType::F64,
        dims: vec![2],
    };
    assert!(
        error.to_string().contains("found F64 of shape [2]"),
        "{error}"
    );
}
