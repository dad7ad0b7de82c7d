//! Keras and PyTorch, with which experiments and the bench compare: an environment of their own in
//! `.tools/peers`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use xtask::checkout::{self, Checkout};
use xtask::process;
use xtask::tools::python;

/// Their folder in `.tools`.
const FOLDER: &str = "peers";

/// The Python program that has Keras and PyTorch; they are installed if they are not there at the
/// versions of `bench/requirements.txt`.
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
