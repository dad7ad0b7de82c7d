//! The notebooks' first minutes, spent once at set-up: the libraries they use are downloaded and
//! compiled, and a cell is run, in the build folder that every kernel starts from a copy of. Later
//! a notebook's first output comes within seconds.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chapters::sources::LINKED_CRATES;
use sha2::{Digest, Sha256};

use xtask::checkout::{self, Checkout};
use xtask::process;
use xtask::tools::{cargo, kernel, python};

/// Whether the compiled libraries are those that the notebooks ask for now.
pub fn is_compiled(checkout: &Checkout) -> bool {
    let Ok(key) = key(checkout) else { return false };
    marker(checkout)
        .and_then(|path| Ok(fs::read_to_string(path)?))
        .is_ok_and(|text| text == key)
}

/// Runs a notebook's first cell in a kernel without a browser, if the libraries changed since the
/// last time.
///
/// # Errors
/// If the kernel does not start, or the cell fails or prints nothing.
pub fn compile_once(checkout: &Checkout) -> Result<()> {
    let key = key(checkout)?;
    if is_compiled(checkout) {
        return Ok(());
    }
    remove(&marker(checkout)?)?;
    let mut command = python::command(checkout, "python");
    command
        .current_dir(checkout.my_notebooks())
        .env("DIGITS_KERNEL_FOLDER", "seed")
        .arg(checkout.root().join("crates/xtask/first_output.py"))
        .arg("--online");
    let what = "compiling the notebooks' libraries";
    process::run(what, &mut command, &checkout.log("first-output"))?;
    drop_old_copies(checkout)?;
    checkout::write(&marker(checkout)?, key)
}

/// Removes the copies of an older seed that no kernel holds; the next kernels copy the new one.
fn drop_old_copies(checkout: &Checkout) -> Result<()> {
    let folder = kernel::builds(checkout)?;
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let place = entry?.path();
        let held = place.join("held");
        if place.ends_with("seed") || !held.is_file() {
            continue;
        }
        let lock = File::open(&held).with_context(|| format!("cannot open {}", held.display()))?;
        if lock.try_lock().is_ok() {
            remove(&place.join("build"))?;
        }
    }
    Ok(())
}

/// Removes a file or a folder, if it is there.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// What the compiled libraries depend on: the dependencies of our crates, how they are compiled,
/// the toolchain and the kernel.
fn key(checkout: &Checkout) -> Result<String> {
    let mut digest = Sha256::new();
    let manifests = LINKED_CRATES
        .iter()
        .map(|name| format!("crates/{name}/Cargo.toml"));
    for file in manifests.chain([".cargo/config.toml".to_owned()]) {
        let path = checkout.root().join(file);
        digest.update(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    digest.update(kernel::toolchain(checkout)?);
    digest.update(cargo::EVCXR.version);
    digest.update(checkout.root().as_os_str().as_encoded_bytes());
    Ok(digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn marker(checkout: &Checkout) -> Result<PathBuf> {
    Ok(kernel::builds(checkout)?.join("seed/done"))
}
