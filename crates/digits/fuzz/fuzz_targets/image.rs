//! For any bytes, `Grey::decode` returns a picture or an error. For any picture, each step returns
//! a picture or an error, and the last one a picture of 28 × 28 values from 0 to 1 with some ink.
//!
//! In `crates/digits`, with `cargo install cargo-fuzz --locked`, on stable Rust:
//!
//! ```sh
//! cargo fuzz run image --sanitizer none -- -max_total_time=30
//! ```
#![no_main]

#[path = "../../src/image/mod.rs"]
#[allow(dead_code, unused_imports)]
mod image;

use image::{Grey, ImageError};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The bytes are used as a file and, since they are rarely a valid one, as pixels too.
    prepared(Grey::decode(bytes));
    let width = bytes.first().map_or(1, |byte| usize::from(*byte) + 1);
    let height = bytes.len() / width;
    prepared(Grey::new(
        height,
        width,
        bytes[..height * width]
            .iter()
            .map(|byte| f32::from(*byte) / 255.0)
            .collect(),
    ));
});

/// Applies all steps to `picture` and checks the result.
fn prepared(picture: Result<Grey, ImageError>) {
    match picture.and_then(|picture| picture.as_mnist()) {
        Ok(digit) => {
            assert_eq!(
                (digit.height(), digit.width(), digit.bytes().len()),
                (28, 28, 784)
            );
            assert!(
                digit
                    .values()
                    .iter()
                    .all(|value| (0.0..=1.0).contains(value))
            );
            assert!(digit.centre_of_mass().is_ok());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
