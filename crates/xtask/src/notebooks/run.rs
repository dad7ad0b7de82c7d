//! Executes one notebook in one kernel and returns the outputs of its cells.

use anyhow::{Result, bail};
use chapters::chapter::Chapter;
use chapters::notebook::{SET_UP, write};
use serde_json::{Value, json};

use super::Project;
use xtask::tools::runner::{self, Failure, Job, Report};

/// How much data training sees: all when outputs are recorded or compared, little when a run only
/// looks for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunMode {
    Full,
    Quick,
}

/// Executes a chapter's listings, hidden lines included, as the cells of a notebook.
///
/// # Errors
/// Python or the kernel does not start, or a cell fails: with chapter, listing, Markdown line and
/// the error's text.
pub(super) fn execute(project: &Project, chapter: &Chapter, mode: RunMode) -> Result<Report> {
    let (run_mode, said) = match mode {
        RunMode::Full => ("full", "in full"),
        RunMode::Quick => ("quick", "in quick mode"),
    };
    eprintln!("{} ({said})", chapter.name);
    let job = Job {
        name: &chapter.name,
        notebook: write::executed(chapter).to_text()?,
        folder: project.checkout.notebooks(),
        cell_limit: project.args.cell_limit,
        limit: project.args.limit,
        run_mode,
    };
    let mut report = runner::execute(&project.checkout, &job)?;
    if let Some(failure) = &report.failure {
        bail!("{}", describe(chapter, failure));
    }
    for ran in report.cells.values_mut() {
        ran.outputs.retain(|output| !is_nothing(output));
        ran.outputs = ran.outputs.iter().map(normalise).collect();
    }
    Ok(report)
}

fn describe(chapter: &Chapter, failure: &Failure) -> String {
    let line = chapter
        .listings()
        .find(|l| l.id == failure.cell)
        .map_or(1, |l| l.first);
    let what = if failure.cell == SET_UP {
        "the set-up cell".to_owned()
    } else {
        format!("listing `{}`", failure.cell)
    };
    format!(
        "book/src/{}.md:{line}: {what} failed in the notebook:\n{}",
        chapter.name, failure.error
    )
}

/// Whether an output is the value `()`, such as that of a cell that ends in a `for` loop.
fn is_nothing(output: &Value) -> bool {
    chapters::notebook::joined(&output["data"]["text/plain"]) == "()"
}

/// An output without what changes from run to run, such as execution numbers.
fn normalise(output: &Value) -> Value {
    let mut output = output.clone();
    match output["output_type"].as_str() {
        Some("stream") => output["text"] = lines(&output["text"]),
        Some("execute_result" | "display_data") => {
            // Jupyter numbers results; as plain displays they are the same to a reader and never
            // renumbered.
            let mut data = output["data"].as_object().cloned().unwrap_or_default();
            for (_, text) in data.iter_mut() {
                *text = lines(text);
            }
            output = json!({ "data": data, "metadata": {}, "output_type": "display_data" });
        }
        _ => {}
    }
    output
}

fn lines(text: &Value) -> Value {
    chapters::notebook::split(&chapters::notebook::joined(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chapters::parse;

    #[test]
    fn a_failure_names_chapter_listing_and_line() {
        let chapter = parse::chapter("try", "# T\n\n## One\n\n```rust\nf();\n```\n").unwrap();
        let failure = |cell: &str| Failure {
            cell: cell.into(),
            error: "no `f`".into(),
        };
        assert_eq!(
            describe(&chapter, &failure("one-1")),
            "book/src/try.md:6: listing `one-1` failed in the notebook:\nno `f`"
        );
        assert!(describe(&chapter, &failure(SET_UP)).contains("the set-up cell failed"));
    }

    #[test]
    fn results_lose_the_number_of_their_run() {
        let result = json!({ "output_type": "execute_result", "execution_count": 7,
                             "data": { "text/plain": "a\nb" }, "metadata": {} });
        let kept = normalise(&result);
        assert_eq!(kept["output_type"], "display_data");
        assert_eq!(kept.get("execution_count"), None);
        assert_eq!(kept["data"]["text/plain"], json!(["a\n", "b"]));
    }
}
