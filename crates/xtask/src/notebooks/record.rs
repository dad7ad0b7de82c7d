//! Runs a chapter in full mode and stores its outputs.

use anyhow::{Context, Result};
use chapters::chapter::Chapter;
use chapters::notebook::{Cell, Notebook, write};
use chapters::refusals;
use chapters::values::Values;
use serde_json::{Value, json};

use super::Project;
use super::run::{self, RunMode};
use xtask::checkout;
use xtask::tools::runner::Report;

/// Runs a chapter, and writes its notebook and the compiler's messages about its listings that must
/// not compile.
pub(super) fn run(project: &Project, chapter: &Chapter) -> Result<()> {
    write_compile_failures(project, &[chapter])?;
    let mut values = Values::of_book(&project.book)?;
    let mut notebook = write::notebook(chapter, None, &values);
    let report = run::execute(project, chapter, RunMode::Full)?;
    fill(&mut notebook, report, &project.fingerprint.key(chapter));
    refusals::show(&project.book, chapter, &mut notebook)?;
    // Only now can the prose quote what the chapter printed.
    values.add(&chapter.name, &notebook);
    project.store(chapter, &write::notebook(chapter, Some(&notebook), &values))
}

/// Writes a snapshot of rustc's message for each listing of `chapters` that must not compile, and
/// removes the snapshots of listings that no longer exist.
pub(super) fn write_compile_failures(project: &Project, chapters: &[&Chapter]) -> Result<()> {
    let failures = refusals::of(&project.book, chapters)?;
    for chapter in chapters {
        let folder = project.book.root.join("book/errors").join(&chapter.name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
    }
    for failure in &failures {
        let path = refusals::path(&project.book, &failure.chapter, &failure.listing);
        checkout::write(&path, &failure.message)?;
    }
    Ok(())
}

/// Adds to a notebook the outputs of its cells, and the key, day and machine of the run.
fn fill(notebook: &mut Notebook, report: Report, key: &str) {
    let mut count = 0;
    let Report {
        mut cells, machine, ..
    } = report;
    for cell in &mut notebook.cells {
        let Cell::Code {
            execution_count,
            id,
            metadata,
            outputs,
            ..
        } = cell
        else {
            continue;
        };
        count += 1;
        let Some(ran) = cells.remove(id) else {
            continue;
        };
        *execution_count = Some(count);
        *outputs = ran.outputs;
        metadata.insert("digits".into(), json!({ "seconds": ran.seconds }));
    }
    if let Some(digits) = notebook
        .metadata
        .get_mut("digits")
        .and_then(Value::as_object_mut)
    {
        digits.insert("key".into(), json!(key));
        digits.insert(
            "recorded".into(),
            json!({ "day": today(), "machine": machine }),
        );
    }
}

fn today() -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    day(now.as_secs())
}

/// The day in UTC, such as `2026-11-21`, from the seconds since 1970 began.
fn day(seconds: u64) -> String {
    // Days since 1970-01-01 to a date of the Gregorian calendar, counted in eras of 400 years
    // from March.
    let days = i64::try_from(seconds / 86_400).unwrap_or(0) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_days() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(day(1_795_219_199), "2026-11-20");
        assert_eq!(day(1_795_219_200), "2026-11-21");
    }
}
