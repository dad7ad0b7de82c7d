//! mdBook's preprocessor of this book; `book.toml` starts it. See `chapters::page`.

use std::io::{Read, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == "supports") {
        let html = arguments.get(1).is_some_and(|renderer| renderer == "html");
        return if html {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut input = String::new();
    std::io::stdin()
        .read_to_string(&mut input)
        .context("cannot read what mdBook sends")?;
    let strict = std::env::var_os("DIGITS_STRICT").is_some_and(|value| value == "1");
    let output = chapters::page::preprocessor::run(&input, strict)?;
    std::io::stdout()
        .write_all(output.as_bytes())
        .context("cannot answer mdBook")
}
