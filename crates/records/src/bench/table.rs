//! The bench as a table.

use std::fmt;

use super::{Bench, DIGITS};

/// Where and when it ran, and a line for each model: the seconds of an epoch here and of each peer,
/// with the peer's ratio.
impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}: {}", self.machine, self.date, self.command)?;
        let peers = self.peers();
        write!(f, "{:<15}{DIGITS:>9}", "seconds an epoch")?;
        for peer in &peers {
            write!(f, "{peer:>18}")?;
        }
        for model in self.models() {
            write!(f, "\n{model:<16}")?;
            match self.get(model, DIGITS) {
                Some(here) => write!(f, "{:>9.3}", here.epoch_s)?,
                None => write!(f, "{:>9}", "–")?,
            }
            for peer in &peers {
                match (self.get(model, peer), self.ratio(model, peer)) {
                    (Some(there), Some(ratio)) => {
                        write!(f, "{:>9.3} ({ratio:>4.1} ×)", there.epoch_s)?;
                    }
                    (Some(there), None) => write!(f, "{:>9.3}         ", there.epoch_s)?,
                    (None, _) => write!(f, "{:>18}", "–")?,
                }
            }
        }
        Ok(())
    }
}
