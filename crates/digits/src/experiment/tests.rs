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
        table.contains("\nseed 1          99.20 %   99.10 %\n"),
        "{table}"
    );
    assert!(
        table.ends_with("\nhere − Keras: -0.10 points, 95 % interval -0.70 to +0.50"),
        "{table}"
    );
}

fn survey() -> Survey {
    let trial = |seed, test_accuracy| Trial {
        seed,
        losses: vec![0.5, 0.25],
        train_accuracy: 0.99,
        test_accuracy,
        seconds: 3.0,
    };
    let setting = |name: &str, accuracies: [f64; 2]| Setting {
        name: name.into(),
        trials: vec![trial(1, accuracies[0]), trial(2, accuracies[1])],
    };
    let text = serde_json::json!({
        "experiment": "example",
        "machine": { "cpu": "Some CPU", "cores": 2 },
        "date": "2026-11-22",
        "command": "cargo xtask experiments example",
        "settings": [setting("rate 0.1", [0.96, 0.98]), setting("a rate of 1", [0.5, 0.5])],
    });
    let folder = Scratch::new("experiment-survey");
    fs::write(folder.path().join("example.json"), text.to_string()).unwrap();
    Survey::load_from(folder.path(), "example").unwrap()
}

#[test]
fn a_survey_finds_its_settings_by_name_with_mean_and_standard_error() {
    let survey = survey();
    let setting = survey.setting("rate 0.1").unwrap();
    assert!((setting.mean() - 0.97).abs() < 1e-12);
    assert!((setting.standard_error() - 0.01).abs() < 1e-12); // deviation 0.01·√2, over √2
    assert!(survey.setting("rate 0.2").is_none());
    assert_eq!(survey.settings().len(), 2);
}

#[test]
fn the_table_of_a_survey_has_a_line_for_each_setting() {
    let expected = "Some CPU, 2 cores, 2026-11-22: cargo xtask experiments example\n\
        setting      runs  test accuracy  standard error\n\
        rate 0.1        2        97.00 %     1.00 points\n\
        a rate of 1     2        50.00 %     0.00 points";
    assert_eq!(survey().to_string(), expected);
}

#[test]
fn a_comparison_is_no_survey() {
    let folder = Scratch::new("experiment-no-survey");
    let text = serde_json::to_string(&comparison()).unwrap();
    fs::write(folder.path().join("example.json"), text).unwrap();
    let error = Survey::load_from(folder.path(), "example").unwrap_err();
    assert!(matches!(error, ExperimentError::Parse { .. }), "{error}");
}
