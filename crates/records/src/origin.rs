//! Where results come from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The machine that an experiment ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name, as the processor itself reports it.
    pub cpu: String,
    /// The number of cores that the experiment could use.
    pub cores: usize,
}

/// `Some CPU, 2 cores`.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores", self.cpu, self.cores)
    }
}

/// Which experiment ran, where and when. Shown as one line: machine, date, command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The experiment's name.
    pub experiment: String,
    /// The machine that it ran on.
    pub machine: Machine,
    /// The day on which it ran, in UTC: `2026-11-21`.
    pub date: String,
    /// The command that ran it.
    pub command: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.machine, self.date, self.command)
    }
}
