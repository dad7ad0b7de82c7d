//! Python, for JupyterLab and what the bench compares with: environments of their own in `.tools`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::checkout::{self, Checkout};
use crate::process;

/// The oldest Python that JupyterLab 4.6 runs on.
const OLDEST: (u32, u32) = (3, 10);
/// The versions we install, every dependency pinned.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");
/// JupyterLab asks no server for news, updates or extensions.
const OVERRIDES: &str = r#"{
  "@jupyterlab/apputils-extension:notification": {
    "checkForUpdates": false,
    "fetchNews": "false"
  }
}
"#;

/// What to do when there is no usable Python.
const HOW_TO_INSTALL: &str = "\
  Notebooks, and the bench's peers, need Python 3.10 or newer with its `venv` module:
    Debian, Ubuntu:  sudo apt install python3 python3-venv
    Fedora:          sudo dnf install python3
    macOS:           brew install python
    Windows:         use WSL with Ubuntu, and the first line there
  Then run the same command again. The book itself needs no Python.";

/// Whether the environment holds exactly what is pinned.
pub fn is_installed(checkout: &Checkout) -> bool {
    fs::read_to_string(marker(checkout)).is_ok_and(|text| text == REQUIREMENTS)
        && checkout.python("jupyter").is_file()
}

/// Installs JupyterLab and what runs notebooks without a browser.
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

/// Makes an empty environment in the folder `environment`.
///
/// # Errors
/// If there is no Python that can, or it fails.
pub fn make_environment(checkout: &Checkout, environment: &Path) -> Result<()> {
    let mut venv = Command::new(find()?);
    clean(&mut venv)
        .args(["-m", "venv", "--clear"])
        .arg(environment);
    let what = "making a Python environment";
    process::run(what, &mut venv, &checkout.log("venv"))?;
    Ok(())
}

/// A Python on the path that can make the environment.
///
/// # Errors
/// If there is none: the message says what to install.
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

/// A command in the environment, as JupyterLab and the notebooks are run: with this checkout's
/// folders instead of those in the home folder.
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

/// Takes away what would make Python look into another environment.
pub fn clean(command: &mut Command) -> &mut Command {
    for name in ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "JUPYTER_PATH"] {
        command.env_remove(name);
    }
    command
}

/// Whether `python` runs with these arguments, and succeeds.
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

fn marker(checkout: &Checkout) -> PathBuf {
    checkout.tools().join("python/installed.txt")
}

/// The pinned list as `name==version` lines, for messages and tests.
pub fn pinned() -> impl Iterator<Item = &'static str> {
    REQUIREMENTS
        .lines()
        .map(|line| line.split(['#', ';']).next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
}

/// The version of JupyterLab that is pinned.
///
/// # Errors
/// If the list does not name it.
pub fn jupyterlab_version() -> Result<&'static str> {
    pinned()
        .find_map(|line| line.strip_prefix("jupyterlab=="))
        .context("requirements.txt does not pin jupyterlab")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        assert!(pinned().count() > 50);
        for line in pinned() {
            assert!(line.contains("=="), "{line}");
        }
        assert!(jupyterlab_version().unwrap().starts_with('4'));
    }

    #[test]
    fn a_missing_python_answers_nothing() {
        assert!(!answers(Path::new("no-such-python"), &["--version"]));
    }
}
