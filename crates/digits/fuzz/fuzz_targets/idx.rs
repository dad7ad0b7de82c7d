//! For any bytes, `idx::parse` returns an array or an error, and an array is written back as the
//! same bytes.
//!
//! In `crates/digits`, with `cargo install cargo-fuzz --locked`, on stable Rust:
//!
//! ```sh
//! cargo fuzz run idx --sanitizer none -- -max_total_time=30
//! ```
#![no_main]

#[path = "../../src/idx/mod.rs"]
#[allow(dead_code, unused_imports)]
mod idx;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match idx::parse(bytes) {
        Ok(array) => {
            let mut written = Vec::new();
            idx::write(&array, &mut written).expect("what was parsed fits the format");
            assert_eq!(written, bytes);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
