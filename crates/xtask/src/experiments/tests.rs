use super::*;

#[test]
fn days_are_named_as_in_the_calendar() {
    let at = |days: u64| date(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 5)).unwrap();
    assert_eq!(at(0), "1970-01-01");
    assert_eq!(at(11_016), "2000-02-29");
    assert_eq!(at(20_778), "2026-11-21");
    assert_eq!(at(20_453), "2025-12-31");
}

#[test]
fn a_run_that_prints_json_is_read_kept_and_not_run_again() {
    let scratch = env::temp_dir().join(format!("xtask-experiments-{}", std::process::id()));
    let mut echo = Command::new("sh");
    echo.args(["-c", "echo noise; echo '{\"test_accuracy\": 0.5}'"]);
    let run = one("Shell", &mut echo, 1, &scratch).unwrap();
    assert_eq!(test_accuracy(&run).unwrap(), 0.5);
    let again = one("Shell", &mut Command::new("false"), 1, &scratch).unwrap();
    fs::remove_dir_all(&scratch).unwrap();
    assert_eq!(again, run);
}

#[test]
fn a_run_that_fails_says_who_and_why() {
    let scratch = env::temp_dir().join("xtask-experiments-none");
    let mut fails = Command::new("sh");
    fails.args(["-c", "echo no data >&2; exit 3"]);
    let error = one("Shell", &mut fails, 2, &scratch)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Shell, seed 2") && error.contains("no data"),
        "{error}"
    );
    let mut silent = Command::new("true");
    let error = one("Shell", &mut silent, 2, &scratch)
        .unwrap_err()
        .to_string();
    assert!(error.contains("expected a last line of JSON"), "{error}");
}
