//! Folders for tests that write files.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// An empty folder, removed at the end of the test.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Creates the folder; `test` is a name that no other test uses.
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("digits-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
