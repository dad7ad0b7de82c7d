//! Keras and PyTorch, which experiments and the bench compare with: an environment of their own in `.tools/peers`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::python;
use crate::checkout::{self, Checkout};
use crate::process;

/// The folder of `.tools` that they are in.
const FOLDER: &str = "peers";

/// The Python that has Keras and PyTorch, installed if they are not as `bench/requirements.txt` says.
///
/// # Errors
/// If there is no Python, it is too old or has no `venv`, or a package cannot be downloaded.
pub fn install(checkout: &Checkout) -> Result<PathBuf> {
    let requirements = checkout.root().join("bench/requirements.txt");
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let environment = checkout.tools().join(FOLDER);
    let program = checkout.python_of(FOLDER, "python");
    let marker = environment.join("installed.txt");
    if program.is_file() && fs::read_to_string(&marker).is_ok_and(|text| text == wanted) {
        return Ok(program);
    }
    println!("Installing Keras and PyTorch into .tools/{FOLDER}: several GB, once");
    if !python::answers(&program, &["-m", "pip", "--version"]) {
        python::make_environment(checkout, &environment)?;
    }
    let mut pip = Command::new(&program);
    python::clean(&mut pip)
        .env("PIP_CACHE_DIR", checkout.tools().join("cache/pip"))
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--no-input", "--requirement"])
        .arg(&requirements);
    let log = checkout.log(FOLDER);
    process::run("installing Keras and PyTorch", &mut pip, &log)?;
    checkout::write(&marker, wanted)?;
    Ok(program)
}
