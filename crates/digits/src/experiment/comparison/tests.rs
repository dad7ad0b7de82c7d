use std::fs;

use super::super::{Machine, Survey};
use super::*;
use crate::scratch::Scratch;

fn runs(accuracies: [f64; 2], seconds: [f64; 2]) -> Runs {
    let run = |i: usize| Run {
        version: "x 1".into(),
        parameters: 10,
        seed: i as u64,
        epochs: vec![Epoch {
            loss: 0.5,
            accuracy: 0.5,
            val_loss: None,
            val_accuracy: None,
            seconds: seconds[i],
        }],
        test_loss: 0.1,
        test_accuracy: accuracies[i],
        load: Some(0.5),
    };
    Runs {
        runs: vec![run(0), run(1)],
        mean: (accuracies[0] + accuracies[1]) / 2.0,
        std: 0.001,
    }
}

fn comparison() -> Comparison {
    Comparison {
        origin: Origin {
            experiment: "example".into(),
            machine: Machine {
                cpu: "Some CPU".into(),
                cores: 2,
            },
            date: "2026-11-21".into(),
            command: "cargo xtask experiments example".into(),
        },
        keras: runs([0.990, 0.992], [9.0, 11.0]),
        digits: runs([0.989, 0.991], [2.0, 2.0]),
        difference: Difference {
            mean: -0.001,
            degrees_of_freedom: 2.0,
            interval_95: [-0.007, 0.005],
            comparisons: 7,
            interval_95_corrected: [-0.020, 0.018],
        },
    }
}

#[test]
fn what_is_written_is_read() {
    let folder = Scratch::new("experiment-read");
    let text = serde_json::to_string(&comparison()).unwrap();
    fs::write(folder.path().join("example.json"), text).unwrap();
    let read = Comparison::load_from(folder.path(), "example").unwrap();
    assert_eq!(read, comparison());
    assert_eq!(read.keras().test_accuracies(), [0.990, 0.992]);
    assert_eq!(read.keras().epoch_seconds(), 10.0);
    assert!(read.interval().contains(&0.0) && !read.interval().contains(&0.006));
    assert_eq!(read.corrected_interval(), -0.020..=0.018);
}

#[test]
fn a_missing_or_a_broken_file_is_named_with_what_to_do() {
    let folder = Scratch::new("experiment-broken");
    let missing = Comparison::load_from(folder.path(), "example").unwrap_err();
    assert!(matches!(missing, ExperimentError::Read { .. }));
    fs::write(folder.path().join("example.json"), "{\"experiment\": 3}").unwrap();
    let broken = Comparison::load_from(folder.path(), "example").unwrap_err();
    assert!(matches!(broken, ExperimentError::Parse { .. }));
    for error in [missing.to_string(), broken.to_string()] {
        assert!(
            error.contains("example.json") && error.contains("cargo xtask experiments example"),
            "{error}"
        );
    }
}

#[test]
fn the_table_has_a_line_for_each_seed_and_the_difference() {
    let table = comparison().to_string();
    assert!(
        table.starts_with("x 1\nSome CPU, 2 cores, 2026-11-21: cargo xtask experiments example\n"),
        "{table}"
    );
    assert!(
        table.contains("\nparameters           10       10\n"),
        "{table}"
    );
    assert!(
        table.contains("\nseed 1          99.20 %   99.10 %\n"),
        "{table}"
    );
    assert!(
        table.ends_with("\nhere − Keras: -0.10 points, 95 % interval -0.70 to +0.50; corrected for 7 comparisons, -2.00 to +1.80"),
        "{table}"
    );
}

#[test]
fn the_course_of_a_training_is_the_mean_of_all_runs_that_reached_the_epoch() {
    let mut runs = runs([0.990, 0.992], [9.0, 11.0]);
    let further = runs.runs[0].epochs[0];
    runs.runs[0].epochs.push(further); // the other run has only one
    runs.runs[1].epochs[0].loss = 0.25;
    let course = runs.history().epochs;
    assert_eq!(course.len(), 1);
    assert_eq!((course[0].loss, course[0].seconds), (0.375, 10.0));
    assert_eq!(course[0].val_loss, None);
    runs.runs[0].epochs[0].val_loss = Some(1.0);
    assert_eq!(runs.history().epochs[0].val_loss, None); // one run without it: no mean
    runs.runs[1].epochs[0].val_loss = Some(2.0);
    assert_eq!(runs.history().epochs[0].val_loss, Some(1.5));
}

#[test]
fn runs_are_said_as_mean_and_deviation() {
    let runs = runs([0.990, 0.992], [9.0, 11.0]);
    assert_eq!(runs.to_string(), "99.10 ± 0.10 %");
    assert_eq!(runs.parameters(), 10);
}

#[test]
fn a_comparison_is_no_survey() {
    let folder = Scratch::new("experiment-no-survey");
    let text = serde_json::to_string(&comparison()).unwrap();
    fs::write(folder.path().join("example.json"), text).unwrap();
    let error = Survey::load_from(folder.path(), "example").unwrap_err();
    assert!(matches!(error, ExperimentError::Parse { .. }), "{error}");
}
