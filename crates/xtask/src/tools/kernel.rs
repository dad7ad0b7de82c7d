//! The kernel `rust`: evcxr as Jupyter starts it, with every folder it writes to inside `.tools`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::checkout::{self, Checkout};
use crate::tools::sources;

/// Gives each running kernel a build folder that outlives it: only set-up compiles everything.
const KERNEL: &str = include_str!("../../kernel.py");

/// What a kernel does before its first cell: it asks no registry, since the crates are there
/// from set-up on; a reader who wants another one says `:offline 0`.
const INIT: &str = ":offline 1\n";

/// The build folders of this checkout's kernels: `seed`, made by set-up, and its copies `0`, `1`,
/// …, one a running kernel. `kernel.py` finds them by the same name, a digest of the checkout's
/// path.
///
/// # Errors
/// If the checkout's folder cannot be read.
pub fn builds(checkout: &Checkout) -> Result<PathBuf> {
    builds_beside(checkout, checkout.root())
}

/// The same for kernels that use the crates in another folder than the checkout, `root`.
///
/// # Errors
/// If `root` cannot be read.
pub fn builds_beside(checkout: &Checkout, root: &Path) -> Result<PathBuf> {
    let root = root
        .canonicalize()
        .with_context(|| format!("cannot read {}", root.display()))?;
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(all_builds(checkout).join(name))
}

fn all_builds(checkout: &Checkout) -> PathBuf {
    checkout.tools().join("evcxr/kernels")
}

/// Writes the kernel's description, if it is not there as it should be.
///
/// # Errors
/// If its folders cannot be written to.
pub fn ensure(checkout: &Checkout) -> Result<()> {
    let tools = checkout.tools();
    let toolchain = toolchain(checkout)?;
    let mut spec = json!({
        "argv": [
            checkout.python("python"), tools.join("evcxr/kernel.py"), all_builds(checkout),
            checkout.program("evcxr_jupyter"), "--control_file", "{connection_file}",
        ],
        "display_name": "Rust",
        "language": "rust",
        "interrupt_mode": "message",
        "env": {
            "RUSTUP_TOOLCHAIN": toolchain,
            "EVCXR_CONFIG_DIR": tools.join("evcxr"),
            "XDG_CACHE_HOME": tools.join("evcxr/cache"),
            // Else evcxr would look for, and update, a kernel of the reader's own in the home
            // folder.
            "JUPYTER_PATH": tools.join("evcxr/no-kernels"),
        },
    });
    if let Some(sources) = sources::copy(checkout, &toolchain)? {
        spec["env"]["RUST_SRC_PATH"] = json!(sources);
    }
    let text = serde_json::to_string_pretty(&spec)? + "\n";
    write_if_new(&checkout.kernelspec().join("kernel.json"), &text)?;
    write_if_new(&tools.join("evcxr/kernel.py"), KERNEL)?;
    write_if_new(&tools.join("evcxr/init.evcxr"), INIT)
}

/// The toolchain pinned in `rust-toolchain.toml`; notebooks are built elsewhere, where that file
/// does not apply.
///
/// # Errors
/// If the file cannot be read or names none.
pub fn toolchain(checkout: &Checkout) -> Result<String> {
    let path = checkout.root().join("rust-toolchain.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .with_context(|| format!("{} names no channel", path.display()))
}

fn write_if_new(path: &std::path::Path, text: &str) -> Result<()> {
    if std::fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    checkout::write(path, text)
}
