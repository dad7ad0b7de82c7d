//! Programs from crates.io, installed in `.tools/bin`, and programs of this workspace.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::process;

/// A program from crates.io, in a fixed version.
pub struct Tool {
    /// The name of the package on crates.io.
    pub package: &'static str,
    /// The version, which is known to work.
    pub version: &'static str,
    /// The name of the program in `.tools/bin`.
    pub program: &'static str,
    /// The approximate time of the build on two cores.
    pub minutes: &'static str,
}

/// mdBook, which builds and serves the book.
pub const MDBOOK: Tool = Tool {
    package: "mdbook",
    version: "0.5.4",
    program: "mdbook",
    minutes: "2 min",
};

/// evcxr's Jupyter kernel. Versions before 0.22 cannot infer types with Rust 1.95.
pub const EVCXR: Tool = Tool {
    package: "evcxr_jupyter",
    version: "0.22.0",
    program: "evcxr_jupyter",
    minutes: "5 to 8 min",
};

/// cargo-fuzz, which runs the fuzz targets; only the checks need it.
pub const CARGO_FUZZ: Tool = Tool {
    package: "cargo-fuzz",
    version: "0.13.2",
    program: "cargo-fuzz",
    minutes: "1 min",
};

impl Tool {
    /// Whether this version is installed: the program exists and is in Cargo's list.
    pub fn is_installed(&self, checkout: &Checkout) -> bool {
        let listed = fs::read_to_string(checkout.tools().join(".crates.toml")).unwrap_or_default();
        checkout.program(self.program).is_file()
            && listed.contains(&format!("\"{} {} (", self.package, self.version))
    }

    /// Installs the program if it is not installed. An interrupted build is continued.
    ///
    /// # Errors
    /// If it cannot be downloaded or built.
    pub fn install(&self, checkout: &Checkout) -> Result<()> {
        if self.is_installed(checkout) {
            return Ok(());
        }
        let build = checkout.tools().join("build").join(self.package);
        let mut command = Command::new(cargo());
        command
            .current_dir(checkout.root())
            .args(["install", self.package, "--version", self.version])
            .args(["--locked", "--force"])
            .arg("--root")
            .arg(checkout.tools())
            .arg("--target-dir")
            .arg(&build);
        let what = format!("building {} {}", self.package, self.version);
        process::run(&what, &mut command, &checkout.log(self.package))?;
        fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))
    }
}

/// Builds mdBook's preprocessor, which inserts outputs and formulas into the pages of the book.
///
/// # Errors
/// If the build fails.
pub fn build_preprocessor(checkout: &Checkout) -> Result<()> {
    let mut command = Command::new(cargo());
    command
        .current_dir(checkout.root())
        .args(["build", "--package", "chapters", "--bins"]);
    let what = "building the book's preprocessor";
    process::run(what, &mut command, &checkout.log("preprocessor"))?;
    Ok(())
}

/// The Cargo that started this program; otherwise the one in `PATH`.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
