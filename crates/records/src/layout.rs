//! The lines of a file.

use serde::Serialize;
use serde_json::Result;
use serde_json::value::{RawValue, to_raw_value};

use crate::ordered::Ordered;

/// `results` as JSON that can be read and compared line by line: an object or a list whose entries
/// are numbers, words and lists of these is one line.
pub(crate) fn text(results: &impl Serialize) -> Result<String> {
    let mut text = String::new();
    lay_out(&to_raw_value(results)?, "", &mut text)?;
    Ok(text + "\n")
}

/// Appends `value` to `text`; further lines of it begin with `indent`.
fn lay_out(value: &RawValue, indent: &str, text: &mut String) -> Result<()> {
    let entries = entries(value)?;
    let mut needs_lines = false;
    for (_, entry) in &entries {
        needs_lines |= is_object(entry) || holds_objects(entry)?;
    }
    if !needs_lines {
        *text += value.get();
        return Ok(());
    }
    let (open, close) = if is_object(value) {
        ('{', '}')
    } else {
        ('[', ']')
    };
    let inside = format!("{indent}  ");
    text.push(open);
    for (i, (name, entry)) in entries.iter().enumerate() {
        *text += if i == 0 { "\n" } else { ",\n" };
        *text += &inside;
        *text += name;
        lay_out(entry, &inside, text)?;
    }
    *text += "\n";
    *text += indent;
    text.push(close);
    Ok(())
}

/// The entries of an object, each with its name and a colon before it, or of a list, where the
/// names are empty; none for any other value.
fn entries(value: &RawValue) -> Result<Vec<(String, &RawValue)>> {
    let json = value.get();
    if is_object(value) {
        let entries: Ordered<&RawValue> = serde_json::from_str(json)?;
        let named = entries.0.into_iter();
        return named
            .map(|(name, entry)| Ok((serde_json::to_string(&name)? + ": ", entry)))
            .collect();
    }
    if !json.starts_with('[') {
        return Ok(Vec::new());
    }
    let list: Vec<&RawValue> = serde_json::from_str(json)?;
    Ok(list
        .into_iter()
        .map(|entry| (String::new(), entry))
        .collect())
}

fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// Whether `value` is a list with an object in it.
fn holds_objects(value: &RawValue) -> Result<bool> {
    Ok(!is_object(value) && entries(value)?.iter().any(|(_, entry)| is_object(entry)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_a_line_for_each_thing_that_holds_only_numbers() {
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
        let results: Box<RawValue> =
            serde_json::from_str(&expected.split_whitespace().collect::<String>()).unwrap();
        assert_eq!(text(&results).unwrap(), expected);
    }
}
