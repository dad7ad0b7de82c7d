//! The committed files, and files that are missing or broken.

use std::fs;
use std::path::{Path, PathBuf};

use records::{Bench, Comparison, ExperimentError, Survey};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn same(path: &Path, text: &str) {
    let committed = fs::read_to_string(path).unwrap();
    for (line, (was, is)) in committed.lines().zip(text.lines()).enumerate() {
        assert_eq!(is, was, "{}, line {}", path.display(), line + 1);
    }
    assert!(text == committed, "{}", path.display());
}

#[test]
fn every_committed_experiment_is_the_same_when_read_and_written_again() {
    let folder = Path::new(ROOT).join("experiments");
    let mut counts = (0, 0);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if let Ok(comparison) = Comparison::load_from(&folder, name) {
            same(&path, &comparison.to_text().unwrap());
            counts.0 += 1;
        } else {
            let survey = Survey::load_from(&folder, name).unwrap();
            same(&path, &survey.to_text().unwrap());
            counts.1 += 1;
        }
    }
    assert_eq!(counts, (8, 4), "comparisons and surveys");
}

#[test]
fn the_committed_bench_is_the_same_when_read_and_written_again() {
    let path = Path::new(ROOT).join("bench/results.json");
    same(&path, &Bench::load().unwrap().to_text().unwrap());
}

/// An empty folder for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_missing_or_a_broken_file_is_named_with_what_to_do() {
    let folder = folder("broken");
    let missing = Comparison::load_from(&folder, "example").unwrap_err();
    assert!(matches!(missing, ExperimentError::Read { .. }));
    fs::write(folder.join("example.json"), "{\"experiment\": 3}").unwrap();
    let broken = Comparison::load_from(&folder, "example").unwrap_err();
    assert!(matches!(broken, ExperimentError::Parse { .. }));
    for error in [missing.to_string(), broken.to_string()] {
        assert!(error.contains("example.json"), "{error}");
        assert!(error.contains("cargo xtask experiments example"), "{error}");
    }
}

#[test]
fn a_comparison_is_no_survey() {
    let error = Survey::load_from(Path::new(ROOT).join("experiments"), "mlp128").unwrap_err();
    assert!(matches!(error, ExperimentError::Parse { .. }), "{error}");
}

#[test]
fn a_bench_without_models_says_what_makes_it_anew() {
    let file = folder("bench").join("results.json");
    let text = Bench::load().unwrap().to_text().unwrap();
    fs::write(&file, text.replace("\"models\"", "\"model\"")).unwrap();
    let error = Bench::load_from(file).unwrap_err().to_string();
    assert!(error.contains("missing field `models`"), "{error}");
    assert!(
        error.ends_with("`cargo xtask bench` makes it anew"),
        "{error}"
    );
}
