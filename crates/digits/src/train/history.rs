use std::fmt;

/// What one epoch gave. Accuracies are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Epoch {
    /// Mean loss of the training images, each measured just before the model learned from it.
    pub loss: f64,
    /// Share of the training images that were right, measured at the same moment.
    pub accuracy: f64,
    /// Mean loss of the validation images, after the epoch; `None` without validation.
    pub val_loss: Option<f64>,
    /// Share of the validation images that were right, after the epoch; `None` without validation.
    pub val_accuracy: Option<f64>,
    /// How long the epoch took, validation included.
    pub seconds: f64,
}

/// As in Keras's log: `loss 0.1468  accuracy 95.46 %  val_loss 0.0534  val_accuracy 98.50 %  11.0 s`.
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

/// What training gave, epoch by epoch.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct History {
    /// The first epoch first.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// The last epoch; `None` if there was none.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// How long training took.
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
