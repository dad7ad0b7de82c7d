//! Writes the listings of each chapter as a test program `$OUT_DIR/<chapter>.rs`, which
//! `listings::chapter!` includes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chapters::book::Book;
use chapters::{parse, program};

fn main() -> Result<()> {
    let out = PathBuf::from(std::env::var("OUT_DIR").context("Cargo sets OUT_DIR")?);
    let book = Book::here()?;
    println!(
        "cargo::rerun-if-changed={}",
        book.root.join("book/src").display()
    );
    println!(
        "cargo::rerun-if-changed={}",
        book.root.join("crates/listings/tests").display()
    );
    for entry in &book.entries {
        let path = book.markdown_path(&entry.name);
        let markdown =
            std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let program = match parse::chapter(&entry.name, &markdown) {
            Ok(chapter) => program::test(&chapter),
            // A chapter that cannot be parsed fails its own test, on the line of the mistake.
            Err(error) => "\n".repeat(error.line - 1) + &compile_error(&error.to_string()),
        };
        write(&out, &entry.name, &program)?;
    }
    refuse_stubs_without_a_chapter(&book, &out)
}

fn refuse_stubs_without_a_chapter(book: &Book, out: &Path) -> Result<()> {
    for file in std::fs::read_dir(book.root.join("crates/listings/tests"))? {
        let path = file?.path();
        let Some(name) = path.file_stem().and_then(|n| n.to_str()) else {
            continue;
        };
        let stub =
            std::fs::read_to_string(&path).is_ok_and(|text| text.contains("\nlistings::chapter!("));
        if stub && book.entries.iter().all(|entry| entry.name != name) {
            let sentence = format!(
                "crates/listings/tests/{name}.rs belongs to no chapter of book/src/SUMMARY.md: \
                 remove it"
            );
            write(out, name, &compile_error(&sentence))?;
        }
    }
    Ok(())
}

fn compile_error(sentence: &str) -> String {
    format!("compile_error!({sentence:?});\n")
}

fn write(out: &Path, name: &str, program: &str) -> Result<()> {
    let path = out.join(format!("{name}.rs"));
    std::fs::write(&path, program).with_context(|| format!("cannot write {}", path.display()))
}
