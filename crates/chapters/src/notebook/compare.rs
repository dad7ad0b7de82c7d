//! Compares the outputs of a new run with the recorded ones.
//!
//! Text is compared word by word. Numbers with a decimal point may differ by [`TOLERANCE`], or by
//! one and a half units in the last printed place, because another processor rounds differently.
//! In the outputs of a listing marked `varies`, numbers are not compared. Pictures and tables
//! must exist; their contents are not compared.

use serde_json::Value;

use super::text_of;

/// The largest relative difference between two numbers that count as equal.
pub const TOLERANCE: f64 = 1e-4;

/// Compares the outputs of one cell.
///
/// # Errors
/// A sentence with the first recorded line that differs, and the line found in its place.
pub fn outputs(recorded: &[Value], found: &[Value], varies: bool) -> Result<(), String> {
    let (then, now) = (pictures(recorded), pictures(found));
    if then != now {
        return Err(format!(
            "recorded pictures and tables {then:?}, found {now:?}"
        ));
    }
    let (then, now) = (text(recorded), text(found));
    let (then, now): (Vec<&str>, Vec<&str>) = (then.lines().collect(), now.lines().collect());
    for (old, new) in then.iter().zip(&now) {
        if !same_line(old, new, varies) {
            return Err(format!("recorded `{old}`, found `{new}`"));
        }
    }
    // Progress may take another number of lines where it varies: early stopping, quick machines.
    if then.len() != now.len() && !varies {
        return Err(format!(
            "recorded {} lines, found {}",
            then.len(),
            now.len()
        ));
    }
    Ok(())
}

/// The MIME types of the outputs that are more than text, in order.
fn pictures(outputs: &[Value]) -> Vec<String> {
    let data = outputs
        .iter()
        .filter_map(|output| output["data"].as_object());
    data.flat_map(|data| data.keys().filter(|mime| *mime != "text/plain").cloned())
        .collect()
}

fn text(outputs: &[Value]) -> String {
    outputs.iter().filter_map(text_of).collect()
}

fn same_line(old: &str, new: &str, varies: bool) -> bool {
    let (old, new) = (words(old), words(new));
    old.len() == new.len() && old.iter().zip(&new).all(|(a, b)| same_word(a, b, varies))
}

/// Splits a line into numbers and the words between them. Blanks are left out.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let length = match number_length(rest) {
            0 => rest
                .char_indices()
                .skip(1)
                .find(|(at, c)| c.is_whitespace() || number_length(&rest[*at..]) > 0)
                .map_or(rest.len(), |(at, _)| at),
            length => length,
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

/// The number of bytes at the start of a text that form a number such as `-12`, `0.25` or `1.5e-3`.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'-')));
    let whole = digits(sign);
    if whole == 0 {
        return 0;
    }
    let mut end = sign + whole;
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if bytes.get(end) == Some(&b'e') {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let power = bytes
            .get(end + 1 + sign..)
            .map_or(0, |_| digits(end + 1 + sign));
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    end
}

/// The number that a word is. `NaN` and `inf` are words, so a number that became one differs.
fn number(word: &str) -> Option<f64> {
    (number_length(word) == word.len()).then(|| word.parse().ok())?
}

fn same_word(old: &str, new: &str, varies: bool) -> bool {
    let (Some(a), Some(b)) = (number(old), number(new)) else {
        return old == new;
    };
    if varies {
        return true;
    }
    let real = |word: &str| word.contains(['.', 'e']);
    if !real(old) && !real(new) {
        return old == new;
    }
    let places = old
        .split(['e'])
        .next()
        .and_then(|w| w.split_once('.'))
        .map_or(0, |(_, places)| places.len());
    let unit = 10f64.powi(-i32::try_from(places).unwrap_or(0));
    let power = old
        .split_once('e')
        .and_then(|(_, p)| p.parse::<i32>().ok())
        .unwrap_or(0);
    (a - b).abs() <= (1.5 * unit * 10f64.powi(power)).max(TOLERANCE * a.abs().max(b.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn printed(text: &str) -> Vec<Value> {
        vec![json!({ "output_type": "stream", "name": "stdout", "text": text })]
    }

    fn compare(old: &str, new: &str, varies: bool) -> Result<(), String> {
        outputs(&printed(old), &printed(new), varies)
    }

    #[test]
    fn rounding_is_no_difference() {
        assert_eq!(compare("loss: 0.12345\n", "loss: 0.12346\n", false), Ok(()));
        assert_eq!(compare("1.000e-5", "1.001e-5", false), Ok(()));
        assert!(compare("loss: 0.12345\n", "loss: 0.12445\n", false).is_err());
    }

    #[test]
    fn counts_and_words_must_agree() {
        assert!(compare("5923 zeros", "5924 zeros", false).is_err());
        assert!(compare("5923 zeros", "5923 ones", true).is_err());
        assert!(
            compare("a\nb\n", "a\n", false)
                .unwrap_err()
                .contains("2 lines")
        );
    }

    #[test]
    fn what_varies_is_compared_without_its_numbers() {
        assert_eq!(compare("epoch 1: 3.2 s", "epoch 1:  14.9 s", true), Ok(()));
        assert!(compare("epoch 1: 3.2 s", "epoch 1: NaN s", true).is_err());
    }

    #[test]
    fn a_missing_picture_is_a_difference() {
        let picture =
            vec![json!({ "output_type": "execute_result", "data": { "image/svg+xml": "<svg/>" } })];
        assert!(
            outputs(&picture, &[], true)
                .unwrap_err()
                .contains("image/svg+xml")
        );
        let other = vec![json!({ "output_type": "execute_result",
                    "data": { "image/svg+xml": "<svg id='a'/>" } })];
        assert_eq!(outputs(&picture, &other, false), Ok(()));
    }
}
