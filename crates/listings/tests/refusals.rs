//! Tests that listings marked `compile_fail` do not compile, and that the snapshots of rustc's
//! messages are up to date.

use chapters::book::Book;
use chapters::refusals;

#[test]
fn the_compilers_messages_are_those_that_the_book_shows() {
    let book = Book::here().unwrap();
    // Chapters that cannot be parsed fail their own tests.
    let chapters: Vec<_> = book
        .entries
        .iter()
        .filter_map(|e| book.chapter(&e.name).ok())
        .collect();
    let chapters: Vec<_> = chapters.iter().collect();
    for failure in refusals::of(&book, &chapters).unwrap() {
        let path = refusals::path(&book, &failure.chapter, &failure.listing);
        let snapshot = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            failure.message,
            snapshot,
            "{} differs (left: rustc's message now); `cargo xtask notebooks {}` writes it",
            path.display(),
            failure.chapter
        );
    }
}

#[test]
fn every_message_belongs_to_a_listing() {
    let book = Book::here().unwrap();
    for folder in std::fs::read_dir(book.root.join("book/errors"))
        .into_iter()
        .flatten()
    {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let chapter = book.chapter(&name).unwrap();
        for file in std::fs::read_dir(&folder).unwrap() {
            let id = file
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let known = chapter
                .listings()
                .any(|l| l.id == id && l.marks.compile_fail);
            assert!(
                known,
                "book/errors/{name}/{id}.txt belongs to no listing: remove it"
            );
        }
    }
}
