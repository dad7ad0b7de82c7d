//! Where and when results were made: machine and day, as the files of experiments and of the bench hold them; and how these
//! files are laid out.

use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The processor and how many of its cores may be used.
pub fn machine() -> Value {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = info.lines().find(|line| line.starts_with("model name"));
    let cpu = match named.and_then(|line| line.split_once(':')) {
        Some((_, cpu)) => cpu.trim(),
        None => env::consts::ARCH,
    };
    json!({ "cpu": cpu, "cores": cores })
}

/// The day in UTC, `2026-11-21`.
///
/// # Errors
/// If the clock is before 1970.
pub fn date(now: SystemTime) -> Result<String> {
    let days = now
        .duration_since(UNIX_EPOCH)
        .context("the clock is before 1970")?
        .as_secs()
        / 86_400;
    let (mut year, mut left) = (1970, days);
    loop {
        let length = 365 + u64::from(leap(year));
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    Ok(format!("{year}-{:02}-{:02}", month + 1, left + 1))
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// How many processes wanted to run in the last minute, where the system says so.
pub fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Results as text that can be read and compared line by line: what holds nothing but numbers and words is one line.
pub fn text(results: &Value) -> String {
    let mut text = String::new();
    lay_out(results, "", &mut text);
    text + "\n"
}

fn lay_out(value: &Value, indent: &str, text: &mut String) {
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (json!(k).to_string() + ": ", v))
            .collect(),
        Value::Array(list) => list.iter().map(|v| (String::new(), v)).collect(),
        _ => Vec::new(),
    };
    let list_of_objects = |value: &Value| {
        let list = value.as_array();
        list.is_some_and(|list| list.iter().any(Value::is_object))
    };
    let inner_lines = |inner: &Value| inner.is_object() || list_of_objects(inner);
    if !entries.iter().any(|(_, inner)| inner_lines(inner)) {
        *text += &value.to_string();
        return;
    }
    let (open, close) = if value.is_object() {
        ('{', '}')
    } else {
        ('[', ']')
    };
    let inside = format!("{indent}  ");
    text.push(open);
    for (i, (name, inner)) in entries.iter().enumerate() {
        *text += if i == 0 { "\n" } else { ",\n" };
        *text += &inside;
        *text += name;
        lay_out(inner, &inside, text);
    }
    *text += "\n";
    *text += indent;
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn days_are_named_as_in_the_calendar() {
        let at = |days: u64| date(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 5)).unwrap();
        assert_eq!(at(0), "1970-01-01");
        assert_eq!(at(11_016), "2000-02-29");
        assert_eq!(at(20_778), "2026-11-21");
        assert_eq!(at(20_453), "2025-12-31");
    }

    #[test]
    fn results_have_a_line_for_each_thing_that_holds_only_numbers() {
        let results = json!({
            "machine": { "cpu": "x", "cores": 2 },
            "models": { "a": { "digits": { "s": 1.5, "all": [1, 2] }, "keras": { "s": 2 } } },
            "points": [{ "at": 1 }, { "at": 2 }],
            "none": [],
        });
        let expected = r#"{
  "machine": {"cpu":"x","cores":2},
  "models": {
    "a": {
      "digits": {"s":1.5,"all":[1,2]},
      "keras": {"s":2}
    }
  },
  "points": [
    {"at":1},
    {"at":2}
  ],
  "none": []
}
"#;
        assert_eq!(text(&results), expected);
        assert_eq!(serde_json::from_str::<Value>(expected).unwrap(), results);
    }
}
