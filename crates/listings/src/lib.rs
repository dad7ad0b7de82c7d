//! The chapters of the book as tests, and nothing else.
//!
//! `build.rs` writes the listings of each chapter as one program, with every line of code on its
//! line of the Markdown. `tests/<chapter>.rs` makes it a test by calling [`chapter!`]. The
//! message of a failed listing names its chapter and its line in `book/src`.

use std::error::Error;
use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The test program of a chapter: `listings::chapter!("data-set");`.
#[macro_export]
macro_rules! chapter {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

/// The name of a listing, its first line of code in the Markdown, and the line of its closing
/// fence.
pub type Span = (&'static str, usize, usize);

/// The number of the listing that is running.
static NOW: AtomicUsize = AtomicUsize::new(0);

/// The message, file and line of the first panic.
static PANIC: Mutex<Option<(String, String, usize)>> = Mutex::new(None);

/// Notes that the listing with this number begins.
pub fn begin(number: usize) {
    NOW.store(number, Ordering::Relaxed);
}

/// Runs a chapter's program in quick mode.
///
/// # Panics
/// When a listing panics or returns an error. The message names chapter, listing and line.
pub fn run(chapter: &str, spans: &[Span], program: fn() -> Result<(), Box<dyn Error>>) {
    digits::run_mode::set(digits::run_mode::RunMode::Quick);
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let message = info
            .payload_as_str()
            .unwrap_or("a panic without a message")
            .to_owned();
        let place = info.location().map_or((String::new(), 0), |l| {
            (l.file().to_owned(), l.line() as usize)
        });
        // A worker may panic first and the main thread because of it: the first message says why.
        PANIC
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .get_or_insert((message, place.0, place.1));
    }));
    let result = panic::catch_unwind(program);
    panic::set_hook(before);
    let last = PANIC.lock().unwrap_or_else(|e| e.into_inner()).take();
    match (result, last) {
        (Ok(Ok(())), _) => {}
        (Ok(Err(error)), _) => panic!(
            "{}",
            failure(
                chapter,
                spans,
                &format!("returned the error: {error}"),
                None
            )
        ),
        (Err(_), Some((message, file, line))) => {
            panic!(
                "{}",
                failure(
                    chapter,
                    spans,
                    &format!("panicked: {message}"),
                    Some((&file, line))
                )
            )
        }
        (Err(_), None) => panic!("{}", failure(chapter, spans, "panicked", None)),
    }
}

/// The message about a listing that failed. It also names the place of a panic in other code.
fn failure(chapter: &str, spans: &[Span], what: &str, place: Option<(&str, usize)>) -> String {
    let own = place
        .filter(|(file, _)| file.ends_with(&format!("{chapter}.rs")))
        .map(|(_, line)| line);
    let found = own.and_then(|line| {
        spans
            .iter()
            .find(|(_, first, end)| (*first..=*end).contains(&line))
    });
    let (id, first, _) = found
        .or_else(|| spans.get(NOW.load(Ordering::Relaxed)))
        .copied()
        .unwrap_or(("?", 1, 1));
    let elsewhere = match place {
        Some((file, line)) if own.is_none() => format!(" (at {file}:{line})"),
        _ => String::new(),
    };
    let line = own.unwrap_or(first);
    format!("book/src/{chapter}.md:{line}: listing `{id}` {what}{elsewhere}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPANS: &[Span] = &[("one-1", 4, 6), ("two-1", 10, 14)];

    #[test]
    fn a_panic_in_a_listing_names_its_line() {
        let said = failure("try", SPANS, "panicked: no", Some(("/out/try.rs", 12)));
        assert_eq!(said, "book/src/try.md:12: listing `two-1` panicked: no");
    }

    #[test]
    fn a_panic_elsewhere_names_the_running_listing_and_the_place() {
        begin(1);
        let said = failure("try", SPANS, "panicked: no", Some(("src/ops.rs", 5)));
        assert_eq!(
            said,
            "book/src/try.md:10: listing `two-1` panicked: no (at src/ops.rs:5)"
        );
    }
}
