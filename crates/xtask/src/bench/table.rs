//! The results as a table for the terminal.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

use super::results::{Times, number};

/// Seconds an epoch, each peer's ratio to ours, and what else was measured of us.
///
/// # Errors
/// If a number is missing.
pub fn table(results: &Value) -> Result<String> {
    let mut out = String::new();
    let times = Times::of(results)?;
    let peers = peers(&times);
    write!(out, "seconds an epoch    digits")?;
    for peer in &peers {
        write!(out, "{peer:>19}")?;
    }
    let both = peers.contains(&"keras") && peers.contains(&"torch");
    writeln!(
        out,
        "{}",
        if both {
            "   faster of Keras and PyTorch"
        } else {
            ""
        }
    )?;
    for times in &times {
        write!(out, "{:<17}{:>9.3}", times.model, times.digits)?;
        for peer in &peers {
            match times.ratio(peer) {
                Some(ratio) => write!(out, "{:>9.3} ({ratio:>5.1} ×)", ratio * times.digits)?,
                None => write!(out, "{:>19}", "–")?,
            }
        }
        if let (true, Some(ratio)) = (both, times.faster_of_keras_and_torch()) {
            write!(out, "   {ratio:>5.1} ×")?;
        }
        writeln!(out)?;
    }
    out += &more(results)?;
    Ok(out)
}

/// Every peer that ran something, in the order of the file.
fn peers(times: &[Times]) -> Vec<&str> {
    let mut peers: Vec<&str> = Vec::new();
    for (peer, _) in times.iter().flat_map(|times| &times.ratios) {
        if !peers.contains(&peer.as_str()) {
            peers.push(peer);
        }
    }
    peers
}

/// Accuracy, operations a second, memory, and what classifying takes: a line for each model and implementation.
fn more(results: &Value) -> Result<String> {
    let mut out = String::new();
    let peak = &results["peak"];
    writeln!(
        out,
        "\nmatrix products reach {:.0} GFLOP/s on one thread, {:.0} on {}",
        number(peak, "one_thread_gflops")?,
        number(peak, "all_threads_gflops")?,
        peak["threads"]
    )?;
    writeln!(
        out,
        "\n{:<17}{:<12} accuracy  GFLOP/s  peak MB  one image  images/s",
        "", ""
    )?;
    let models = results["models"].as_object();
    for (model, by) in models.context("results without models")? {
        let by = by.as_object().context("a model without measurements")?;
        for (who, measured) in by {
            let of = |name: &str| number(measured, name);
            let memory = of("peak_mb").map_or("–".to_owned(), |mb| format!("{mb:.0}"));
            writeln!(
                out,
                "{model:<17}{who:<12}{:>7.2} %{:>9.1}{memory:>9}{:>8.3} ms{:>10.0}",
                100.0 * of("test_accuracy")?,
                of("gflops")?,
                of("latency_ms")?,
                of("images_per_s")?
            )?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_model_is_a_line_with_every_peers_seconds_and_ratio() {
        let measured = |epoch_s: f64| {
            json!({
                "epoch_s": epoch_s, "test_accuracy": 0.97, "gflops": 24.4, "latency_ms": 0.01,
                "images_per_s": 2e5, "peak_mb": null,
            })
        };
        let results = json!({
            "peak": { "threads": 2, "one_thread_gflops": 150.2, "all_threads_gflops": 290.0 },
            "models": {
                "mlp128": { "digits": measured(0.5), "keras": measured(3.0), "torch": measured(2.0) },
                "cnn_deep": { "digits": measured(2.0), "keras": measured(9.0), "burn": measured(24.0) },
            },
        });
        let expected = "\
seconds an epoch    digits              keras              torch               burn   faster of Keras and PyTorch
mlp128               0.500    3.000 (  6.0 ×)    2.000 (  4.0 ×)                  –     4.0 ×
cnn_deep             2.000    9.000 (  4.5 ×)                  –   24.000 ( 12.0 ×)     4.5 ×

matrix products reach 150 GFLOP/s on one thread, 290 on 2

                              accuracy  GFLOP/s  peak MB  one image  images/s
mlp128           digits        97.00 %     24.4        –   0.010 ms    200000
";
        let table = table(&results).unwrap();
        assert!(table.starts_with(expected), "{table}");
        assert_eq!(table.lines().count(), 13);
    }
}
