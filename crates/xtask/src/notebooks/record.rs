//! Runs a chapter in full and stores what it printed.

use anyhow::{Context, Result};
use chapters::chapter::Chapter;
use chapters::notebook::{Cell, Notebook, write};
use chapters::refusals;
use chapters::values::Values;
use serde_json::{Value, json};

use super::Desk;
use super::run::{self, RunMode};
use crate::checkout;
use crate::tools::runner::Report;

/// Runs a chapter, writes its notebook, and the messages for what must not compile in it.
pub(super) fn run(desk: &Desk, chapter: &Chapter) -> Result<()> {
    refuse(desk, &[chapter])?;
    let mut values = Values::of_book(&desk.book)?;
    let mut notebook = write::notebook(chapter, None, &values);
    let report = run::execute(desk, chapter, RunMode::Full)?;
    fill(&mut notebook, report, &desk.fingerprint.key(chapter));
    refusals::show(&desk.book, chapter, &mut notebook)?;
    // Now its prose can quote what it printed.
    values.add(&chapter.name, &notebook);
    desk.store(chapter, &write::notebook(chapter, Some(&notebook), &values))
}

/// Asks rustc for its messages and keeps them as snapshots; those of listings that are gone go.
pub(super) fn refuse(desk: &Desk, chapters: &[&Chapter]) -> Result<()> {
    let refusals = refusals::of(&desk.book, chapters)?;
    for chapter in chapters {
        let folder = desk.book.root.join("book/errors").join(&chapter.name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
    }
    for refusal in &refusals {
        let path = refusals::path(&desk.book, &refusal.chapter, &refusal.listing);
        checkout::write(&path, &refusal.message)?;
    }
    Ok(())
}

/// Puts what the cells gave into them, with the key of this run, its day and machine.
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

/// The day in UTC, `2026-11-21`, of so many seconds since 1970.
fn day(seconds: u64) -> String {
    // Days since 1970-01-01 to a date of the Gregorian calendar, counted in eras of 400 years from March.
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
