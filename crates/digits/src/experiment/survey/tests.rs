use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::scratch::Scratch;

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
    static NUMBER: AtomicU32 = AtomicU32::new(0); // tests run side by side
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Scratch::new(&format!("experiment-survey-{number}"));
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
