//! Reuse of tensors' memory from batch to batch.
use dfdx::prelude::{Cache, Cpu};

/// While it exists, the device keeps the memory of dropped tensors for new ones. Memory fresh from
/// the system costs a page fault every 4 KB: a quarter of an epoch's time.
pub(super) struct Reuse<'a>(&'a Cpu);

impl<'a> Reuse<'a> {
    /// Makes `device` keep memory until the result is dropped.
    pub(super) fn on(device: &'a Cpu) -> Self {
        device.enable_cache();
        Self(device)
    }

    /// Frees the memory that the device keeps. Some tensors are made from memory that does not come
    /// from the device, which keeps it all the same when they are dropped; so what it keeps grows
    /// with every batch.
    pub(super) fn give_back(&self) {
        self.0.empty_cache();
    }
}

impl Drop for Reuse<'_> {
    fn drop(&mut self) {
        self.0.disable_cache();
    }
}
