//! Many settings of one program: its example runs all of them from one seed, and prints a list of
//! settings with one trial each. Here the trials of all seeds are put side by side.

use anyhow::{Context, Result, ensure};
use records::Setting;

/// The settings with the trials of all seeds, from the settings that each seed ran.
///
/// # Errors
/// If there is no seed, or two seeds ran different settings.
pub fn side_by_side(by_seed: Vec<Vec<Setting>>) -> Result<Vec<Setting>> {
    let mut by_seed = by_seed.into_iter();
    let mut settings = by_seed.next().context("no seed, no survey")?;
    for others in by_seed {
        ensure!(
            others.len() == settings.len(),
            "one seed ran {} settings, another {}",
            settings.len(),
            others.len()
        );
        for (setting, other) in settings.iter_mut().zip(others) {
            ensure!(
                setting.name == other.name,
                "one seed ran {:?}, another {:?} in its place",
                setting.name,
                other.name
            );
            setting.trials.extend(other.trials);
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::Trial;

    fn run(names: [&str; 2], seed: u64) -> Vec<Setting> {
        let trial = Trial {
            seed,
            losses: vec![0.5],
            train_accuracy: 0.9,
            test_accuracy: 0.9,
            seconds: 1.0,
        };
        let setting = |name: &str| Setting {
            name: name.into(),
            trials: vec![trial.clone()],
        };
        names.map(setting).into()
    }

    #[test]
    fn trials_of_one_setting_stand_side_by_side() {
        let both = side_by_side(vec![run(["a", "b"], 1), run(["a", "b"], 2)]).unwrap();
        let names: Vec<_> = both.iter().map(|setting| setting.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let seeds: Vec<_> = both[1].trials.iter().map(|trial| trial.seed).collect();
        assert_eq!(seeds, [1, 2]);
    }

    #[test]
    fn settings_that_differ_between_seeds_are_refused() {
        let error = side_by_side(vec![run(["a", "b"], 1), run(["a", "c"], 2)]).unwrap_err();
        assert!(
            error.to_string().contains("\"b\", another \"c\""),
            "{error}"
        );
    }
}
