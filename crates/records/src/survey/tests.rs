use super::*;
use crate::Machine;

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
    let origin = Origin {
        experiment: "example".into(),
        machine: Machine {
            cpu: "Some CPU".into(),
            cores: 2,
        },
        date: "2026-11-22".into(),
        command: "cargo xtask experiments example".into(),
    };
    let settings = vec![
        setting("rate 0.1", [0.96, 0.98]),
        setting("a rate of 1", [0.5, 0.5]),
    ];
    Survey::new(origin, settings)
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
fn what_is_written_is_read_and_has_a_line_for_each_trial() {
    let text = survey().to_text().unwrap();
    assert_eq!(serde_json::from_str::<Survey>(&text).unwrap(), survey());
    assert_eq!(text.lines().filter(|line| line.contains("seed")).count(), 4);
}
