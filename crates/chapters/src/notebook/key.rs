//! When is a recorded output stale? When the key of what made it has changed.
//!
//! The key is made of the chapter's cells, the code and manifest of `digits`, the toolchain and the
//! data — not of `Cargo.lock`, which evcxr ignores. Comments, documentation and tests of `digits` do
//! not enter: they cannot change an output.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use syn::visit_mut::{self, VisitMut};

use super::write::SET_UP_CODE;
use crate::chapter::Chapter;

/// What all chapters rest on, as one number.
#[derive(Clone, Debug)]
pub struct Ground(String);

impl Ground {
    /// Reads `digits`, the toolchain and the data of the checkout at `root`.
    ///
    /// # Errors
    /// A file cannot be read, or a source file of `digits` does not parse.
    pub fn of(root: &Path) -> Result<Self> {
        let mut hash = Sha256::new();
        let digits = root.join("crates/digits");
        for path in files(&digits.join("src"))? {
            let bytes = read(&path)?;
            let name = path.strip_prefix(root).unwrap_or(&path);
            if path.extension().is_some_and(|e| e == "rs") {
                if is_test(name) {
                    continue;
                }
                let text =
                    String::from_utf8(bytes).with_context(|| format!("{}", path.display()))?;
                let code =
                    code_of(&text).with_context(|| format!("{} does not parse", path.display()))?;
                add(&mut hash, name, code.as_bytes());
            } else {
                add(&mut hash, name, &bytes);
            }
        }
        for path in [digits.join("Cargo.toml"), root.join("rust-toolchain.toml")] {
            add(
                &mut hash,
                path.strip_prefix(root).unwrap_or(&path),
                &read(&path)?,
            );
        }
        for path in files(&root.join("data"))?
            .iter()
            .filter(|p| p.extension().is_some_and(|e| e == "gz" || e == "png"))
        {
            add(
                &mut hash,
                path.strip_prefix(root).unwrap_or(path),
                &read(path)?,
            );
        }
        Ok(Ground(hex(hash)))
    }

    /// The key of a chapter's run.
    pub fn key(&self, chapter: &Chapter) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.0);
        add(&mut hash, Path::new("set-up"), SET_UP_CODE.as_bytes());
        for listing in chapter.listings() {
            add(&mut hash, Path::new(&listing.id), listing.code.as_bytes());
        }
        hex(hash)
    }
}

/// Names and lengths enter as well, so that moving bytes from one file to the next is a change.
fn add(hash: &mut Sha256, name: &Path, bytes: &[u8]) {
    hash.update(name.to_string_lossy().replace('\\', "/"));
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The files under a folder, sorted; none if it does not exist.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                found.extend(files(&path)?)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_test(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("");
    stem == "tests"
        || stem.ends_with("_tests")
        || path.components().any(|c| c.as_os_str() == "tests")
}

/// The tokens of a source file without documentation and without what only tests compile.
fn code_of(text: &str) -> Result<String> {
    struct Strip;
    impl VisitMut for Strip {
        fn visit_file_mut(&mut self, file: &mut syn::File) {
            file.items.retain(|item| !for_tests(attributes(item)));
            visit_mut::visit_file_mut(self, file);
        }
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
            attributes.retain(|a| !a.path().is_ident("doc"));
        }
    }
    let mut file = syn::parse_file(text)?;
    Strip.visit_file_mut(&mut file);
    Ok(quote::ToTokens::to_token_stream(&file).to_string())
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|a| {
        a.path().is_ident("cfg")
            && a.parse_args::<syn::Ident>()
                .is_ok_and(|condition| condition == "test")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::chapter;

    #[test]
    fn comments_documentation_and_tests_are_no_change() {
        let plain = code_of("pub fn f() -> u8 { 1 }").unwrap();
        let dressed = "//! A file.\n/// One.\npub fn f() -> u8 {\n    // one\n    1\n}\n#[cfg(test)]\nmod tests { fn t() {} }\n";
        assert_eq!(code_of(dressed).unwrap(), plain);
        assert_ne!(code_of("pub fn f() -> u8 { 2 }").unwrap(), plain);
    }

    #[test]
    fn prose_is_no_change_and_code_is() {
        let ground = Ground("x".into());
        let key = |text: &str| ground.key(&chapter("t", text).unwrap());
        let first = key("# T\n\nWords.\n\n```rust\n1\n```\n");
        assert_eq!(first, key("# T\n\nOther words.\n\n```rust\n1\n```\n"));
        assert_ne!(first, key("# T\n\nWords.\n\n```rust\n2\n```\n"));
        assert_ne!(
            first,
            Ground("y".into()).key(&chapter("t", "# T\n\n```rust\n1\n```\n").unwrap())
        );
    }
}
