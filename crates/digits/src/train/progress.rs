//! What `fit` prints while it trains.
use indicatif::{ProgressBar, ProgressStyle};

use super::evaluate::Running;
use super::{FitConfig, History};

/// What [`fit`](super::fit) prints while it trains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// A line on standard output after each epoch; in a terminal, also a bar on standard error
    /// during the epoch.
    #[default]
    Shown,
    /// Nothing.
    Silent,
}

/// The number of batches after which the loss and accuracy beside the bar change.
const BATCHES_A_MESSAGE: usize = 16;

/// Prints how far training has come.
pub(super) struct Reporter {
    shown: bool,
    epochs: usize,
    bar: ProgressBar,
}

impl Reporter {
    /// A reporter for a training with `config` on `images` images. `wanted` are the epochs and
    /// images in full mode; if they are others, it prints that this is quick mode.
    pub(super) fn new(config: &FitConfig, images: usize, wanted: (usize, usize)) -> Self {
        let shown = config.progress == Progress::Shown;
        if shown && (config.epochs, images) != wanted {
            println!(
                "Quick mode: {} of {} epochs on the first {images} of {} images",
                config.epochs, wanted.0, wanted.1
            );
        }
        let batches = images.div_ceil(config.batch_size) as u64;
        let bar = if shown {
            ProgressBar::new(batches)
        } else {
            ProgressBar::hidden()
        }; // hides itself without a terminal
        let style =
            ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len}  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            shown,
            epochs: config.epochs,
            bar,
        }
    }

    /// Updates the bar after a batch; `epoch` and `batch` are counted from 1.
    pub(super) fn batch_is_over(&mut self, epoch: usize, batch: usize, running: &Running) {
        if self.bar.is_hidden() {
            return;
        }
        if batch == 1 {
            self.bar.reset();
            self.bar
                .set_prefix(format!("Epoch {epoch}/{}", self.epochs));
        }
        if batch % BATCHES_A_MESSAGE == 1 {
            self.bar.set_message(running.mean().to_string());
        }
        self.bar.set_position(batch as u64);
    }

    /// Removes the bar and prints a line after an epoch, the last of `history`.
    pub(super) fn epoch_is_over(&mut self, history: &History) {
        self.bar.finish_and_clear();
        if let (true, Some(epoch)) = (self.shown, history.last()) {
            println!("Epoch {}/{}  {epoch}", history.epochs.len(), self.epochs);
        }
    }
}
