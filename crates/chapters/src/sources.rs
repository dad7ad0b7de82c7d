//! The files of the workspace that other modules read: those of our crates, and of a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The crates of ours that a notebook links, by their folder in `crates/`. Add a crate here when
/// `digits` comes to depend on it: a change in it then makes recorded outputs stale, and compiler
/// messages name its files without the path of the checkout.
pub const LINKED_CRATES: &[&str] = &["kernels", "records", "digits"];

/// All files in a folder and in the folders below it, sorted by path.
///
/// # Errors
/// The folder is missing, or a folder cannot be read.
pub fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read the folder {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a path has this extension, given without its dot.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// Whether a source file holds tests only, judged by its path inside its crate.
pub fn is_test(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("");
    stem == "tests"
        || stem.ends_with("_tests")
        || path.components().any(|c| c.as_os_str() == "tests")
}

/// Whether attributes contain `#[cfg(test)]`.
pub fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|a| {
        a.path().is_ident("cfg")
            && a.parse_args::<syn::Ident>()
                .is_ok_and(|condition| condition == "test")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_all_folders_and_sorted() {
        let root = std::env::temp_dir().join(format!("sources-{}", std::process::id()));
        std::fs::create_dir_all(root.join("b/c")).unwrap();
        for file in ["d.rs", "b/c/a.rs", "a.rs"] {
            std::fs::write(root.join(file), "").unwrap();
        }
        let found = files_in(&root);
        std::fs::remove_dir_all(&root).unwrap();
        let expected = ["a.rs", "b/c/a.rs", "d.rs"].map(|file| root.join(file));
        assert_eq!(found.unwrap(), expected);
        let error = format!("{:#}", files_in(&root).unwrap_err());
        assert!(error.contains("cannot read the folder"), "{error}");
    }

    #[test]
    fn tests_are_told_by_their_path() {
        for path in ["tests.rs", "ops/tests/conv.rs", "gradient_tests.rs"] {
            assert!(is_test(Path::new(path)), "{path}");
        }
        assert!(!is_test(Path::new("contests.rs")));
    }
}
