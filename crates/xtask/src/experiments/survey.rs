//! Many settings of one program: its example of `digits` runs all of them from one seed and prints them as one line of
//! JSON, a list of settings with one trial each. Here the seeds' trials are put side by side.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Settings with the trials of all seeds, from what each seed's run gave.
pub fn side_by_side(by_seed: Vec<Value>) -> Result<Value> {
    let mut by_seed = by_seed.into_iter();
    let mut settings = by_seed.next().context("no seed, no survey")?;
    let all = settings
        .as_array_mut()
        .context("expected a list of settings")?;
    for other in by_seed {
        let other = other.as_array().context("expected a list of settings")?;
        ensure!(
            other.len() == all.len(),
            "one seed ran {} settings, another {}",
            all.len(),
            other.len()
        );
        for (setting, other) in all.iter_mut().zip(other) {
            ensure!(
                setting["name"] == other["name"],
                "one seed ran {}, another {} in its place",
                setting["name"],
                other["name"]
            );
            let trials = other["trials"]
                .as_array()
                .context("a setting without trials")?;
            let into = setting["trials"].as_array_mut();
            into.context("a setting without trials")?
                .extend_from_slice(trials);
        }
    }
    Ok(settings)
}

/// The file's text: a line for each trial, so that it can be read and compared.
pub fn text(results: &Value) -> Result<String> {
    let mut lines = Vec::new();
    for (name, value) in results.as_object().context("expected an object")? {
        let Some(settings) = value.as_array() else {
            lines.push(format!("  {}: {value}", Value::from(name.as_str())));
            continue;
        };
        let mut blocks = Vec::new();
        for setting in settings {
            let trials = setting["trials"].as_array();
            let trials = trials.context("a setting without trials")?.iter();
            let trials: Vec<String> = trials.map(|trial| format!("      {trial}")).collect();
            let head = format!("    {{\"name\": {}, \"trials\": [", setting["name"]);
            blocks.push(format!("{head}\n{}\n    ]}}", trials.join(",\n")));
        }
        let head = format!("  {}: [", Value::from(name.as_str()));
        lines.push(format!("{head}\n{}\n  ]", blocks.join(",\n")));
    }
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(names: [&str; 2], seed: u64) -> Value {
        json!(names.map(|name| json!({ "name": name, "trials": [{ "seed": seed }] })))
    }

    #[test]
    fn trials_of_one_setting_stand_side_by_side_a_line_each() {
        let both = side_by_side(vec![run(["a", "b"], 1), run(["a", "b"], 2)]).unwrap();
        let trials = json!([{ "seed": 1 }, { "seed": 2 }]);
        assert_eq!(both[1], json!({ "name": "b", "trials": trials }));
        let results = json!({ "experiment": "x", "settings": both });
        let text = text(&results).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), results);
        assert_eq!(text.lines().filter(|line| line.contains("seed")).count(), 4);
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
