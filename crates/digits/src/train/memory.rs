//! Memory that is used again from batch to batch.
use dfdx::prelude::{Cache, Cpu};

/// A device that keeps the memory of tensors that are gone for those to come, until this is dropped. Memory fresh from the
/// system costs a page fault every 4 KB: a quarter of an epoch.
pub(super) struct Reuse<'a>(&'a Cpu);

impl<'a> Reuse<'a> {
    pub(super) fn on(device: &'a Cpu) -> Self {
        device.enable_cache();
        Self(device)
    }

    /// Gives back what is kept. An operation that brings memory of its own along has it kept and never draws it, so that what
    /// is kept grows with every batch.
    pub(super) fn give_back(&self) {
        self.0.empty_cache();
    }
}

impl Drop for Reuse<'_> {
    fn drop(&mut self) {
        self.0.disable_cache();
    }
}
