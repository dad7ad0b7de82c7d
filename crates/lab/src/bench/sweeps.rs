//! How this crate's epoch grows with batch size, width and threads.

use std::process::Command;

use anyhow::Result;
use records::Bench;

use super::models::Model;
use super::rounds::Rounds;

/// The two models that are swept: one dense, one convolutional.
const SWEPT: [&str; 2] = ["mlp128", "cnn_deep"];
const BATCH_SIZES: [usize; 7] = [8, 16, 32, 64, 128, 256, 512];
const WIDTHS: [usize; 7] = [32, 64, 128, 256, 512, 1024, 2048];

/// One point of a sweep: what is varied, of which model, at which value; and its runs.
pub struct SweepPoint {
    varied: &'static str,
    model: Model,
    at: usize,
    /// The runs, one for each round.
    pub rounds: Rounds,
}

/// All points to measure when `models` are benched on a machine with `cores` cores.
pub fn points(models: &[Model], cores: usize) -> Vec<SweepPoint> {
    let swept = models.iter().filter(|model| SWEPT.contains(&model.name));
    let mut points = Vec::new();
    let mut add = |varied, model: &Model, values: &[usize]| {
        points.extend(values.iter().map(|&at| SweepPoint {
            varied,
            model: if varied == "width" {
                Model::wide(at)
            } else {
                model.clone()
            },
            at,
            rounds: Rounds::default(),
        }));
    };
    for model in swept {
        add("batch_size", model, &BATCH_SIZES);
        if model.name == "mlp128" {
            add("width", model, &WIDTHS);
        }
        add("threads", model, &threads(cores));
    }
    points
}

/// The numbers of threads to measure: the powers of two below `cores`, and `cores`.
fn threads(cores: usize) -> Vec<usize> {
    let mut threads: Vec<usize> = (0..)
        .map(|power| 1 << power)
        .take_while(|&threads| threads < cores)
        .collect();
    threads.push(cores);
    threads
}

impl SweepPoint {
    /// Adds the arguments and the environment that make the example `bench` measure this point.
    pub fn ask(&self, program: &mut Command) {
        let at = self.at.to_string();
        match self.varied {
            "batch_size" => program.args([self.model.name, "--batch-size", &at]),
            "width" => program.arg(format!("784-{at}-10")),
            _ => program.arg(self.model.name).env("DIGITS_THREADS", &at),
        };
    }

    /// For a line of progress: `mlp128, batch_size 64`.
    pub fn title(&self) -> String {
        format!("{}, {} {}", self.model.name, self.varied, self.at)
    }
}

/// Adds all points to the results.
///
/// # Errors
/// If a point has no run.
pub fn add(points: &[SweepPoint], bench: &mut Bench) -> Result<()> {
    for point in points {
        let measured = point.rounds.point(point.at, &point.model)?;
        bench.push_point(point.varied, point.model.name, measured);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{bench, run};
    use super::*;

    fn models(names: &[&str]) -> Vec<Model> {
        names.iter().filter_map(|name| Model::named(name)).collect()
    }

    #[test]
    fn threads_double_and_end_with_all() {
        assert_eq!(threads(1), [1]);
        assert_eq!(threads(2), [1, 2]);
        assert_eq!(threads(6), [1, 2, 4, 6]);
    }

    #[test]
    fn only_what_is_benched_is_swept_and_widths_with_the_dense_model() {
        let count = |names: &[&str]| points(&models(names), 2).len();
        assert_eq!(count(&["cnn_small"]), 0);
        assert_eq!(count(&["cnn_deep"]), 7 + 2);
        assert_eq!(count(&["mlp128", "cnn_deep"]), 7 + 7 + 2 + 7 + 2);
    }

    #[test]
    fn a_points_program_is_asked_for_its_value() {
        let points = points(&models(&["mlp128"]), 2);
        let asked = |i: usize| {
            let mut program = Command::new("bench");
            points[i].ask(&mut program);
            program
        };
        let arguments = |i| {
            asked(i)
                .get_args()
                .map(|a| a.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(arguments(0), ["mlp128", "--batch-size", "8"]);
        assert_eq!(arguments(7), ["784-32-10"]);
        let program = asked(14);
        let one: Vec<_> = program.get_envs().collect();
        assert_eq!(one, [("DIGITS_THREADS".as_ref(), Some("1".as_ref()))]);
    }

    #[test]
    fn points_stand_by_what_is_varied_and_model() {
        let mut points = points(&models(&["mlp128"]), 2);
        for (i, point) in points.iter_mut().enumerate() {
            point.rounds.add(run((i + 1) as f64)).unwrap();
        }
        let mut bench = bench(&[]);
        add(&points, &mut bench).unwrap();
        assert_eq!(bench.sweep("batch_size", "mlp128").len(), 7);
        let widest = &bench.sweep("width", "784-N-10")[6];
        assert_eq!(widest.at, 2048);
        assert!((widest.gflops - Model::wide(2048).gflops(60_000, 14.0)).abs() < 1e-9);
        assert_eq!(bench.sweep("threads", "mlp128")[1].epoch_s, 16.0);
    }
}
