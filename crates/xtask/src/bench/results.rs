//! Runs → medians, beside all values; ratios; the results' file.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::models::Model;

/// Images in an epoch: all that MNIST has to learn from.
const IMAGES: usize = 60_000;
/// What each run measures, in the file's order.
const MEASURED: [&str; 5] = [
    "epoch_s",
    "test_accuracy",
    "latency_ms",
    "images_per_s",
    "peak_mb",
];

/// What one implementation gave for one model, in each round.
#[derive(Clone, Debug, Default)]
pub struct Runs(Vec<Value>);

impl Runs {
    /// Adds a round's run, or says what is wrong with it.
    pub fn add(&mut self, run: Value) -> Result<()> {
        let seconds = number(&run, "epoch_s")?;
        ensure!(seconds > 0.0, "an epoch of {seconds} s");
        self.0.push(run);
        Ok(())
    }

    /// Adds what a round said of the machine's peak.
    pub fn add_peak(&mut self, said: Value) {
        self.0.push(said);
    }

    /// Whether no round ran.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Medians and all values, with version, parameters and nominal operations a second.
    pub fn json(&self, model: &Model) -> Result<Value> {
        let first = self.0.first().context("a bench of no rounds")?;
        let mut out = json!({
            "version": first["version"],
            "parameters": first["parameters"],
            "batch_size": model.batch_size,
        });
        for name in MEASURED {
            self.add_median(name, &mut out)?;
        }
        out["gflops"] = json!(model.gflops(IMAGES, number(&out, "epoch_s")?));
        Ok(out)
    }

    /// Only the epoch's seconds, at one value `at` of what a sweep varies.
    pub fn point(&self, at: usize, model: &Model) -> Result<Value> {
        let mut out = json!({ "at": at });
        self.add_median("epoch_s", &mut out)?;
        out["gflops"] = json!(model.gflops(IMAGES, number(&out, "epoch_s")?));
        Ok(out)
    }

    /// What the machine reaches in matrix products, of rounds added by [`add_peak`](Self::add_peak).
    pub fn peak(&self) -> Result<Value> {
        let first = self.0.first().context("a bench of no rounds")?;
        let mut out = json!({ "threads": first["threads"] });
        for name in ["one_thread_gflops", "all_threads_gflops"] {
            self.add_median(name, &mut out)?;
        }
        Ok(out)
    }

    /// The median of `name` and, as `name_all`, every round's value; nothing but null where the system does not say.
    fn add_median(&self, name: &str, out: &mut Value) -> Result<()> {
        let said = self.0.iter().filter(|run| !run[name].is_null());
        let values: Vec<f64> = said.map(|run| number(run, name)).collect::<Result<_>>()?;
        if values.is_empty() {
            out[name] = Value::Null;
            return Ok(());
        }
        out[name] = json!(median(&values));
        out[format!("{name}_all")] = json!(values);
        Ok(())
    }
}

/// A number of a run.
pub fn number(run: &Value, name: &str) -> Result<f64> {
    let found = run[name].as_f64();
    found.with_context(|| format!("a run without the number {name}: {run}"))
}

/// What two runs of the same round measured, on average.
pub fn mean(mut first: Value, second: &Value) -> Result<Value> {
    for name in MEASURED {
        if !first[name].is_null() && !second[name].is_null() {
            first[name] = json!(f64::midpoint(number(&first, name)?, number(second, name)?));
        }
    }
    Ok(first)
}

/// The middle of some numbers, or the mean of the middle two; NaN of none.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}

/// Seconds an epoch of one model, ours and the peers', out of the file's `models`.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// The model.
    pub model: String,
    /// Ours.
    pub digits: f64,
    /// Each peer's name, its seconds over ours.
    pub ratios: Vec<(String, f64)>,
}

impl Times {
    /// Of every model of a results' file, in its order.
    ///
    /// # Errors
    /// If it holds something else: says which number is missing.
    pub fn of(results: &Value) -> Result<Vec<Self>> {
        let models = results["models"].as_object();
        let models = models.context("results without models")?;
        models
            .iter()
            .map(|(model, by)| Self::one(model, by))
            .collect()
    }

    fn one(model: &str, by: &Value) -> Result<Self> {
        let by: &Map<String, Value> = by.as_object().context("a model without measurements")?;
        let digits = by.get("digits").context("a model without `digits`")?;
        let digits = number(digits, "epoch_s").with_context(|| model.to_owned())?;
        let mut ratios = Vec::new();
        for (peer, measured) in by.iter().filter(|(name, _)| *name != "digits") {
            ratios.push((peer.clone(), number(measured, "epoch_s")? / digits));
        }
        Ok(Self {
            model: model.to_owned(),
            digits,
            ratios,
        })
    }

    /// How many times as long `peer` takes.
    pub fn ratio(&self, peer: &str) -> Option<f64> {
        let found = self.ratios.iter().find(|(name, _)| name == peer);
        found.map(|(_, ratio)| *ratio)
    }

    /// The smaller of Keras's and PyTorch's ratios, both at default settings.
    pub fn faster_of_keras_and_torch(&self) -> Option<f64> {
        let both = ["keras", "torch"].map(|peer| self.ratio(peer));
        both.into_iter().flatten().reduce(f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(seconds: &[f64]) -> Runs {
        let mut runs = Runs::default();
        for (i, &epoch_s) in seconds.iter().enumerate() {
            let run = json!({
                "version": "x 1", "parameters": 101_770, "epoch_s": epoch_s,
                "test_accuracy": 0.97, "latency_ms": i, "images_per_s": 1e5, "peak_mb": null,
            });
            runs.add(run).unwrap();
        }
        runs
    }

    #[test]
    fn the_mean_lies_between_two_runs_and_what_either_does_not_say_stays() {
        let first =
            json!({"version": "x 1", "epoch_s": 3.0, "test_accuracy": 0.97, "peak_mb": null});
        let second =
            json!({"version": "x 1", "epoch_s": 2.0, "test_accuracy": 0.98, "peak_mb": 9.0});
        let mean = mean(first, &second).unwrap();
        assert_eq!(
            (&mean["epoch_s"], &mean["peak_mb"]),
            (&json!(2.5), &json!(null))
        );
        assert_eq!(mean["version"], "x 1");
    }

    #[test]
    fn a_median_is_the_middle_or_between_the_middle_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn medians_stand_beside_all_values_and_what_is_not_said_is_null() {
        let model = Model::named("mlp128").unwrap();
        let out = runs(&[3.0, 1.0, 2.0]).json(&model).unwrap();
        assert_eq!(out["epoch_s"], 2.0);
        assert_eq!(out["epoch_s_all"], json!([3.0, 1.0, 2.0]));
        assert_eq!(
            (&out["latency_ms"], &out["batch_size"]),
            (&json!(1.0), &json!(32))
        );
        assert!(out["peak_mb"].is_null() && out.get("peak_mb_all").is_none());
        let gflops = out["gflops"].as_f64().unwrap();
        assert!((gflops - model.operations() * 60_000.0 / 2e9).abs() < 1e-9);
    }

    #[test]
    fn the_peak_is_the_median_of_the_rounds_too() {
        let mut runs = Runs::default();
        assert!(runs.is_empty() && runs.peak().is_err());
        for gflops in [150, 130, 170] {
            runs.add_peak(json!({ "threads": 2, "one_thread_gflops": gflops, "all_threads_gflops": 2 * gflops }));
        }
        let peak = runs.peak().unwrap();
        assert_eq!(
            (&peak["threads"], &peak["one_thread_gflops"]),
            (&json!(2), &json!(150.0))
        );
        assert_eq!(peak["all_threads_gflops_all"], json!([300.0, 260.0, 340.0]));
    }

    #[test]
    fn a_run_without_a_number_is_named() {
        let error = Runs::default()
            .add(json!({ "model": "mlp128" }))
            .unwrap_err();
        assert!(error.to_string().contains("without the number epoch_s"));
        assert!(Runs::default().add(json!({ "epoch_s": 0.0 })).is_err());
        let mut incomplete = runs(&[1.0]);
        incomplete
            .add(json!({ "epoch_s": 1.0, "test_accuracy": "high" }))
            .unwrap();
        let error = incomplete.json(&Model::wide(128)).unwrap_err();
        assert!(
            error.to_string().contains("the number test_accuracy"),
            "{error}"
        );
    }

    #[test]
    fn ratios_are_the_peers_seconds_over_ours() {
        let results = json!({ "models": {
            "mlp128": { "digits": { "epoch_s": 0.5 }, "keras": { "epoch_s": 3.0 }, "torch": { "epoch_s": 2.0 } },
            "cnn_deep": { "digits": { "epoch_s": 2.0 }, "candle": { "epoch_s": 80.0 } },
        } });
        let times = Times::of(&results).unwrap();
        assert_eq!(times[0].ratio("keras"), Some(6.0));
        assert_eq!(times[0].faster_of_keras_and_torch(), Some(4.0));
        assert_eq!(times[1].ratios, [("candle".to_owned(), 40.0)]);
        assert_eq!(times[1].faster_of_keras_and_torch(), None);
        let error = Times::of(&json!({ "models": { "mlp128": {} } })).unwrap_err();
        assert!(error.to_string().contains("without `digits`"), "{error}");
    }
}
