//! The kernel `rust`: evcxr as Jupyter starts it, with every folder it writes to inside `.tools`.

use anyhow::{Context, Result};
use serde_json::json;

use crate::checkout::{self, Checkout};

/// Gives each running kernel a build folder that outlives it: only the first start compiles `digits`.
const KERNEL: &str = include_str!("../../kernel.py");

/// What a kernel does before its first cell: keep 1000 MiB of compiled crates, and ask no registry
/// (the crates are there since set-up; a reader who wants another one says `:offline 0`).
const INIT: &str = ":cache 1000\n:offline 1\n";

/// Writes the kernel's description, if it is not there as it should be.
///
/// # Errors
/// If its folders cannot be written to.
pub fn ensure(checkout: &Checkout) -> Result<()> {
    let tools = checkout.tools();
    let spec = json!({
        "argv": [
            checkout.python("python"), tools.join("evcxr/kernel.py"), tools.join("evcxr/builds"),
            checkout.program("evcxr_jupyter"), "--control_file", "{connection_file}",
        ],
        "display_name": "Rust",
        "language": "rust",
        "interrupt_mode": "message",
        "env": {
            "RUSTUP_TOOLCHAIN": toolchain(checkout)?,
            "EVCXR_CONFIG_DIR": tools.join("evcxr"),
            // Of its own: evcxr's cache remembers build folders, and only those above last.
            "XDG_CACHE_HOME": tools.join("evcxr/cache"),
            // Else evcxr would look for, and update, a kernel of the reader's own in the home folder.
            "JUPYTER_PATH": tools.join("evcxr/no-kernels"),
        },
    });
    let text = serde_json::to_string_pretty(&spec)? + "\n";
    write_if_new(&checkout.kernelspec().join("kernel.json"), &text)?;
    write_if_new(&tools.join("evcxr/kernel.py"), KERNEL)?;
    write_if_new(&tools.join("evcxr/init.evcxr"), INIT)
}

/// The toolchain pinned in `rust-toolchain.toml`; notebooks are built elsewhere, where that file does not apply.
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
