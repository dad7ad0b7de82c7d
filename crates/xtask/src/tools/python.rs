//! Python environments in `.tools`, for JupyterLab and for the libraries in the benchmark.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::checkout::{self, Checkout};
use crate::process;

/// The oldest version of Python with which JupyterLab 4.6 runs.
const OLDEST: (u32, u32) = (3, 10);
/// The packages to install, including all dependencies, with their versions.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");
/// Settings with which JupyterLab does not contact servers for news, updates or extensions.
const OVERRIDES: &str = r#"{
  "@jupyterlab/apputils-extension:notification": {
    "checkForUpdates": false,
    "fetchNews": "false"
  }
}
"#;

/// Instructions for installing Python.
const HOW_TO_INSTALL: &str = "\
  Notebooks, and the bench's peers, need Python 3.10 or newer with its `venv` module:
    Debian, Ubuntu:  sudo apt install python3 python3-venv
    Fedora:          sudo dnf install python3
    macOS:           brew install python
    Windows:         use WSL with Ubuntu, and the first line there
  Then run the same command again. The book itself needs no Python.";

/// Whether the environment has exactly the packages to install.
pub fn is_installed(checkout: &Checkout) -> bool {
    fs::read_to_string(marker(checkout)).is_ok_and(|text| text == REQUIREMENTS)
        && checkout.python("jupyter").is_file()
}

/// Installs JupyterLab and the packages that run notebooks without a browser.
///
/// # Errors
/// If there is no Python, it is too old or has no `venv`, or a package cannot be downloaded.
pub fn install(checkout: &Checkout) -> Result<()> {
    if is_installed(checkout) {
        return Ok(());
    }
    if !answers(&checkout.python("python"), &["-m", "pip", "--version"]) {
        make_environment(checkout, &checkout.tools().join("python"))?;
    }
    let list = checkout.tools().join("requirements.txt");
    checkout::write(&list, REQUIREMENTS)?;
    let mut pip = Command::new(checkout.python("python"));
    clean(&mut pip)
        .env("PIP_CACHE_DIR", checkout.tools().join("cache/pip"))
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--no-input", "--requirement"])
        .arg(&list);
    process::run(
        "installing JupyterLab",
        &mut pip,
        &checkout.log("jupyterlab"),
    )?;
    let overrides = "python/share/jupyter/lab/settings/overrides.json";
    checkout::write(&checkout.tools().join(overrides), OVERRIDES)?;
    checkout::write(&marker(checkout), REQUIREMENTS)
}

/// Creates an empty environment in the folder `environment`.
///
/// # Errors
/// If there is no suitable Python, or creating the environment fails.
pub fn make_environment(checkout: &Checkout, environment: &Path) -> Result<()> {
    let mut venv = Command::new(find()?);
    clean(&mut venv)
        .args(["-m", "venv", "--clear"])
        .arg(environment);
    let what = "making a Python environment";
    process::run(what, &mut venv, &checkout.log("venv"))?;
    Ok(())
}

/// The path of a Python in `PATH` that can create environments.
///
/// # Errors
/// If there is none; the message says what to install.
pub fn find() -> Result<PathBuf> {
    let works = format!("import sys; sys.exit(sys.version_info < {OLDEST:?})");
    let mut problem = "There is no Python 3 on this machine's path.";
    for name in ["python3", "python"] {
        let python = PathBuf::from(name);
        if !answers(
            &python,
            &["-c", "import sys; sys.exit(sys.version_info < (3,))"],
        ) {
            continue;
        }
        if !answers(&python, &["-c", &works]) {
            problem = "The Python on this machine's path is too old.";
        } else if !answers(&python, &["-c", "import venv, ensurepip"]) {
            problem = "The Python on this machine's path has no `venv` module.";
        } else {
            return Ok(python);
        }
    }
    bail!("{problem}\n{HOW_TO_INSTALL}")
}

/// A command for `program` in the environment, with folders of this checkout for JupyterLab and the
/// notebooks in place of those in the home folder.
pub fn command(checkout: &Checkout, program: &str) -> Command {
    let mut command = Command::new(checkout.python(program));
    let jupyter = checkout.tools().join("jupyter");
    clean(&mut command)
        .env("JUPYTER_PREFER_ENV_PATH", "1")
        .env("JUPYTER_CONFIG_DIR", jupyter.join("config"))
        .env("JUPYTER_DATA_DIR", jupyter.join("data"))
        .env("JUPYTER_RUNTIME_DIR", jupyter.join("runtime"))
        .env("IPYTHONDIR", jupyter.join("ipython"));
    command
}

/// Removes environment variables from `command` that would make Python use another environment.
pub fn clean(command: &mut Command) -> &mut Command {
    for name in ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "JUPYTER_PATH"] {
        command.env_remove(name);
    }
    command
}

/// Whether `python` runs successfully with `arguments`.
pub fn answers(python: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new(python);
    clean(&mut command)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The file with the packages of a completed installation.
fn marker(checkout: &Checkout) -> PathBuf {
    checkout.tools().join("python/installed.txt")
}

/// The packages to install, as `name==version`.
pub fn pinned() -> impl Iterator<Item = &'static str> {
    REQUIREMENTS
        .lines()
        .map(|line| line.split(['#', ';']).next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
}

/// The version of JupyterLab to install.
///
/// # Errors
/// If JupyterLab is not in the list of packages.
pub fn jupyterlab_version() -> Result<&'static str> {
    pinned()
        .find_map(|line| line.strip_prefix("jupyterlab=="))
        .context("requirements.txt does not pin jupyterlab")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_has_a_fixed_version() {
        assert!(pinned().count() > 50);
        for line in pinned() {
            assert!(line.contains("=="), "{line}");
        }
        assert!(jupyterlab_version().unwrap().starts_with('4'));
    }

    #[test]
    fn a_missing_python_does_not_run() {
        assert!(!answers(Path::new("no-such-python"), &["--version"]));
    }
}
