//! Tests that the chapters keep the rules of the book. A failure lists each place that breaks one.

use chapters::book::Book;
use chapters::chapter::Chapter;
use chapters::notebook::{Notebook, key::Fingerprint, write};
use chapters::refusals;
use chapters::rules::{self, import_order, pictures};
use chapters::values::Values;

/// The chapters that can be parsed. The others fail their own tests.
fn chapters(book: &Book) -> Vec<Chapter> {
    book.entries
        .iter()
        .filter_map(|entry| book.chapter(&entry.name).ok())
        .collect()
}

fn hold(rule: impl Fn(&Chapter) -> Vec<String>) {
    let book = Book::here().unwrap();
    none(chapters(&book).iter().flat_map(rule).collect());
}

fn none(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn every_chapter_can_be_read_and_no_listing_is_ignored() {
    let book = Book::here().unwrap();
    let errors = book
        .entries
        .iter()
        .filter_map(|entry| book.chapter(&entry.name).err());
    none(errors.map(|error| format!("{error:#}")).collect());
}

#[test]
fn listings_are_short() {
    hold(rules::long_listings);
}

#[test]
fn every_displayed_formula_is_checked_by_a_listing_that_asserts() {
    hold(rules::unchecked_formulas);
}

#[test]
fn every_displayed_formula_has_a_flip_that_its_listing_must_notice() {
    none(chapters::flips::breaches(&Book::here().unwrap()).unwrap());
}

#[test]
fn every_formula_becomes_mathml() {
    hold(|chapter| rules::invalid_formulas(chapter).unwrap());
}

#[test]
fn percentages_in_prose_are_recorded_or_cited() {
    hold(rules::unsourced_percentages);
}

#[test]
fn numbered_chapters_have_three_to_five_exercises_with_solutions() {
    let book = Book::here().unwrap();
    let numbered = book.entries.iter().filter(|entry| entry.numbered);
    none(
        numbered
            .filter_map(|entry| book.chapter(&entry.name).ok())
            .flat_map(|c| rules::exercises(&c))
            .collect(),
    );
}

#[test]
fn the_coverage_list_and_the_listings_agree() {
    none(rules::coverage(&Book::here().unwrap()).unwrap());
}

#[test]
fn modules_of_digits_import_only_from_above() {
    none(import_order::violations(&Book::here().unwrap().root.join("crates/digits/src")).unwrap());
}

#[test]
fn pictures_in_prose_have_alternative_text() {
    hold(pictures::in_prose);
}

#[test]
fn recorded_pictures_have_alternative_text() {
    let book = Book::here().unwrap();
    hold(|chapter| {
        let notebook = Notebook::read(&book.notebook_path(&chapter.name)).unwrap();
        notebook.map_or(Vec::new(), |notebook| {
            pictures::recorded(chapter, &notebook)
        })
    });
}

#[test]
fn committed_notebooks_are_those_that_the_chapters_give() {
    let book = Book::here().unwrap();
    let values = Values::of_book(&book).unwrap();
    hold(|chapter| {
        if chapter.listings().next().is_none() {
            return Vec::new();
        }
        let path = book.notebook_path(&chapter.name);
        let committed = Notebook::read(&path).unwrap();
        let mut given = write::notebook(chapter, committed.as_ref(), &values);
        if let Err(missing) = refusals::show(&book, chapter, &mut given) {
            return vec![format!("{missing:#}")];
        }
        let same = committed.as_ref() == Some(&given);
        let text = same && std::fs::read_to_string(&path).unwrap() == given.to_text().unwrap();
        let sentence = format!(
            "notebooks/{}.ipynb is not what its chapter gives: run `cargo xtask notebooks`",
            chapter.name
        );
        if text { Vec::new() } else { vec![sentence] }
    });
}

#[test]
fn a_key_can_be_made_of_this_checkout() {
    let book = Book::here().unwrap();
    let fingerprint = Fingerprint::of(&book.root).unwrap();
    let keys: std::collections::BTreeSet<String> = chapters(&book)
        .iter()
        .map(|chapter| fingerprint.key(chapter))
        .collect();
    assert!(keys.iter().all(|key| key.len() == 32), "{keys:?}");
}
