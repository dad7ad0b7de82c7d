//! Against PyTorch: `pytorch.json` was written by `../pytorch.py`.
use serde::Deserialize;

use kernels::Window2d;

use super::{Operation, Verdict, agree};

/// Both sides round in `f32`.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
pub struct Case {
    op: String,
    input: Vec<usize>,
    output: Vec<usize>,
    #[serde(default)]
    kernel: usize,
    #[serde(default)]
    stride: usize,
    #[serde(default)]
    padding: usize,
    arguments: Vec<Vec<f32>>,
    y: Vec<f64>,
    dy: Vec<f32>,
    gradients: Vec<Vec<f64>>,
}

pub fn cases() -> Vec<Case> {
    let recorded: Recorded = serde_json::from_str(include_str!("pytorch.json")).unwrap();
    recorded.cases
}

impl Case {
    pub fn operation(&self) -> Operation {
        let window = || {
            let input = self.input.clone().try_into().unwrap();
            Window2d::new(input, self.kernel, self.stride, self.padding)
        };
        match self.op.as_str() {
            "conv2d" => Operation::conv2d(window(), self.output[1]),
            "max_pool2d" => Operation::max_pool2d(window()),
            "avg_pool2d" => Operation::avg_pool2d(window()),
            "linear" => Operation::linear(self.input[0], self.input[1], self.output[1]),
            other => panic!("pytorch.json has an operation `{other}` that is not tested"),
        }
    }
}

/// Forward pass and every gradient against what PyTorch computed.
pub fn check(operation: &Operation, case: &Case) -> Verdict {
    agree(
        "y",
        &(operation.forward)(&case.arguments),
        &case.y,
        TOLERANCE,
    )?;
    for (argument, (name, _)) in operation.arguments.iter().enumerate() {
        let gradient = operation.gradient(argument, &case.arguments, &case.dy);
        agree(name, &gradient, &case.gradients[argument], TOLERANCE)
            .map_err(|wrong| format!("{}: {wrong}", operation.name))?;
    }
    Ok(())
}

#[test]
fn every_operation_agrees_with_pytorch() {
    for case in cases() {
        check(&case.operation(), &case).unwrap();
    }
}

#[test]
fn the_recorded_cases_cover_every_operation_stride_and_padding() {
    let cases = cases();
    for op in ["conv2d", "max_pool2d", "avg_pool2d", "linear"] {
        assert!(cases.iter().any(|case| case.op == op), "{op}");
    }
    let convolutions = || cases.iter().filter(|case| case.op == "conv2d");
    assert!((1..=3).all(|stride| convolutions().any(|case| case.stride == stride)));
    assert!((0..=3).all(|padding| convolutions().any(|case| case.padding == padding)));
}
