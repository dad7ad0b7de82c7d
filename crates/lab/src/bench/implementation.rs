//! What is measured beside this crate, and the programs that measure.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use xtask::checkout::Checkout;
use xtask::tools::cargo::cargo;

use crate::{peers, programs};

/// Another implementation that a reader could train these models with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// Keras on TensorFlow
    Keras,
    /// PyTorch, default settings
    Torch,
    /// PyTorch with channels last in memory and the fused form of Adam
    TorchTuned,
    /// candle, compiled for this CPU: mlp128 and cnn_deep
    Candle,
    /// burn on its `flex` backend, compiled for this CPU: mlp128 and cnn_deep
    Burn,
}

impl Peer {
    /// The name on the command line, after `--against`, and in the results' file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keras => "keras",
            Self::Torch => "torch",
            Self::TorchTuned => "torch-tuned",
            Self::Candle => "candle",
            Self::Burn => "burn",
        }
    }

    /// Whether it has a program for `model`.
    pub fn has(self, model: &str) -> bool {
        match self {
            Self::Keras | Self::Torch | Self::TorchTuned => true,
            Self::Candle | Self::Burn => ["mlp128", "cnn_deep"].contains(&model),
        }
    }
}

/// The programs that measure, built and installed.
#[derive(Debug)]
pub struct Programs {
    digits: PathBuf,
    bench: PathBuf,
    python: Option<PathBuf>,
    rust: Option<PathBuf>,
}

impl Programs {
    /// Builds and installs what this crate and the `chosen` peers need.
    ///
    /// # Errors
    /// If something does not build or cannot be downloaded.
    pub fn new(checkout: &Checkout, chosen: &[Peer]) -> Result<Self> {
        let any = |of: &[Peer]| chosen.iter().any(|peer| of.contains(peer));
        let python = any(&[Peer::Keras, Peer::Torch, Peer::TorchTuned]);
        Ok(Self {
            digits: programs::build(checkout, "bench")?,
            bench: checkout.root().join("bench"),
            python: python.then(|| peers::install(checkout)).transpose()?,
            rust: any(&[Peer::Candle, Peer::Burn])
                .then(|| build_rust_peers(checkout.root()))
                .transpose()?,
        })
    }

    /// The program that measures this crate; its arguments follow.
    pub fn digits(&self) -> Command {
        Command::new(&self.digits)
    }

    /// The program that measures `peer` at `model`.
    pub fn peer(&self, peer: Peer, model: &str) -> Command {
        let script = |file: &str, after: &[&str]| {
            let mut command = Command::new(self.python.as_ref().expect("installed by `new`"));
            command.arg(self.bench.join(file)).arg(model).args(after);
            command
        };
        match peer {
            Peer::Keras => script("keras/run.py", &["--bench"]),
            Peer::Torch => script("torch/run.py", &[]),
            Peer::TorchTuned => script("torch/run.py", &["--tuned"]),
            Peer::Candle | Peer::Burn => {
                let mut command = Command::new(self.rust.as_ref().expect("built by `new`"));
                command.args([peer.name(), model]);
                command
            }
        }
    }
}

/// Builds `bench/rust`, a package outside the workspace, with all instructions that this CPU has:
/// what a reader would do to get the best out of these libraries.
fn build_rust_peers(root: &Path) -> Result<PathBuf> {
    println!("Building candle and burn (bench/rust): minutes, once");
    let target = root.join("target/peers");
    let status = Command::new(cargo())
        .current_dir(root)
        .env("RUSTFLAGS", "-C target-cpu=native")
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--manifest-path", "bench/rust/Cargo.toml"])
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "bench/rust does not build");
    let file = format!("peers{}", env::consts::EXE_SUFFIX);
    Ok(target.join("release").join(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn a_peers_name_is_the_one_that_the_command_line_takes() {
        for peer in Peer::value_variants() {
            assert_eq!(Peer::from_str(peer.name(), false), Ok(*peer));
        }
    }

    #[test]
    fn each_peer_is_asked_for_its_model() {
        let programs = Programs {
            digits: "d".into(),
            bench: "b".into(),
            python: Some("p".into()),
            rust: Some("r".into()),
        };
        let arguments = |peer| {
            let command = programs.peer(peer, "mlp128");
            let given = command.get_args().map(|a| a.to_string_lossy().into_owned());
            given.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(arguments(Peer::Candle), "candle mlp128");
        assert!(arguments(Peer::Keras).ends_with("run.py mlp128 --bench"));
        assert!(arguments(Peer::TorchTuned).ends_with("run.py mlp128 --tuned"));
    }
}
