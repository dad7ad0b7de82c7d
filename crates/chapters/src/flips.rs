//! The list `book/flips.toml`: for each displayed formula, a change of one sign in the code which
//! the formula's listing must notice; for each source file of `kernels`, one that the crate's own
//! tests must notice.
//!
//! It shows that the checks can fail. This module reads the list and compares it with the formulas
//! of the chapters and the files of `kernels`; `cargo xtask flips` makes each change in a copy of
//! the checkout and runs the chapter, or the tests of `kernels`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::book::Book;
use crate::sources::{files_in, has_extension, is_for_tests, is_test};

/// The heading of the changes that the tests of the crate `kernels` must notice; no chapter's name.
pub const KERNELS: &str = "kernels";

/// Where the files below that heading stand.
const KERNELS_FOLDER: &str = "crates/kernels/src";

/// A change in a file, and the formula whose listing must then fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The chapter that displays the formula, or [`KERNELS`].
    pub chapter: String,
    /// The formula's name, or a name for the file of `kernels`.
    pub formula: String,
    /// The path of the changed file in the checkout.
    pub file: PathBuf,
    /// The text to change. It occurs once in the file.
    pub from: String,
    /// The text to put in its place.
    pub to: String,
    /// What the CPU must have for the changed code to run.
    pub needs: Option<Instructions>,
}

/// Instructions that not every CPU has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Instructions {
    /// Those that `kernels` uses of x86's 512-bit vectors.
    #[serde(rename = "AVX-512")]
    Avx512,
}

/// An entry of the list, below its heading `[[chapter.formula]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// A path in `crates/digits/src`; below the heading `kernels`, in the checkout. Without it, the
    /// chapter's Markdown is changed.
    file: Option<String>,
    from: String,
    to: String,
    needs: Option<Instructions>,
}

impl Flip {
    /// Whether the tests of `kernels` must notice it, and not a listing.
    pub fn is_of_kernels(&self) -> bool {
        self.chapter == KERNELS
    }

    /// The text of the file after the change, given its text before.
    ///
    /// # Errors
    /// The text to change does not occur exactly once in `text`.
    pub fn apply(&self, text: &str) -> Result<String> {
        let found = text.matches(&self.from).count();
        ensure!(
            found == 1,
            "book/flips.toml, {}.{}: `{}` stands {found} times in {}, and should once",
            self.chapter,
            self.formula,
            self.from,
            self.file.display()
        );
        Ok(text.replacen(&self.from, &self.to, 1))
    }
}

/// Reads the list.
///
/// # Errors
/// The file is missing or malformed.
pub fn read(book: &Book) -> Result<Vec<Flip>> {
    let path = book.root.join("book/flips.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} is malformed", path.display()))
}

fn parse(text: &str) -> Result<Vec<Flip>> {
    let chapters: BTreeMap<String, BTreeMap<String, Vec<Entry>>> = toml::from_str(text)?;
    let mut flips = Vec::new();
    for (chapter, formulas) in chapters {
        for (formula, entries) in formulas {
            flips.extend(entries.into_iter().map(|entry| Flip {
                chapter: chapter.clone(),
                formula: formula.clone(),
                file: match entry.file {
                    Some(file) if chapter == KERNELS => PathBuf::from(file),
                    Some(file) => PathBuf::from("crates/digits/src").join(file),
                    None => PathBuf::from(format!("book/src/{chapter}.md")),
                },
                from: entry.from,
                to: entry.to,
                needs: entry.needs,
            }));
        }
    }
    Ok(flips)
}

/// What is wrong with the list, each as a sentence: a formula or a file of `kernels` without a
/// flip, a flip without either, or a text that does not occur exactly once.
///
/// # Errors
/// The list or a chapter cannot be read.
pub fn breaches(book: &Book) -> Result<Vec<String>> {
    let flips = read(book)?;
    let mut breaches = Vec::new();
    let mut displayed = Vec::new();
    for chapter in book.chapters()? {
        if chapter.name == KERNELS {
            breaches.push(format!(
                "book/src/{KERNELS}.md: book/flips.toml needs that name for the crate `{KERNELS}`"
            ));
        }
        for (name, formula) in chapter.displayed() {
            let place = (chapter.name.clone(), name.to_owned());
            if !flips
                .iter()
                .any(|f| (&f.chapter, &f.formula) == (&place.0, &place.1))
            {
                breaches.push(format!(
                    "book/src/{}.md:{}: book/flips.toml has no `[[{}.{name}]]`: add a change of a \
                     sign that the formula's listing must notice",
                    chapter.name, formula.line, chapter.name
                ));
            }
            displayed.push(place);
        }
    }
    let kernels = files_with_code(&book.root)?;
    for file in &kernels {
        if !flips.iter().any(|f| f.is_of_kernels() && f.file == *file) {
            breaches.push(format!(
                "{}: book/flips.toml has no `[[{KERNELS}.…]]` for it: add a change that the tests \
                 of `kernels` must notice",
                file.display()
            ));
        }
    }
    for flip in &flips {
        let place = (flip.chapter.clone(), flip.formula.clone());
        if flip.is_of_kernels() && !kernels.contains(&flip.file) {
            breaches.push(format!(
                "book/flips.toml, {KERNELS}.{}: {} is no file with code in {KERNELS_FOLDER}",
                flip.formula,
                flip.file.display()
            ));
            continue;
        }
        if !flip.is_of_kernels() && !displayed.contains(&place) {
            breaches.push(format!(
                "book/flips.toml: no chapter displays `{}.{}`",
                flip.chapter, flip.formula
            ));
        }
        let path = book.root.join(&flip.file);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("book/flips.toml: cannot read {}", path.display()))?;
        breaches.extend(flip.apply(&text).err().map(|error| error.to_string()));
    }
    Ok(breaches)
}

/// The source files of `kernels` that hold more than modules, imports and tests, as paths in the
/// checkout.
fn files_with_code(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in files_in(&root.join(KERNELS_FOLDER))? {
        let inside = path.strip_prefix(root).unwrap_or(&path);
        if !has_extension(&path, "rs") || is_test(inside) {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if has_code(&text).with_context(|| format!("{} does not parse", path.display()))? {
            found.push(inside.to_path_buf());
        }
    }
    Ok(found)
}

fn has_code(text: &str) -> Result<bool> {
    let file = syn::parse_file(text)?;
    Ok(file.items.iter().any(|item| match item {
        syn::Item::Use(_) => false,
        syn::Item::Mod(module) => module.content.is_some() && !is_for_tests(&module.attrs),
        _ => true,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_changes_a_chapter_or_a_file_of_digits() {
        let flips = parse(
            "[[sums.total]]\nfrom = 'a + b'\nto = 'a - b'\n\
             [[sums.total]]\nfile = 'ops/sum.rs'\nfrom = '+='\nto = '-='\n",
        )
        .unwrap();
        assert_eq!(flips[0].file, PathBuf::from("book/src/sums.md"));
        assert_eq!(flips[1].file, PathBuf::from("crates/digits/src/ops/sum.rs"));
        assert_eq!(flips[0].apply("let c = a + b;").unwrap(), "let c = a - b;");
    }

    #[test]
    fn a_flip_of_kernels_names_its_file_and_the_instructions_it_needs() {
        let flips = parse(
            "[[kernels.sum]]\nfile = 'crates/kernels/src/sum.rs'\nfrom = '+'\nto = '-'\n\
             [[kernels.wide]]\nfile = 'crates/kernels/src/wide.rs'\nfrom = '+'\nto = '-'\n\
             needs = 'AVX-512'\n",
        )
        .unwrap();
        assert!(flips.iter().all(Flip::is_of_kernels));
        assert_eq!(flips[0].file, PathBuf::from("crates/kernels/src/sum.rs"));
        assert_eq!(
            [flips[0].needs, flips[1].needs],
            [None, Some(Instructions::Avx512)]
        );
        assert!(parse("[[kernels.sum]]\nfrom = '+'\nto = '-'\nneeds = 'luck'\n").is_err());
    }

    #[test]
    fn modules_imports_and_tests_are_no_code() {
        let no_code = "//! Words.\nmod a;\npub use a::A;\n#[cfg(test)]\nmod tests { fn t() {} }";
        assert!(!has_code(no_code).unwrap());
        assert!(has_code("pub fn f() {}").unwrap());
        assert!(has_code("mod a { fn f() {} }").unwrap());
    }

    #[test]
    fn every_source_file_of_kernels_has_a_flip_that_applies() {
        let book = Book::here().unwrap();
        let flips = read(&book).unwrap();
        for file in files_with_code(&book.root).unwrap() {
            let mut flips = flips.iter().filter(|f| f.is_of_kernels());
            assert!(flips.any(|f| f.file == file), "{}", file.display());
        }
        for flip in flips {
            let text = std::fs::read_to_string(book.root.join(&flip.file)).unwrap();
            flip.apply(&text).unwrap();
        }
    }

    #[test]
    fn a_text_that_stands_twice_or_never_is_refused() {
        let flip = &parse("[[sums.total]]\nfrom = '+'\nto = '-'\n").unwrap()[0];
        for text in ["a + b + c", "a"] {
            let error = flip.apply(text).unwrap_err().to_string();
            assert!(
                error.contains("sums.total") && error.contains("should once"),
                "{error}"
            );
        }
    }
}
