//! Where things are: the checkout's folders, whichever folder the task was started from.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders of this checkout.
#[derive(Clone, Debug)]
pub struct Checkout {
    root: PathBuf,
    tools: PathBuf,
}

impl Checkout {
    /// Finds the checkout this program was built from, and makes its `.tools` folder.
    ///
    /// # Errors
    /// If the folder is gone, or `.tools` cannot be made in it.
    pub fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .ancestors()
            .nth(2)
            .context("xtask is not in crates/xtask of a checkout")?
            .to_path_buf();
        let tools = root.join(".tools");
        fs::create_dir_all(tools.join("log"))
            .with_context(|| format!("cannot make {}", tools.display()))?;
        let tools = tools
            .canonicalize()
            .with_context(|| format!("cannot read {}", tools.display()))?;
        Ok(Self { root, tools })
    }

    /// The checkout itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `.tools`: everything that tasks install or cache.
    pub fn tools(&self) -> &Path {
        &self.tools
    }

    /// A program that Cargo installed into `.tools/bin`.
    pub fn program(&self, name: &str) -> PathBuf {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        self.tools.join("bin").join(file)
    }

    /// A program of the Python environment in `.tools/python`.
    pub fn python(&self, name: &str) -> PathBuf {
        self.python_of("python", name)
    }

    /// A program of the Python environment called `environment` in `.tools`.
    pub fn python_of(&self, environment: &str, name: &str) -> PathBuf {
        let folder = if cfg!(windows) { "Scripts" } else { "bin" };
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        self.tools.join(environment).join(folder).join(file)
    }

    /// Where a step writes what its command prints.
    pub fn log(&self, step: &str) -> PathBuf {
        self.tools.join("log").join(format!("{step}.log"))
    }

    /// The folder of the notebooks' kernel description.
    pub fn kernelspec(&self) -> PathBuf {
        self.tools.join("python/share/jupyter/kernels/rust")
    }

    /// The notebooks made from the chapters.
    pub fn notebooks(&self) -> PathBuf {
        self.root.join("notebooks")
    }

    /// The readers' copies of the notebooks.
    pub fn my_notebooks(&self) -> PathBuf {
        self.root.join("my-notebooks")
    }
}

/// Writes `text` beside `path` and renames it, so that an interrupted write leaves the old file.
///
/// # Errors
/// If the folder cannot be made or written to.
pub fn write(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let folder = path.parent().context("a file needs a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    fs::write(&beside, text).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("cannot replace {}", path.display()))
}

/// Copies a file, or a folder with all in it but the folders and files that are called as one of
/// `but`.
///
/// # Errors
/// If something cannot be read or written.
pub fn copy(from: &Path, to: &Path, but: &[&str]) -> Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().context("a file needs a folder")?)
            .and_then(|()| fs::copy(from, to))
            .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        return Ok(());
    }
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let name = entry?.file_name();
        if !but.iter().any(|left_out| name == *left_out) {
            copy(&from.join(&name), &to.join(&name), but)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_copied_without_what_is_left_out() {
        let root = env::temp_dir().join(format!("copied-{}", std::process::id()));
        for file in [
            "from/lib.rs",
            "from/vec/mod.rs",
            "from/vec/tests/push.rs",
            "from/benches/a.rs",
        ] {
            write(&root.join(file), "//").unwrap();
        }
        copy(&root.join("from"), &root.join("to"), &["tests", "benches"]).unwrap();
        let there = |file: &str| root.join("to").join(file).exists();
        assert!(there("lib.rs") && there("vec/mod.rs"));
        assert!(!there("vec/tests") && !there("benches"));
        fs::remove_dir_all(&root).unwrap();
    }
}
