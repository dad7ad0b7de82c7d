//! The key that tells whether recorded outputs are stale: they are if it has changed since.
//!
//! The key is made of the chapter's listings with their hidden lines, the code and manifests of
//! our crates that a notebook links, the toolchain and the data. `Cargo.lock` is left out,
//! because evcxr ignores it; so are comments, documentation and tests, because they cannot change
//! an output.

use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use syn::visit_mut::{self, VisitMut};

use super::write::SET_UP_CODE;
use crate::chapter::Chapter;
use crate::sources::{LINKED_CRATES, files_in, has_extension, is_for_tests, is_test};

/// A digest of everything that can change the outputs of any chapter: the crates of ours that a
/// notebook links, the toolchain and the data.
#[derive(Clone, Debug)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of the checkout at `root`.
    ///
    /// # Errors
    /// A crate or a file is missing or cannot be read, or a source file does not parse.
    pub fn of(root: &Path) -> Result<Self> {
        let mut hash = Sha256::new();
        for name in LINKED_CRATES {
            add_crate(&mut hash, root, name)?;
        }
        add_file(&mut hash, root, &root.join("rust-toolchain.toml"))?;
        for path in files_in(&root.join("data"))? {
            if has_extension(&path, "gz") || has_extension(&path, "png") {
                add_file(&mut hash, root, &path)?;
            }
        }
        Ok(Fingerprint(hex(hash)))
    }

    /// The key of a chapter: a digest of this fingerprint and of the chapter's listings.
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

/// Adds the manifest and the sources of one of our crates, without what only tests compile.
fn add_crate(hash: &mut Sha256, root: &Path, name: &str) -> Result<()> {
    let folder = root.join("crates").join(name);
    for path in files_in(&folder.join("src"))? {
        let inside = path.strip_prefix(&folder).unwrap_or(&path);
        if !has_extension(&path, "rs") {
            add_file(hash, root, &path)?;
        } else if !is_test(inside) {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let code =
                code_of(&text).with_context(|| format!("{} does not parse", path.display()))?;
            add(
                hash,
                path.strip_prefix(root).unwrap_or(&path),
                code.as_bytes(),
            );
        }
    }
    add_file(hash, root, &folder.join("Cargo.toml"))
}

/// Adds a file's path below `root` and its bytes.
fn add_file(hash: &mut Sha256, root: &Path, path: &Path) -> Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    add(hash, path.strip_prefix(root).unwrap_or(path), &bytes);
    Ok(())
}

/// Adds a name, the number of bytes, and the bytes. The name and the number make it a change if
/// bytes move from one file to another.
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

/// The tokens of a source file without documentation and without what only tests compile.
fn code_of(text: &str) -> Result<String> {
    struct Strip;
    impl VisitMut for Strip {
        fn visit_file_mut(&mut self, file: &mut syn::File) {
            file.items.retain(|item| !is_for_tests(attributes(item)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::chapter;

    #[test]
    fn comments_documentation_and_tests_are_no_change() {
        let plain = code_of("pub fn f() -> u8 { 1 }").unwrap();
        let dressed = "//! A file.\n/// One.\npub fn f() -> u8 {\n    // one\n    1\n}\n\
                       #[cfg(test)]\nmod tests { fn t() {} }\n";
        assert_eq!(code_of(dressed).unwrap(), plain);
        assert_ne!(code_of("pub fn f() -> u8 { 2 }").unwrap(), plain);
    }

    #[test]
    fn prose_is_no_change_and_code_is() {
        let fingerprint = Fingerprint("x".into());
        let key = |text: &str| fingerprint.key(&chapter("t", text).unwrap());
        let first = key("# T\n\nWords.\n\n```rust\n1\n```\n");
        assert_eq!(first, key("# T\n\nOther words.\n\n```rust\n1\n```\n"));
        assert_ne!(first, key("# T\n\nWords.\n\n```rust\n2\n```\n"));
        let hidden = key("# T\n\nWords.\n\n```rust\n# assert!(true);\n1\n```\n");
        assert_ne!(first, hidden, "a hidden line is code too");
        assert_ne!(
            first,
            Fingerprint("y".into()).key(&chapter("t", "# T\n\n```rust\n1\n```\n").unwrap())
        );
    }
}
