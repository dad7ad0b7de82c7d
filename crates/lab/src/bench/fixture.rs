//! For tests: runs and results of which only a few numbers matter.

use records::{Bench, BenchRun, Machine, Peak};

use super::models::Model;
use super::rounds::Rounds;

/// A run whose epoch took `epoch_s`.
pub fn run(epoch_s: f64) -> BenchRun {
    BenchRun {
        version: "x 1".into(),
        parameters: 101_770,
        batch_size: None,
        epoch_s,
        cpu_s: None,
        test_accuracy: 0.97,
        latency_ms: 0.01,
        images_per_s: 2e5,
        peak_mb: None,
    }
}

/// Results of the bench, from a model's name, an implementation's, and its seconds.
pub fn bench(measured: &[(&str, &str, f64)]) -> Bench {
    bench_at(0.97, measured)
}

/// The same where every implementation reached `test_accuracy`.
pub fn bench_at(test_accuracy: f64, measured: &[(&str, &str, f64)]) -> Bench {
    let machine = Machine {
        cpu: "x".into(),
        cores: 2,
    };
    let peak = Peak {
        threads: 2,
        one_thread_gflops: 150.2,
        one_thread_gflops_all: vec![],
        all_threads_gflops: 290.0,
        all_threads_gflops_all: vec![],
    };
    let mut bench = Bench::new(
        machine,
        "2026-11-26".into(),
        "cargo xtask bench".into(),
        peak,
    );
    for (model, implementation, epoch_s) in measured {
        let mut rounds = Rounds::default();
        let run = BenchRun {
            test_accuracy,
            ..run(*epoch_s)
        };
        rounds.add(run).unwrap();
        let measurement = rounds.measurement(&Model::named(model).unwrap());
        bench.push(model, implementation, measurement.unwrap());
    }
    bench
}
