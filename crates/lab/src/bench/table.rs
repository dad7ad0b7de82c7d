//! The results as a table for the terminal.

use std::fmt::{Result, Write};

use records::Bench;

/// The seconds of an epoch, each peer's ratio to ours, and what else was measured.
pub fn table(bench: &Bench) -> String {
    let mut out = String::new();
    let written = epochs(bench, &mut out).and_then(|()| more(bench, &mut out));
    written.expect("a string can be written to");
    out
}

/// A line for each model: our seconds, and each peer's with its ratio.
fn epochs(bench: &Bench, out: &mut String) -> Result {
    let peers = bench.peers();
    write!(out, "seconds an epoch    digits")?;
    for peer in &peers {
        write!(out, "{peer:>19}")?;
    }
    let both = peers.contains(&"keras") && peers.contains(&"torch");
    let title = if both {
        "   faster of Keras and PyTorch"
    } else {
        ""
    };
    writeln!(out, "{title}")?;
    for model in bench.models() {
        write!(out, "{model:<17}")?;
        match bench.get(model, "digits") {
            Some(here) => write!(out, "{:>9.3}", here.epoch_s)?,
            None => write!(out, "{:>9}", "–")?,
        }
        for peer in &peers {
            match (bench.get(model, peer), bench.ratio(model, peer)) {
                (Some(there), Some(ratio)) => {
                    write!(out, "{:>9.3} ({ratio:>5.1} ×)", there.epoch_s)?;
                }
                _ => write!(out, "{:>19}", "–")?,
            }
        }
        if let (true, Some((_, ratio))) = (both, bench.fastest(model, &["keras", "torch"])) {
            write!(out, "   {ratio:>5.1} ×")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A line for each model and implementation: accuracy, operations a second, memory, and what
/// classifying takes.
fn more(bench: &Bench, out: &mut String) -> Result {
    let peak = &bench.peak;
    writeln!(
        out,
        "\nmatrix products reach {:.0} GFLOP/s on one thread, {:.0} on {}",
        peak.one_thread_gflops, peak.all_threads_gflops, peak.threads
    )?;
    writeln!(
        out,
        "\n{:<17}{:<12} accuracy  GFLOP/s  peak MB  one image  images/s",
        "", ""
    )?;
    for model in bench.models() {
        for who in bench.implementations(model) {
            let Some(of) = bench.get(model, who) else {
                continue;
            };
            let memory = of.peak_mb.map_or("–".to_owned(), |mb| format!("{mb:.0}"));
            writeln!(
                out,
                "{model:<17}{who:<12}{:>7.2} %{:>9.1}{memory:>9}{:>8.3} ms{:>10.0}",
                100.0 * of.test_accuracy,
                of.gflops,
                of.latency_ms,
                of.images_per_s
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::bench;
    use super::*;

    #[test]
    fn a_model_is_a_line_with_every_peers_seconds_and_ratio() {
        let results = bench(&[
            ("mlp128", "digits", 0.5),
            ("mlp128", "keras", 3.0),
            ("mlp128", "torch", 2.0),
            ("cnn_deep", "digits", 2.0),
            ("cnn_deep", "keras", 9.0),
            ("cnn_deep", "burn", 24.0),
        ]);
        let heading = "seconds an epoch    digits              keras              torch";
        let expected = "               burn   faster of Keras and PyTorch
mlp128               0.500    3.000 (  6.0 ×)    2.000 (  4.0 ×)                  –     4.0 ×
cnn_deep             2.000    9.000 (  4.5 ×)                  –   24.000 ( 12.0 ×)     4.5 ×

matrix products reach 150 GFLOP/s on one thread, 290 on 2

                              accuracy  GFLOP/s  peak MB  one image  images/s
mlp128           digits        97.00 %     49.1        –   0.010 ms    200000
";
        let table = table(&results);
        assert!(
            table.starts_with(&format!("{heading}{expected}")),
            "{table}"
        );
        assert_eq!(table.lines().count(), 13);
    }
}
