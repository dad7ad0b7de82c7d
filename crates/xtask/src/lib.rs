//! What tasks have in common: the checkout's folders, long commands, and the tools of other
//! languages. `cargo xtask` and `lab` are built on it.

pub mod checkout;
pub mod process;
pub mod tools;
