//! Each step from a photograph to a picture of 28 × 28 pixels.

use super::*;
use ::image::imageops;

/// A picture from rows of digits, separated by spaces; each digit is a value in tenths.
fn rows(text: &str) -> Grey {
    let tenths = |c: char| c.to_digit(10).unwrap() as f32 / 10.0;
    let lines: Vec<&str> = text.split_whitespace().collect();
    let values = lines
        .iter()
        .flat_map(|line| line.chars().map(tenths))
        .collect();
    Grey::new(lines.len(), lines[0].len(), values).unwrap()
}

#[test]
fn inverting_twice_gives_the_picture_back() {
    let picture = rows("05 91");
    assert!((picture.invert().at(1, 0) - 0.1).abs() < 1e-6);
    for (a, b) in picture
        .invert()
        .invert()
        .values()
        .iter()
        .zip(picture.values())
    {
        assert!((a - b).abs() < 1e-6);
    }
}

#[test]
fn a_crop_has_the_rows_and_columns_of_its_rectangle() {
    assert_eq!(rows("012 345 678").crop(1, 1, 2, 2).unwrap(), rows("45 78"));
    for (top, left, height, width) in [
        (0, 0, 4, 1),
        (0, 2, 1, 2),
        (1, 1, 0, 1),
        (usize::MAX, 0, 2, 1),
    ] {
        let error = rows("012 345 678")
            .crop(top, left, height, width)
            .unwrap_err();
        assert!(matches!(error, ImageError::Outside { .. }), "{error}");
    }
}

/// Otsu's threshold by another definition: the level with the smallest sum of squared deviations
/// from the mean values of both sides.
fn least_variance_within(values: &[f32]) -> f32 {
    let within = |side: Vec<f64>| {
        let mean = side.iter().sum::<f64>() / side.len() as f64;
        side.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    };
    let cost = |level: f32| {
        let side = |ink| {
            values
                .iter()
                .filter(move |v| (**v > level) == ink)
                .map(|v| f64::from(*v))
        };
        within(side(false).collect()) + within(side(true).collect())
    };
    let levels = (0..255).map(|byte| (byte as f32 + 0.5) / 255.0);
    let cut = |level: &f32| values.iter().any(|v| v > level) && values.iter().any(|v| v <= level);
    levels
        .filter(cut)
        .min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
        .unwrap()
}

#[test]
fn otsus_threshold_minimises_the_variance_within_both_sides() {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as f32 / 255.0
    };
    for _ in 0..20 {
        let values: Vec<f32> = (0..120)
            .map(|_| (255.0 * next() * next()).round() / 255.0)
            .collect();
        let ours = Grey::new(10, 12, values.clone())
            .unwrap()
            .otsu_level()
            .unwrap();
        let expected = least_variance_within(&values);
        let sides = |level: f32| values.iter().filter(|v| **v > level).count();
        assert_eq!(sides(ours), sides(expected), "{ours} {expected}");
    }
}

#[test]
fn thresholding_leaves_only_ink_and_paper() {
    assert_eq!(
        rows("121 898 111").threshold().unwrap().bytes(),
        [0, 0, 0, 255, 255, 255, 0, 0, 0]
    );
}

#[test]
fn a_page_without_ink_is_an_error() {
    for blank in [rows("000 000"), rows("555 555"), rows("999 999")] {
        let error = blank.as_mnist().unwrap_err();
        assert!(matches!(error, ImageError::Blank { .. }), "{error}");
    }
    let paper = (0..100)
        .map(|i| 0.8 + 0.0002 * ((i * 37 % 100) as f32))
        .collect();
    let error = Grey::new(10, 10, paper)
        .unwrap()
        .as_mnist()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("found a blank page: values from 0.180 to 0.200"),
        "{error}"
    );
    let nothing = rows("00 00");
    assert!(
        nothing.ink_box().is_err()
            && nothing.centre_of_mass().is_err()
            && nothing.crop_to_ink().is_err()
    );
}

#[test]
fn the_ink_box_is_the_bounding_box_of_the_ink() {
    let picture = rows("00000 00100 00090 00000");
    let ink = picture.ink_box().unwrap();
    assert_eq!((ink.top, ink.left, ink.bottom, ink.right), (1, 2, 3, 4));
    assert_eq!(picture.crop_to_ink().unwrap(), rows("10 09"));
}

#[test]
fn the_centre_of_mass_is_the_mean_position_of_the_ink() {
    // A value of 0.2 in row 0, column 1, and of 0.6 in row 2, column 3.
    let (row, col) = rows("0200 0000 0006").centre_of_mass().unwrap();
    assert!(
        (row - 1.5).abs() < 1e-6 && (col - 2.5).abs() < 1e-6,
        "{row} {col}"
    );
}

#[test]
fn resizing_keeps_the_mean_and_makes_edges_grey() {
    let half = Grey::new(
        40,
        40,
        (0..1600)
            .map(|at| if at % 40 < 17 { 1.0 } else { 0.0 })
            .collect(),
    )
    .unwrap();
    let small = half.resize(10, 10).unwrap();
    let mean = |g: &Grey| g.values().iter().sum::<f32>() / g.values().len() as f32;
    assert!((mean(&small) - mean(&half)).abs() < 0.01);
    assert!(small.values().iter().any(|v| (0.1..0.9).contains(v)));
    assert!(
        half.resize_nearest(10, 10)
            .unwrap()
            .values()
            .iter()
            .all(|v| *v == 0.0 || *v == 1.0)
    );
}

#[test]
fn fitting_keeps_the_aspect_ratio() {
    let tall = Grey::new(50, 10, vec![1.0; 500]).unwrap();
    for (side, expected) in [(20, (20, 4)), (5, (5, 1)), (2, (2, 1))] {
        let fitted = tall.fit(side).unwrap();
        assert_eq!((fitted.height(), fitted.width()), expected);
        assert!(fitted.values().iter().all(|v| (v - 1.0).abs() < 1e-6));
    }
    assert!(matches!(
        tall.fit(0).unwrap_err(),
        ImageError::Side { least: 1, found: 0 }
    ));
    assert!(matches!(
        tall.resize(3, 50_000).unwrap_err(),
        ImageError::Side { .. }
    ));
}

#[test]
fn the_centre_of_mass_moves_to_the_middle_and_no_ink_is_lost() {
    // The centre of mass of an L is not in the middle of its bounding box.
    let l: Vec<f32> = (0..225)
        .map(|at| {
            if at % 15 < 3 || at / 15 > 12 {
                1.0
            } else {
                0.0
            }
        })
        .collect();
    let l = Grey::new(15, 15, l).unwrap();
    let placed = l.centre_by_mass(28).unwrap();
    let (row, col) = placed.centre_of_mass().unwrap();
    assert!(
        (row - 14.0).abs() <= 0.5 && (col - 14.0).abs() <= 0.5,
        "{row} {col}"
    );
    assert_eq!(
        placed.values().iter().sum::<f32>(),
        l.values().iter().sum::<f32>()
    );
    // With nearly all the mass in one corner, the picture is placed at the edge.
    let mut values = vec![0.0; 400];
    (values[0], values[399]) = (1.0, 0.01);
    let corner = Grey::new(20, 20, values)
        .unwrap()
        .centre_by_mass(28)
        .unwrap();
    assert_eq!(corner.at(8, 8), 1.0);
    assert!(matches!(
        l.centre_by_mass(14).unwrap_err(),
        ImageError::Side {
            least: 15,
            found: 14
        }
    ));
}

/// The digits of MNIST are centred already: centring them again must not move them.
#[test]
fn digits_of_mnist_are_not_moved() {
    let mnist = crate::dataset::Mnist::load().unwrap();
    let mut moved = 0;
    for i in 0..500 {
        let digit = Grey::from_bytes(28, mnist.test.image(i)).unwrap();
        let again = digit.crop_to_ink().unwrap().centre_by_mass(28).unwrap();
        moved += usize::from(again != digit);
    }
    assert_eq!(moved, 0);
}

#[test]
fn bytes_are_unchanged_by_conversion_to_values_and_back() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(Grey::from_bytes(16, &bytes).unwrap().bytes(), bytes);
    assert!(Grey::from_bytes(28, &bytes).is_err());
}

#[test]
fn rotating_before_the_other_steps_is_like_rotating_after_them() {
    let picture = rows("99999999 99199999 99199999 91111199 99199919 99199999 99999999");
    let as_image = |g: &Grey| {
        ::image::GrayImage::from_raw(g.width() as u32, g.height() as u32, g.bytes()).unwrap()
    };
    let turn = |g: &Grey| {
        let turned = imageops::rotate180(&as_image(g));
        let values = turned
            .as_raw()
            .iter()
            .map(|&b| f32::from(b) / 255.0)
            .collect();
        Grey::new(g.height(), g.width(), values).unwrap()
    };
    let ink = |g: &Grey| {
        g.invert()
            .threshold()
            .unwrap()
            .crop_to_ink()
            .unwrap()
            .fit(20)
            .unwrap()
    };
    let (a, b) = (ink(&turn(&picture)), turn(&ink(&picture)));
    let largest = a
        .values()
        .iter()
        .zip(b.values())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(largest < 0.01, "{largest}");
}
