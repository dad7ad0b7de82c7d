//! The standard library's sources, as much of them as the kernel needs.
//!
//! evcxr asks rust-analyzer for the types of variables, and at each start rust-analyzer reads the
//! standard library: 50 MB, of which 30 are intrinsics of processors, tests and benchmarks. Without
//! these a kernel starts in less than half the time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::checkout::{self, Checkout};

/// The crates whose types a notebook's variables can have, and those they are made of.
const CRATES: [&str; 5] = ["alloc", "core", "proc_macro", "std", "test"];

/// The folder for `RUST_SRC_PATH`; `None` as long as the toolchain has no `rust-src`, which evcxr
/// adds at its first start.
///
/// # Errors
/// If rustc does not answer, or the copy cannot be written.
pub fn copy(checkout: &Checkout, toolchain: &str) -> Result<Option<PathBuf>> {
    let place = checkout.tools().join("evcxr/rust-src").join(toolchain);
    if place.exists() {
        return Ok(Some(place));
    }
    let from = sysroot(toolchain)?.join("lib/rustlib/src/rust/library");
    if !from.join("std").exists() {
        return Ok(None);
    }
    let beside = place.with_extension("part");
    let _ = fs::remove_dir_all(&beside);
    for name in CRATES {
        for part in ["src", "Cargo.toml"] {
            let part = Path::new(name).join(part);
            checkout::copy(
                &from.join(&part),
                &beside.join(&part),
                &["tests", "benches"],
            )?;
        }
    }
    fs::rename(&beside, &place).with_context(|| format!("cannot make {}", place.display()))?;
    Ok(Some(place))
}

fn sysroot(toolchain: &str) -> Result<PathBuf> {
    let output = Command::new("rustc")
        .env("RUSTUP_TOOLCHAIN", toolchain)
        .args(["--print", "sysroot"])
        .output()
        .context("cannot start rustc")?;
    ensure!(
        output.status.success(),
        "rustc {toolchain} does not say where it is: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
