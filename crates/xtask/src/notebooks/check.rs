//! `--check`: runs notebooks, stores nothing, and fails with a list of all differences.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Result, bail};
use chapters::chapter::Chapter;
use chapters::notebook::{Notebook, compare, write};
use chapters::values::Values;

use super::Project;
use super::run::{self, RunMode};
use xtask::tools::runner::Report;

/// How many notebooks run at a time: a quick run is rustc most of the time, and rustc mostly uses
/// one core.
const AT_ONCE: usize = 2;

/// Compares every notebook with its chapter and runs it.
pub(super) fn run(project: &Project) -> Result<()> {
    let values = Values::of_book(&project.book)?;
    let mut differences = Vec::new();
    for chapter in project.with_listings() {
        let Some(recorded) = project.notebook(chapter)? else {
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
    let stale = project.chosen()?;
    let names = &project.args.chapters;
    let named = |chapter: &&Chapter| names.is_empty() || names.contains(&chapter.name);
    let jobs: Vec<Job<'_>> = project
        .with_listings()
        .filter(named)
        .map(|chapter| Job {
            chapter,
            in_full: stale.iter().any(|c| c.name == chapter.name),
        })
        .collect();
    for (job, ran) in jobs.iter().zip(run_all(project, &jobs)) {
        match ran {
            Err(failure) => differences.push(format!("{failure:#}")),
            Ok(report) if job.in_full => {
                if let Some(recorded) = project.notebook(job.chapter)? {
                    differences.extend(compare_run(job.chapter, &recorded, &report));
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

/// A notebook to run.
struct Job<'a> {
    chapter: &'a Chapter,
    in_full: bool,
}

/// Runs the notebooks, each in a kernel of its own, [`AT_ONCE`] at a time.
fn run_all(project: &Project, jobs: &[Job<'_>]) -> Vec<Result<Report>> {
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Result<Report>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            let Some(job) = jobs.get(at) else { break };
            let mode = if job.in_full {
                RunMode::Full
            } else {
                RunMode::Quick
            };
            let ran = run::execute(project, job.chapter, mode);
            *done[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(ran);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    done.into_iter()
        .filter_map(|ran| ran.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
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
