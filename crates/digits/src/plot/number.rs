//! Numbers → `f64`, for drawing, and → text, for labels and alternative texts.

/// A number that can be drawn, an integer or a floating-point number: it is converted to `f64`.
///
/// Integers above 2⁵³ are rounded.
pub trait Number: Copy {
    /// The number as `f64`, rounded if necessary.
    fn to_f64(self) -> f64;
}

macro_rules! numbers {
    ($($kind:ty),*) => {
        $(impl Number for $kind {
            fn to_f64(self) -> f64 {
                self as f64
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64);

/// `value` with at most four significant digits after the point and a minus sign (U+2212) instead
/// of a hyphen: `0.0213`, `−1.5`, `60000`.
pub(super) fn show(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e9).contains(&size) {
        return minus(&format!("{value:.2e}"));
    }
    let decimals = match size {
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 0.1 => 3,
        s if s >= 0.01 => 4,
        _ => 5,
    };
    minus(trim(&format!("{value:.decimals$}")))
}

/// `share`, from 0 to 1, as a percentage with one decimal: `98.9 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// `value` with exactly `decimals` decimals, for the label of a tick.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    minus(if is_zero {
        text.trim_start_matches('-')
    } else {
        &text
    })
}

/// Words as a list in a sentence: `a, b and c`.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `n` with the noun in singular or plural: `1 epoch`, `5 epochs`.
pub(super) fn count(n: usize, singular: &str, plural: &str) -> String {
    format!("{n} {}", if n == 1 { singular } else { plural })
}

/// `text`, a number, without zeros at the end of its decimals.
fn trim(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// `text` with minus signs instead of hyphens.
fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

/// About `wanted` round values that cover `low` to `high`, and the number of decimals they need.
///
/// Neighbouring values differ by 1, 2 or 5 times a power of ten. `low` must be below `high`.
pub(super) fn ticks(low: f64, high: f64, wanted: usize) -> (Vec<f64>, usize) {
    let rough = (high - low) / wanted.max(1) as f64;
    let power = rough.log10().floor();
    let unit = 10f64.powf(power);
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * unit >= rough * (1.0 - 1e-9))
        .unwrap_or(10.0);
    let step = factor * unit;
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let first = (low / step + 1e-9).floor() as i64;
    let last = (high / step - 1e-9).ceil() as i64;
    ((first..=last).map(|i| i as f64 * step).collect(), decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_significant_digits_and_a_minus_sign() {
        let shown: Vec<String> = [0.0, 60000.0, 98.913, -0.021_349, 1.5, 1e-7, 0.5]
            .map(show)
            .to_vec();
        assert_eq!(
            shown,
            ["0", "60000", "98.91", "−0.0213", "1.5", "1.00e−7", "0.5"]
        );
        assert_eq!(fixed(-0.001, 1), "0.0");
        assert_eq!(percent(0.98949), "98.9 %");
    }

    #[test]
    fn ticks_are_round_and_cover_the_range() {
        let (at, decimals) = ticks(0.013, 0.31, 5);
        assert_eq!(at.first(), Some(&0.0));
        assert!(at.last().is_some_and(|last| *last >= 0.31));
        assert_eq!(decimals, 1);
        let (at, decimals) = ticks(95.2, 99.4, 5);
        assert_eq!(
            (at, decimals),
            (vec![95.0, 96.0, 97.0, 98.0, 99.0, 100.0], 0)
        );
    }

    #[test]
    fn words_are_joined_to_a_list() {
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&words), "a, b and c");
        assert_eq!(list(&words[..1]), "a");
        assert_eq!(count(1, "epoch", "epochs"), "1 epoch");
    }
}
