//! The notebooks' first minutes, spent once at set-up: the libraries they use are downloaded and compiled,
//! and a cell is run, so that later a notebook's first output comes within seconds.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::checkout::{self, Checkout};
use crate::process;
use crate::tools::{cargo, kernel, python};

/// Whether the compiled libraries are those that the notebooks ask for now.
pub fn is_compiled(checkout: &Checkout) -> bool {
    let Ok(key) = key(checkout) else { return false };
    fs::read_to_string(marker(checkout)).is_ok_and(|text| text == key)
}

/// Runs a notebook's first cell in a kernel without a browser, if the libraries changed since the last time.
///
/// # Errors
/// If the kernel does not start, or the cell fails or prints nothing.
pub fn compile_once(checkout: &Checkout) -> Result<()> {
    let key = key(checkout)?;
    if is_compiled(checkout) {
        return Ok(());
    }
    let mut command = python::command(checkout, "python");
    command
        .current_dir(checkout.my_notebooks())
        .arg(checkout.root().join("crates/xtask/first_output.py"))
        .arg("--online");
    let what = "compiling the notebooks' libraries";
    process::run(what, &mut command, &checkout.log("first-output"))?;
    checkout::write(&marker(checkout), key)
}

/// What the compiled libraries depend on: `digits`' dependencies, the toolchain and the kernel.
fn key(checkout: &Checkout) -> Result<String> {
    let manifest = checkout.root().join("crates/digits/Cargo.toml");
    let text =
        fs::read(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let mut digest = Sha256::new();
    digest.update(text);
    digest.update(kernel::toolchain(checkout)?);
    digest.update(cargo::EVCXR.version);
    digest.update(checkout.root().as_os_str().as_encoded_bytes());
    Ok(digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn marker(checkout: &Checkout) -> PathBuf {
    checkout.tools().join("evcxr/compiled.txt")
}
