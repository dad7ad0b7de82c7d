//! Writes the test program of each chapter: a file of two lines in `crates/listings/tests`.

use std::fs;

use anyhow::{Context, Result};
use chapters::book::Book;
use chapters::chapter::Chapter;

use xtask::checkout;

/// Writes the stubs that are missing and removes those whose chapter is gone.
pub(super) fn write(book: &Book, chapters: &[Chapter]) -> Result<()> {
    for chapter in chapters.iter().filter(|c| c.listings().next().is_some()) {
        let path = book.test_path(&chapter.name);
        let text = stub(&chapter.name);
        if !fs::read_to_string(&path).is_ok_and(|there| there == text) {
            checkout::write(&path, text)?;
            eprintln!("wrote {}", path.display());
        }
    }
    let folder = book.root.join("crates/listings/tests");
    for file in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = file?.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        let written = chapters
            .iter()
            .any(|c| c.name == name && c.listings().next().is_some());
        if !written && fs::read_to_string(&path).is_ok_and(|text| text == stub(name)) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            eprintln!("removed {}", path.display());
        }
    }
    Ok(())
}

fn stub(name: &str) -> String {
    format!(
        "//! The listings of `book/src/{name}.md` as a test.\nlistings::chapter!(\"{name}\");\n"
    )
}
