use super::*;

/// A measurement of `epoch_s` seconds.
fn measured(epoch_s: f64) -> Measurement {
    Measurement {
        version: "x 1".into(),
        parameters: 10,
        batch_size: 32,
        epoch_s,
        epoch_s_all: vec![epoch_s],
        test_accuracy: 0.97,
        test_accuracy_all: vec![0.97],
        latency_ms: 0.01,
        latency_ms_all: vec![0.01],
        images_per_s: 1e5,
        images_per_s_all: vec![1e5],
        peak_mb: None,
        peak_mb_all: vec![],
        gflops: 60.0,
    }
}

fn bench() -> Bench {
    let machine = Machine {
        cpu: "Some CPU".into(),
        cores: 2,
    };
    let peak = Peak {
        threads: 2,
        one_thread_gflops: 150.0,
        one_thread_gflops_all: vec![150.0],
        all_threads_gflops: 290.0,
        all_threads_gflops_all: vec![290.0],
    };
    let mut bench = Bench::new(
        machine,
        "2026-11-26".into(),
        "cargo xtask bench".into(),
        peak,
    );
    for (model, implementation, epoch_s) in [
        ("mlp128", "digits", 0.5),
        ("mlp128", "torch", 2.0),
        ("mlp128", "keras", 3.0),
        ("cnn_deep", "digits", 1.5),
        ("cnn_deep", "keras", 6.0),
        ("cnn_deep", "candle", 60.0),
    ] {
        bench.push(model, implementation, measured(epoch_s));
    }
    for (at, epoch_s) in [(1, 1.0), (2, 0.5)] {
        let point = Point {
            at,
            epoch_s,
            epoch_s_all: vec![epoch_s],
            gflops: 30.0 / epoch_s,
        };
        bench.push_point("threads", "mlp128", point);
    }
    bench
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
fn what_is_written_is_read_with_or_without_sweeps() {
    let bench = bench();
    let text = bench.to_text().unwrap();
    assert_eq!(serde_json::from_str::<Bench>(&text).unwrap(), bench);
    let (peak, machine) = (bench.peak.clone(), bench.machine.clone());
    let mut without = Bench::new(machine, bench.date, bench.command, peak);
    without.push("mlp128", "digits", measured(0.5));
    let text = without.to_text().unwrap();
    assert!(
        !text.contains("sweeps") && !text.contains("peak_mb_all"),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Bench>(&text).unwrap(), without);
}

#[test]
fn a_programs_line_needs_all_but_what_a_system_may_not_say() {
    let line = r#"{"version":"x 1","parameters":10,"epoch_s":1,"test_accuracy":0.97,
        "latency_ms":0.01,"images_per_s":100000,"seed":3}"#;
    let run: BenchRun = serde_json::from_str(line).unwrap();
    assert_eq!(
        (run.epoch_s, run.batch_size, run.peak_mb),
        (1.0, None, None)
    );
    let error = serde_json::from_str::<BenchRun>(&line.replace("epoch_s", "epoch")).unwrap_err();
    assert!(
        error.to_string().contains("missing field `epoch_s`"),
        "{error}"
    );
}
