//! `cargo xtask notebooks`: makes notebooks of the chapters, runs them under evcxr and records
//! their outputs.
//!
//! Without arguments it runs the chapters whose outputs are stale, in full, and stores what they
//! print. `--check` stores nothing: stale chapters run in full and are compared with the recorded
//! outputs, all others run in quick mode; and every notebook must be the one its chapter gives.

use anyhow::{Context, Result, bail};
use chapters::book::{Book, Entry};
use chapters::chapter::Chapter;
use chapters::notebook::key::Fingerprint;
use chapters::notebook::{Notebook, write};
use chapters::refusals;
use chapters::values::Values;

use xtask::checkout::{self, Checkout};
use xtask::tools::kernel;

mod check;
mod record;
mod run;
mod stubs;

/// What to run.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Chapters to run or check, by file name without `.md`; without any, those whose outputs are
    /// stale (with `--check`, all)
    chapters: Vec<String>,
    /// Run every chapter in full
    #[arg(long)]
    all: bool,
    /// Compare with the recorded outputs and store nothing
    #[arg(long)]
    check: bool,
    /// Write notebooks and test programs from the chapters, and run nothing
    #[arg(long, conflicts_with_all = ["all", "check"])]
    write_only: bool,
    /// Ask rustc anew for its messages on listings that must not compile, and run nothing
    #[arg(long, conflicts_with_all = ["all", "check"])]
    errors: bool,
    /// Longest time for one cell, in seconds
    #[arg(long, default_value_t = 900)]
    cell_limit: u32,
    /// Longest time for one notebook, in seconds
    #[arg(long, default_value_t = 2400)]
    limit: u32,
}

/// A checkout with its chapters, the fingerprint of its sources, and the arguments of the task.
struct Project {
    checkout: Checkout,
    book: Book,
    chapters: Vec<Chapter>,
    fingerprint: Fingerprint,
    args: Args,
}

/// Runs the task.
///
/// # Errors
/// A chapter cannot be parsed, a cell fails, or with `--check` something differs. The message names
/// chapter, listing and line.
pub fn run(args: &Args) -> Result<()> {
    let project = Project::open(args)?;
    if args.check {
        return check::run(&project);
    }
    stubs::write(&project.book, &project.chapters)?;
    if args.errors {
        let all: Vec<&Chapter> = project.chapters.iter().collect();
        record::write_compile_failures(&project, &all)?;
    } else if !args.write_only {
        for chapter in project.chosen()? {
            record::run(&project, chapter)?;
        }
    }
    project.write_all()
}

impl Project {
    fn open(args: &Args) -> Result<Self> {
        let checkout = Checkout::find()?;
        kernel::ensure(&checkout)?;
        for folder in [checkout.notebooks(), checkout.tools().join("jupyter")] {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let book = Book::open(checkout.root())?;
        let chapters = read_all(&book)?;
        let fingerprint = Fingerprint::of(checkout.root())?;
        for name in &args.chapters {
            if !book.entries.iter().any(|entry| entry.name == *name) {
                bail!("no chapter `{name}` in book/src/SUMMARY.md");
            }
        }
        Ok(Project {
            checkout,
            book,
            chapters,
            fingerprint,
            args: args.clone(),
        })
    }

    /// The chapters that have listings.
    fn with_listings(&self) -> impl Iterator<Item = &Chapter> {
        self.chapters
            .iter()
            .filter(|chapter| chapter.listings().next().is_some())
    }

    /// The chapters to run in full mode: those named in the arguments, or all, or the stale ones.
    fn chosen(&self) -> Result<Vec<&Chapter>> {
        let mut chosen = Vec::new();
        for chapter in self.with_listings() {
            let named = self.args.chapters.contains(&chapter.name);
            if self.args.all
                || named
                || (self.args.chapters.is_empty() && self.is_stale(chapter)?)
            {
                chosen.push(chapter);
            }
        }
        Ok(chosen)
    }

    fn is_stale(&self, chapter: &Chapter) -> Result<bool> {
        let notebook = self.notebook(chapter)?;
        let key = self.fingerprint.key(chapter);
        Ok(notebook.is_none_or(|n| n.key() != Some(&key) || !ran(&n, chapter)))
    }

    fn notebook(&self, chapter: &Chapter) -> Result<Option<Notebook>> {
        Notebook::read(&self.book.notebook_path(&chapter.name))
    }

    /// Writes the notebook of every chapter, because prose may quote what another chapter printed.
    ///
    /// It does so twice: the first time, cells whose code has changed lose their outputs, and the
    /// second time, prose no longer quotes them.
    fn write_all(&self) -> Result<()> {
        self.write_each()?;
        self.write_each()?;
        crate::readme::update(self.checkout.root())
    }

    fn write_each(&self) -> Result<()> {
        let values = Values::of_book(&self.book)?;
        for chapter in &self.chapters {
            let before = self.notebook(chapter)?;
            if chapter.listings().next().is_some() {
                let mut notebook = write::notebook(chapter, before.as_ref(), &values);
                refusals::show(&self.book, chapter, &mut notebook)?;
                self.store(chapter, &notebook)?;
            } else if before.is_some() {
                let path = self.book.notebook_path(&chapter.name);
                std::fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    fn store(&self, chapter: &Chapter, notebook: &Notebook) -> Result<()> {
        let path = self.book.notebook_path(&chapter.name);
        let text = notebook.to_text()?;
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        checkout::write(&path, text)
    }
}

/// Whether every listing was run.
fn ran(notebook: &Notebook, chapter: &Chapter) -> bool {
    chapter
        .listings()
        .all(|listing| notebook.outputs(&listing.id).is_some())
}

/// Reads all chapters. If some cannot be parsed, the error lists all mistakes.
fn read_all(book: &Book) -> Result<Vec<Chapter>> {
    let read = |entry: &Entry| book.chapter(&entry.name);
    let (good, bad): (Vec<_>, Vec<_>) = book.entries.iter().map(read).partition(Result::is_ok);
    let errors: Vec<String> = bad
        .into_iter()
        .filter_map(Result::err)
        .map(|e| format!("{e:#}"))
        .collect();
    if !errors.is_empty() {
        bail!("{}", errors.join("\n"));
    }
    Ok(good.into_iter().filter_map(Result::ok).collect())
}
