//! MNIST out of `data/mnist`: bytes divided by 255, in memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;

/// Pixels of an image.
pub const PIXELS: usize = 784;

/// Images and labels.
pub struct Part {
    /// An image's 784 values from 0 to 1, one image after the other.
    pub pixels: Vec<f32>,
    /// One for each image.
    pub labels: Vec<u8>,
}

/// Training and test images.
pub fn load() -> Result<(Part, Part)> {
    Ok((part("train")?, part("t10k")?))
}

fn part(name: &str) -> Result<Part> {
    let images = read(&format!("{name}-images-idx3-ubyte.gz"), 16)?;
    let labels = read(&format!("{name}-labels-idx1-ubyte.gz"), 8)?;
    ensure!(
        images.len() == PIXELS * labels.len(),
        "{name}: {} pixels for {} labels",
        images.len(),
        labels.len()
    );
    Ok(Part {
        pixels: images.iter().map(|&byte| f32::from(byte) / 255.0).collect(),
        labels,
    })
}

fn read(name: &str, header: usize) -> Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data/mnist")
        .join(name);
    let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut bytes = Vec::new();
    GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot unpack {}", path.display()))?;
    ensure!(bytes.len() > header, "{} is empty", path.display());
    Ok(bytes.split_off(header))
}
