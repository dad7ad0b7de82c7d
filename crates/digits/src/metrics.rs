//! Predicted classes and labels → accuracy and confusion matrix.

use crate::dataset::CLASSES;
use std::fmt;

/// The share of predictions that equal their label: 0 to 1, or NaN if both slices are empty.
///
/// The same as `sklearn.metrics.accuracy_score(labels, predicted)`.
///
/// ```
/// use digits::metrics::accuracy;
///
/// assert_eq!(accuracy(&[7, 2, 1, 0], &[7, 2, 1, 6]), 0.75);
/// ```
///
/// # Panics
/// If the slices differ in length.
pub fn accuracy(predicted: &[u8], labels: &[u8]) -> f64 {
    check_lengths(predicted, labels);
    let right = predicted.iter().zip(labels).filter(|(p, l)| p == l).count();
    right as f64 / labels.len() as f64
}

/// How often each digit was predicted as each digit: rows are the actual digits, columns the
/// predicted ones, as in `sklearn.metrics.confusion_matrix`.
///
/// ```
/// use digits::metrics::ConfusionMatrix;
///
/// let matrix = ConfusionMatrix::new(&[4, 9, 9, 1], &[4, 4, 9, 1]);
/// assert_eq!(matrix.count(4, 9), 1); // one 4 was predicted as a 9
/// assert_eq!(matrix.accuracy(), 0.75);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    /// `counts[actual][predicted]`
    counts: [[usize; CLASSES]; CLASSES],
}

/// A kind of mistake, and how often it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The digit that the images show.
    pub actual: u8,
    /// The digit that was predicted.
    pub predicted: u8,
    /// The number of images with this mistake.
    pub count: usize,
}

impl ConfusionMatrix {
    /// Counts predictions and labels, both from 0 to 9. The order of the arguments is that of
    /// [`accuracy`].
    ///
    /// # Panics
    /// If the slices differ in length, or a prediction or label is over 9.
    pub fn new(predicted: &[u8], labels: &[u8]) -> Self {
        check_lengths(predicted, labels);
        let mut counts = [[0; CLASSES]; CLASSES];
        for (i, (&p, &l)) in predicted.iter().zip(labels).enumerate() {
            let (column, row) = (usize::from(p), usize::from(l));
            assert!(
                row < CLASSES && column < CLASSES,
                "image {i}: expected classes 0 to {}, found label {l} and prediction {p}",
                CLASSES - 1
            );
            counts[row][column] += 1;
        }
        Self { counts }
    }

    /// The number of images of the digit `actual` that were predicted as `predicted`.
    ///
    /// # Panics
    /// If one of the two is over 9.
    pub fn count(&self, actual: u8, predicted: u8) -> usize {
        self.counts[usize::from(actual)][usize::from(predicted)]
    }

    /// All counts: `counts()[actual][predicted]`.
    pub fn counts(&self) -> &[[usize; CLASSES]; CLASSES] {
        &self.counts
    }

    /// The number of images of each digit: the sums of the rows.
    pub fn actual_counts(&self) -> [usize; CLASSES] {
        self.counts.map(|row| row.iter().sum())
    }

    /// The number of predictions of each digit: the sums of the columns.
    pub fn predicted_counts(&self) -> [usize; CLASSES] {
        std::array::from_fn(|column| self.counts.iter().map(|row| row[column]).sum())
    }

    /// The number of correct predictions of each digit: the diagonal.
    pub fn correct_counts(&self) -> [usize; CLASSES] {
        std::array::from_fn(|class| self.counts[class][class])
    }

    /// The number of images.
    pub fn total(&self) -> usize {
        self.counts.as_flattened().iter().sum()
    }

    /// The share of correct predictions: 0 to 1, or NaN if the matrix is empty.
    pub fn accuracy(&self) -> f64 {
        self.correct_counts().iter().sum::<usize>() as f64 / self.total() as f64
    }

    /// All kinds of mistakes that were made, the most frequent first; equally frequent ones are
    /// ordered by actual and then by predicted digit.
    pub fn worst(&self) -> Vec<Confusion> {
        let mut mistakes = Vec::new();
        for actual in 0..CLASSES as u8 {
            for predicted in 0..CLASSES as u8 {
                let count = self.count(actual, predicted);
                if actual != predicted && count > 0 {
                    mistakes.push(Confusion {
                        actual,
                        predicted,
                        count,
                    });
                }
            }
        }
        // A stable sort keeps the order of the digits.
        mistakes.sort_by_key(|mistake| std::cmp::Reverse(mistake.count));
        mistakes
    }
}

/// A table with aligned columns; a count of zero off the diagonal is written as a dot.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self
            .counts
            .as_flattened()
            .iter()
            .max()
            .copied()
            .unwrap_or(0);
        let width = largest.to_string().len();
        let columns = CLASSES * (width + 1);
        writeln!(
            f,
            "actual │ {:^columns$}",
            "predicted",
            columns = columns - 1
        )?;
        write!(f, "       │")?;
        for class in 0..CLASSES {
            write!(f, " {class:>width$}")?;
        }
        writeln!(f)?;
        write!(f, "───────┼{}", "─".repeat(columns))?;
        for (actual, row) in self.counts.iter().enumerate() {
            write!(f, "\n{actual:>6} │")?;
            for (predicted, &count) in row.iter().enumerate() {
                if count == 0 && actual != predicted {
                    write!(f, " {:>width$}", "·")?;
                } else {
                    write!(f, " {count:>width$}")?;
                }
            }
        }
        Ok(())
    }
}

/// Panics unless the slices are equally long.
fn check_lengths(predicted: &[u8], labels: &[u8]) {
    assert!(
        predicted.len() == labels.len(),
        "expected one prediction for each of {} labels, found {}",
        labels.len(),
        predicted.len()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    // Counted by hand: one 3 and one 5 are predicted as 8, two 4s as 9, and one 8 as 3.
    const LABELS: [u8; 12] = [3, 3, 5, 5, 4, 4, 4, 8, 8, 0, 1, 9];
    const PREDICTED: [u8; 12] = [3, 8, 8, 5, 9, 9, 4, 8, 3, 0, 1, 9];

    fn matrix() -> ConfusionMatrix {
        ConfusionMatrix::new(&PREDICTED, &LABELS)
    }

    #[test]
    fn accuracy_is_the_share_of_correct_predictions() {
        assert_eq!(accuracy(&PREDICTED, &LABELS), 7.0 / 12.0);
        assert_eq!(accuracy(&LABELS, &LABELS), 1.0);
        assert_eq!(accuracy(&[1, 2], &[2, 1]), 0.0);
        assert_eq!(matrix().accuracy(), 7.0 / 12.0);
    }

    #[test]
    fn accuracy_without_predictions_is_nan() {
        assert!(accuracy(&[], &[]).is_nan());
        assert!(ConfusionMatrix::new(&[], &[]).accuracy().is_nan());
    }

    #[test]
    #[should_panic(expected = "expected one prediction for each of 2 labels, found 1")]
    fn a_missing_prediction_panics() {
        accuracy(&[1], &[1, 2]);
    }

    #[test]
    #[should_panic(expected = "image 1: expected classes 0 to 9, found label 2 and prediction 10")]
    fn a_class_over_nine_panics() {
        ConfusionMatrix::new(&[1, 10], &[1, 2]);
    }

    #[test]
    fn rows_are_actual_and_columns_predicted_digits() {
        let matrix = matrix();
        assert_eq!(matrix.count(4, 9), 2);
        assert_eq!(matrix.count(9, 4), 0);
        assert_eq!(matrix.count(5, 8), 1);
        assert_eq!(matrix.counts()[4], [0, 0, 0, 0, 1, 0, 0, 0, 0, 2]);
        assert_eq!(matrix.actual_counts(), [1, 1, 0, 2, 3, 2, 0, 0, 2, 1]);
        assert_eq!(matrix.predicted_counts(), [1, 1, 0, 2, 1, 1, 0, 0, 3, 3]);
        assert_eq!(matrix.correct_counts(), [1, 1, 0, 1, 1, 1, 0, 0, 1, 1]);
        assert_eq!(matrix.total(), 12);
    }

    #[test]
    fn the_most_frequent_mistake_comes_first() {
        let confusion = |actual, predicted, count| Confusion {
            actual,
            predicted,
            count,
        };
        let expected = [
            confusion(4, 9, 2),
            confusion(3, 8, 1),
            confusion(5, 8, 1),
            confusion(8, 3, 1),
        ];
        assert_eq!(matrix().worst(), expected);
    }

    #[test]
    fn the_columns_of_the_table_are_aligned() {
        let labels = [vec![0; 120], vec![7; 3]].concat();
        let predicted = [vec![0; 119], vec![6], vec![7; 3]].concat();
        let table = ConfusionMatrix::new(&predicted, &labels).to_string();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 13);
        assert_eq!(lines[1], "       │   0   1   2   3   4   5   6   7   8   9");
        assert_eq!(lines[3], "     0 │ 119   ·   ·   ·   ·   ·   1   ·   ·   ·");
        assert_eq!(
            lines[10],
            "     7 │   ·   ·   ·   ·   ·   ·   ·   3   ·   ·"
        );
        for line in &lines[1..] {
            assert_eq!(line.chars().count(), lines[1].chars().count(), "{line}");
        }
    }
}
