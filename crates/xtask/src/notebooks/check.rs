//! `--check`: nothing is stored; every difference is told, then the check fails.

use anyhow::{Result, bail};
use chapters::chapter::Chapter;
use chapters::notebook::{Notebook, compare, write};
use chapters::values::Values;

use super::Desk;
use super::run::{self, Scale};
use crate::tools::runner::Report;

/// Compares every notebook with its chapter and runs it.
pub(super) fn run(desk: &Desk) -> Result<()> {
    let values = Values::of_book(&desk.book)?;
    let mut differences = Vec::new();
    for chapter in desk.with_listings() {
        let Some(recorded) = desk.notebook(chapter)? else {
            differences.push(format!("notebooks/{}.ipynb is missing", chapter.name));
            continue;
        };
        if write::notebook(chapter, Some(&recorded), &values) != recorded {
            differences.push(format!(
                "notebooks/{}.ipynb is not what its chapter gives",
                chapter.name
            ));
        }
    }
    let stale = desk.chosen()?;
    let names = &desk.args.chapters;
    let named = |chapter: &&Chapter| names.is_empty() || names.contains(&chapter.name);
    for chapter in desk.with_listings().filter(named) {
        let in_full = stale.iter().any(|c| c.name == chapter.name);
        let notebook = write::notebook(chapter, None, &values);
        let scale = if in_full { Scale::Full } else { Scale::Quick };
        match run::execute(desk, chapter, &notebook, scale) {
            Err(failure) => differences.push(format!("{failure:#}")),
            Ok(report) if in_full => {
                if let Some(recorded) = desk.notebook(chapter)? {
                    differences.extend(compare_run(chapter, &recorded, &report));
                }
            }
            Ok(_) => {}
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n`cargo xtask notebooks` runs stale chapters and writes every notebook anew",
        differences.join("\n")
    )
}

fn compare_run(chapter: &Chapter, recorded: &Notebook, report: &Report) -> Vec<String> {
    let mut differences = Vec::new();
    for listing in chapter.listings().filter(|l| !l.marks.compile_fail) {
        let place = format!(
            "book/src/{}.md:{}: listing `{}`",
            chapter.name, listing.first, listing.id
        );
        let Some(then) = recorded.outputs(&listing.id) else {
            differences.push(format!("{place} has no recorded output"));
            continue;
        };
        let now = report
            .cells
            .get(&listing.id)
            .map_or(&[][..], |ran| &ran.outputs);
        if let Err(difference) = compare::outputs(then, now, listing.marks.varies) {
            differences.push(format!("{place}: {difference}"));
        }
    }
    differences
}
