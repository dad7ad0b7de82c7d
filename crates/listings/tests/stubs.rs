//! Tests that each chapter with listings, and nothing else, has a test program in this folder.

use std::collections::BTreeSet;

use chapters::book::Book;

#[test]
fn every_chapter_with_listings_has_its_test_program() {
    let book = Book::here().unwrap();
    let wanted: BTreeSet<String> = book
        .entries
        .iter()
        // A chapter that cannot be parsed keeps its stub, whose test says what is wrong.
        .filter(|entry| {
            book.chapter(&entry.name)
                .map_or(true, |c| c.listings().next().is_some())
        })
        .map(|entry| entry.name.clone())
        .collect();
    let found: BTreeSet<String> = std::fs::read_dir(book.root.join("crates/listings/tests"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| {
            std::fs::read_to_string(path).is_ok_and(|text| text.contains("\nlistings::chapter!("))
        })
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let missing: Vec<_> = wanted.difference(&found).collect();
    let extra: Vec<_> = found.difference(&wanted).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "crates/listings/tests lacks {missing:?} and has no chapter for {extra:?}: \
         `cargo xtask notebooks` writes and removes them"
    );
}
