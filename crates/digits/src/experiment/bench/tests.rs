use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::scratch::Scratch;

const RESULTS: &str = r#"{
  "machine": { "cpu": "Some CPU", "cores": 2 },
  "date": "2026-11-26",
  "command": "cargo xtask bench",
  "peak": { "threads": 2, "one_thread_gflops": 150.0, "all_threads_gflops": 290.0 },
  "models": {
    "mlp128": { "digits": MEASURED 0.5, "torch": MEASURED 2.0, "keras": MEASURED 3.0 },
    "cnn_deep": { "digits": MEASURED 1.5, "keras": MEASURED 6.0, "candle": MEASURED 60.0 }
  },
  "sweeps": { "threads": { "mlp128": [
    { "at": 1, "epoch_s": 1.0, "epoch_s_all": [1.0], "gflops": 30.0 },
    { "at": 2, "epoch_s": 0.5, "epoch_s_all": [0.5], "gflops": 60.0 }
  ] } }
}"#;

/// `MEASURED 0.5` stands for a measurement of half a second.
fn text() -> String {
    let mut pieces = RESULTS.split("MEASURED ");
    let mut text = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (seconds, rest) = piece.split_at(piece.find([',', ' ']).unwrap());
        text += &serde_json::json!({
            "version": "x 1", "parameters": 10, "batch_size": 32,
            "epoch_s": seconds.parse::<f64>().unwrap(), "epoch_s_all": [1.0],
            "test_accuracy": 0.97, "test_accuracy_all": [0.97], "gflops": 60.0,
            "latency_ms": 0.01, "images_per_s": 1e5, "peak_mb": null,
        })
        .to_string();
        text += rest;
    }
    text
}

fn bench() -> Bench {
    static NUMBER: AtomicU32 = AtomicU32::new(0); // tests run side by side
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Scratch::new(&format!("experiment-bench-{number}"));
    let file = folder.path().join("results.json");
    fs::write(&file, text()).unwrap();
    Bench::load_from(file).unwrap()
}

#[test]
fn models_and_implementations_keep_the_files_order() {
    let bench = bench();
    assert_eq!(bench.models(), ["mlp128", "cnn_deep"]);
    assert_eq!(
        bench.implementations("mlp128"),
        ["digits", "torch", "keras"]
    );
    assert!(bench.implementations("mlp7").is_empty());
    assert_eq!(bench.get("cnn_deep", "digits").unwrap().epoch_s, 1.5);
    assert!(bench.get("cnn_deep", "torch").is_none());
}

#[test]
fn a_ratio_is_the_peers_seconds_over_ours_and_the_fastest_peer_has_the_smallest() {
    let bench = bench();
    assert_eq!(bench.ratio("mlp128", "keras"), Some(6.0));
    let peers = ["keras", "torch"];
    assert_eq!(bench.fastest("mlp128", &peers), Some(("torch", 4.0)));
    assert_eq!(bench.fastest("cnn_deep", &peers), Some(("keras", 4.0)));
    assert_eq!(bench.fastest("cnn_deep", &["torch"]), None);
}

#[test]
fn a_sweep_lists_its_points_and_is_empty_where_nothing_was_measured() {
    let bench = bench();
    let seconds = bench
        .sweep("threads", "mlp128")
        .iter()
        .map(|p| (p.at, p.epoch_s));
    assert_eq!(seconds.collect::<Vec<_>>(), [(1, 1.0), (2, 0.5)]);
    assert!(bench.sweep("threads", "cnn_deep").is_empty());
    assert!(bench.sweep("width", "mlp128").is_empty());
}

#[test]
fn the_table_has_a_column_for_every_peer_and_a_dash_where_it_did_not_run() {
    let expected = "Some CPU, 2 cores, 2026-11-26: cargo xtask bench\n\
        seconds an epoch   digits             torch             keras            candle\n\
        mlp128              0.500    2.000 ( 4.0 ×)    3.000 ( 6.0 ×)                 –\n\
        cnn_deep            1.500                 –    6.000 ( 4.0 ×)   60.000 (40.0 ×)";
    assert_eq!(bench().to_string(), expected);
}

#[test]
fn a_file_without_models_says_what_makes_it_anew() {
    let folder = Scratch::new("experiment-bench-broken");
    let file = folder.path().join("results.json");
    fs::write(&file, text().replace("\"models\"", "\"model\"")).unwrap();
    let error = Bench::load_from(file).unwrap_err().to_string();
    assert!(
        error.contains("models") && error.ends_with("`cargo xtask bench` makes it anew"),
        "{error}"
    );
}
