//! All pictures are well-formed XML with an alternative text and with colours that suit the page.

use super::*;
use crate::dataset::{Dataset, PIXELS};
use crate::metrics::ConfusionMatrix;

/// Four images with a pattern.
fn data() -> Dataset {
    let pixels = (0..4 * PIXELS).map(|i| (i % 256) as u8).collect();
    Dataset::new(pixels, vec![5, 0, 4, 1]).expect("four small images")
}

/// A picture of three pixels.
fn grey() -> crate::image::Grey {
    crate::image::Grey::new(1, 3, vec![0.0, 0.5, 1.0]).expect("three values")
}

/// Loss and accuracy of three epochs.
fn courses() -> history::Curves {
    history::Curves {
        loss: vec![0.3, 0.1, 0.05],
        accuracy: vec![0.952, 0.981, 0.994],
    }
}

/// A picture of each kind.
fn all() -> Vec<Picture> {
    let later = history::Curves {
        loss: vec![0.2, 0.04, 0.06],
        accuracy: vec![0.97, 0.99, 0.989],
    };
    let matrix = [vec![-1.0, 0.0, 0.5, 2.0], vec![0.0; 4]];
    vec![
        digits(&data(), &[0, 1, 2, 3], 2),
        captioned(&data(), &[3, 0], &["1 <7> \"&\"", "5"], 2),
        pixels(&data(), 0, Notation::Hex),
        history::draw(&courses(), Some(&later)),
        confusion(&ConfusionMatrix::new(&[5, 0, 9, 1], &[5, 0, 4, 1])),
        matrices(&matrix, 2, 2, 2, &["a", "b"]),
        images(&[[0.0f32, 1.0]], 1, 2, 1, NO_LABELS),
        photographs(&[grey(), grey()], &["<a>", "b & c"]),
        lines(
            &[Series::new("a & b", &[0, 1], &[-1.0, 1.0])],
            "x (m)",
            "y <s>",
        ),
        bars(&["a", "b"], &[-1.5, 2.0], "name", "height (m)"),
        histogram(&[1u8, 2, 2, 3], 3, "value"),
        spread(
            &["<a>", "b & c"],
            &[vec![1.5, 2.5], vec![-0.5]],
            "gap (points)",
        ),
    ]
    .into_iter()
    .collect::<Result<_, _>>()
    .expect("every picture can be drawn")
}

#[test]
fn every_picture_is_xml_with_the_alternative_text_as_its_label() {
    for picture in all() {
        let document = roxmltree::Document::parse(&picture.svg)
            .unwrap_or_else(|error| panic!("{}: {error}", picture.alt));
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        assert_eq!(root.attribute("role"), Some("img"));
        assert_eq!(root.attribute("aria-label"), Some(picture.alt.as_str()));
        assert!(
            picture.alt.ends_with('.') && picture.alt.len() > 20,
            "{}",
            picture.alt
        );
        assert_eq!(
            picture.svg.lines().count(),
            1,
            "blank lines would end HTML in Markdown"
        );
    }
}

#[test]
fn text_has_the_colour_of_the_page_and_nothing_is_black_or_white() {
    for picture in all() {
        let document = roxmltree::Document::parse(&picture.svg).expect("XML");
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let paint: Vec<&str> = ["fill", "stroke"]
                .iter()
                .filter_map(|name| node.attribute(*name))
                .collect();
            for colour in &paint {
                let placeholder = colour.starts_with("#010");
                assert!(!placeholder, "{colour} was not replaced in {}", picture.alt);
                let absolute = ["#000000", "#FFFFFF", "black", "white"].contains(colour);
                assert!(!absolute, "{colour} in {}", picture.alt);
            }
            if node.has_tag_name(("http://www.w3.org/2000/svg", "text")) {
                assert!(
                    paint.iter().all(|colour| *colour == "currentColor"),
                    "{}",
                    picture.alt
                );
            }
        }
    }
}

#[test]
fn the_same_values_give_the_same_bytes() {
    assert_eq!(all(), all());
}

#[test]
fn a_picture_of_a_hundred_digits_is_smaller_than_150_kilobytes() {
    let pixels = (0..100 * PIXELS).map(|i| (i * i / 7 % 251) as u8).collect();
    let data = Dataset::new(pixels, vec![8; 100]).expect("a hundred images of noise");
    let indices: Vec<usize> = (0..100).collect();
    let picture = digits(&data, &indices, 10).expect("drawn");
    assert!(picture.svg.len() < 150_000, "{} bytes", picture.svg.len());
}

#[test]
fn the_alternative_text_of_a_history_has_its_numbers() {
    let later = history::Curves {
        loss: vec![0.2, 0.04, 0.06],
        accuracy: vec![0.97, 0.99, 0.989],
    };
    let picture = history::draw(&courses(), Some(&later)).expect("drawn");
    assert_eq!(
        picture.alt,
        "Training loss falls from 0.3 after epoch 1 to 0.05 after epoch 3. Validation loss falls \
         from 0.2 after epoch 1 to 0.06 after epoch 3; lowest, 0.04, after epoch 2. Training \
         accuracy rises from 95.2 % after epoch 1 to 99.4 % after epoch 3. Validation accuracy \
         rises from 97.0 % after epoch 1 to 98.9 % after epoch 3; highest, 99.0 %, after epoch 2."
    );
}

#[test]
fn the_alternative_text_of_a_confusion_matrix_has_the_most_frequent_mistakes() {
    let matrix = ConfusionMatrix::new(&[9, 9, 4, 1], &[4, 4, 4, 1]);
    let picture = confusion(&matrix).expect("drawn");
    assert_eq!(
        picture.alt,
        "Of 4 digits 2 (50.0 %) are predicted right. Most frequent mistakes: 4 taken for 9 (2)."
    );
}

#[test]
fn the_alternative_text_of_matrices_says_where_the_extreme_values_are() {
    let picture = matrices(&[[0.0f32, -1.5], [3.0, 0.0]], 1, 2, 2, &["0", "1"]).expect("drawn");
    assert_eq!(
        picture.alt,
        "2 maps of 1 × 2 values, labelled 0 and 1. Values run from −1.5 to 3; the lowest is in \
         “0”, row 0, column 1, the highest in “1”, row 0, column 0."
    );
}

#[test]
fn values_on_a_boundary_are_counted_on_its_right_and_the_largest_in_the_last_bin() {
    let picture = histogram(&[0.0, 1.0, 2.0, 2.0], 2, "value").expect("drawn");
    assert_eq!(
        picture.alt,
        "4 values from 0 to 2 in 2 bins: the fullest, 1 to 2, holds 3 (75.0 %)."
    );
}

#[test]
fn nothing_to_draw_is_an_error() {
    let none: [Vec<f32>; 0] = [];
    let errors = [
        digits(&data(), &[], 1),
        matrices(&none, 2, 2, 1, NO_LABELS),
        lines(&[], "x", "y"),
        lines(&[Series::new("a", &[0; 0], &[0; 0])], "x", "y"),
        bars(&NO_LABELS[..0], &[0.0; 0], "x", "y"),
        histogram(&[0.0; 0], 3, "x"),
        confusion(&ConfusionMatrix::new(&[], &[])),
        history::draw(
            &history::Curves {
                loss: vec![],
                accuracy: vec![],
            },
            None,
        ),
    ];
    for error in errors {
        assert!(matches!(error, Err(PlotError::Empty { .. })), "{error:?}");
    }
}

#[test]
fn wrong_sizes_are_errors() {
    let zero = Err(PlotError::Zero { what: "columns" });
    assert_eq!(digits(&data(), &[0], 0), zero);
    assert_eq!(
        histogram(&[1.0], 0, "x"),
        Err(PlotError::Zero { what: "bins" })
    );
    assert_eq!(
        digits(&data(), &[4], 1),
        Err(PlotError::Index { index: 4, len: 4 })
    );
    assert!(matches!(
        pixels(&data(), 9, Notation::Hex),
        Err(PlotError::Index { .. })
    ));
    for wrong in [
        captioned(&data(), &[0, 1], &["one"], 2),
        matrices(&[[0.0f32; 3]], 2, 2, 1, NO_LABELS),
        matrices(&[[0.0f32; 4]], 2, 2, 1, &["a", "b"]),
        bars(&["a"], &[1.0, 2.0], "x", "y"),
        lines(&[Series::new("a", &[0, 1], &[1.0])], "x", "y"),
    ] {
        assert!(matches!(wrong, Err(PlotError::Length { .. })), "{wrong:?}");
    }
}

#[test]
fn the_error_of_a_value_that_cannot_be_drawn_contains_its_index() {
    let nan = lines(&[Series::new("loss", &[0, 1], &[1.0, f64::NAN])], "x", "y");
    let message = nan.expect_err("NaN cannot be drawn").to_string();
    assert!(
        message.starts_with("y of \"loss\": expected finite values, found NaN at index 1"),
        "{message}"
    );
    for wrong in [
        matrices(&[[0.0, f32::INFINITY]], 1, 2, 1, NO_LABELS),
        images(&[[f32::NAN]], 1, 1, 1, NO_LABELS),
        bars(&["a"], &[f64::NAN], "x", "y"),
        histogram(&[1.0, f64::NEG_INFINITY], 2, "x"),
    ] {
        assert!(
            matches!(wrong, Err(PlotError::NotFinite { .. })),
            "{wrong:?}"
        );
    }
    let outside = images(&[[0.5f32, 1.5]], 1, 2, 1, NO_LABELS);
    assert!(
        matches!(outside, Err(PlotError::Range { position: 1, .. })),
        "{outside:?}"
    );
}

#[test]
fn equal_values_can_be_drawn() {
    for value in [0.0, 5.0, -3.0] {
        let flat = [Series::new("flat", &[0, 1], &[value, value])];
        assert!(lines(&flat, "x", "y").is_ok());
        assert!(histogram(&[value; 3], 4, "x").is_ok());
        assert!(matrices(&[[value as f32; 4]], 2, 2, 1, NO_LABELS).is_ok());
    }
}

#[test]
fn debug_prints_the_alternative_text() {
    let picture = histogram(&[0.0, 1.0, 2.0, 2.0], 2, "value").expect("drawn");
    assert!(format!("{picture:?}").starts_with("Picture(\"4 values from 0 to 2"));
    assert!(picture.html().starts_with("<figure class=\"picture\""));
}
