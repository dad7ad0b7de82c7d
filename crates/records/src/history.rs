//! The course of a training.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The results of one epoch. Accuracies are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The mean loss of the training images, each measured just before the model learned from it.
    pub loss: f64,
    /// The share of the training images that were classified correctly, measured at the same
    /// moment.
    pub accuracy: f64,
    /// The mean loss of the validation images, after the epoch; `None` without validation.
    pub val_loss: Option<f64>,
    /// The share of the validation images that were classified correctly, after the epoch; `None`
    /// without validation.
    pub val_accuracy: Option<f64>,
    /// The duration of the epoch in seconds, validation included.
    pub seconds: f64,
}

/// As in Keras's log:
/// `loss 0.1468  accuracy 95.46 %  val_loss 0.0534  val_accuracy 98.50 %  11.0 s`.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "loss {:.4}  accuracy {:.2} %",
            self.loss,
            100.0 * self.accuracy
        )?;
        if let (Some(loss), Some(accuracy)) = (self.val_loss, self.val_accuracy) {
            write!(
                f,
                "  val_loss {loss:.4}  val_accuracy {:.2} %",
                100.0 * accuracy
            )?;
        }
        write!(f, "  {:.1} s", self.seconds)
    }
}

/// The results of a training, epoch by epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The epochs, the first one first.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// The last epoch; `None` if there was none.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The duration of all epochs together, in seconds; 0 without epochs.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}

/// One line for each epoch: `Epoch 1/5  loss …`.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, epoch) in self.epochs.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}Epoch {}/{}  {epoch}", i + 1, self.epochs.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_shown_as_a_line_with_its_units() {
        let epoch = Epoch {
            loss: 0.14684,
            accuracy: 0.95463,
            val_loss: Some(0.05342),
            val_accuracy: Some(0.985),
            seconds: 11.04,
        };
        let line = "loss 0.1468  accuracy 95.46 %  val_loss 0.0534  val_accuracy 98.50 %  11.0 s";
        assert_eq!(epoch.to_string(), line);
        let without = Epoch {
            val_loss: None,
            val_accuracy: None,
            ..epoch
        };
        let history = History {
            epochs: vec![epoch, without],
        };
        let second = "Epoch 2/2  loss 0.1468  accuracy 95.46 %  11.0 s";
        assert_eq!(history.to_string(), format!("Epoch 1/2  {line}\n{second}"));
        assert_eq!(history.seconds(), 22.08);
    }
}
