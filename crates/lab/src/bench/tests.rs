use super::fixture::bench;
use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn args(line: &str) -> Args {
    let words = std::iter::once("bench").chain(line.split_whitespace());
    Line::try_parse_from(words).unwrap().args
}

fn names(models: &[Model]) -> Vec<&str> {
    models.iter().map(|model| model.name).collect()
}

#[test]
fn all_models_run_against_keras_and_pytorch_unless_told() {
    let (models, peers) = chosen(&args(""), None).unwrap();
    assert_eq!(names(&models), models::NAMES);
    assert_eq!(peers, [Peer::Keras, Peer::Torch]);
    let told = args("--models cnn_deep,mlp128 --against burn,torch-tuned");
    let (models, peers) = chosen(&told, None).unwrap();
    assert_eq!(names(&models), ["cnn_deep", "mlp128"]);
    assert_eq!(peers, [Peer::Burn, Peer::TorchTuned]);
}

#[test]
fn a_check_runs_what_the_committed_results_hold_unless_told() {
    let committed = bench(&[
        ("cnn_small", "digits", 1.0),
        ("cnn_small", "candle", 2.0),
        ("mlp128", "digits", 1.0),
        ("mlp128", "keras", 2.0),
    ]);
    let (models, peers) = chosen(&args("--check"), Some(&committed)).unwrap();
    assert_eq!(names(&models), ["cnn_small", "mlp128"]);
    assert_eq!(peers, [Peer::Keras, Peer::Candle]);
    let told = args("--check --models mlp128 --against torch");
    let (models, peers) = chosen(&told, Some(&committed)).unwrap();
    assert_eq!((names(&models), peers), (vec!["mlp128"], vec![Peer::Torch]));
}

#[test]
fn the_command_that_the_results_name_asks_for_the_same_again() {
    for line in [
        "--repeat 5",
        "--models mlp128,cnn_deep --against keras,torch-tuned --repeat 3 --no-sweeps",
    ] {
        let told = args(line);
        assert_eq!(command(&told), format!("cargo xtask bench {line}"));
    }
}

#[test]
fn a_model_or_a_peer_that_does_not_exist_is_refused_with_those_that_do() {
    for (line, known) in [("--models mlp129", "mlp128"), ("--against jax", "keras")] {
        let words = std::iter::once("bench").chain(line.split_whitespace());
        let error = Line::try_parse_from(words).err().unwrap().to_string();
        assert!(error.contains(known), "{error}");
    }
}

#[test]
fn a_committed_result_that_does_not_hold_fails() {
    let results = |keras| bench(&[("mlp128", "digits", 1.0), ("mlp128", "keras", keras)]);
    assert!(check(&results(6.0), &results(5.0)).is_ok());
    let error = check(&results(6.0), &results(4.0)).unwrap_err().to_string();
    assert!(error.starts_with("1 of the committed results"), "{error}");
}
