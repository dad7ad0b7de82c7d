//! The two servers: the book's and JupyterLab.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use xtask::checkout::Checkout;
use xtask::process::{self, Running, elapsed};
use xtask::tools::python;

/// How long a server may take until it answers; the book's first compiles nothing, but reads every
/// chapter.
const PATIENCE: Duration = Duration::from_secs(180);

/// Fails if another program listens on one of the ports, naming the option that chooses another.
pub fn check_ports(book: u16, jupyter: u16) -> Result<()> {
    if book == jupyter {
        bail!(
            "The book and JupyterLab cannot share port {book}: choose another with --port or --jupyter-port."
        );
    }
    for (what, option, port, other) in [
        ("the book", "--port", book, jupyter),
        ("JupyterLab", "--jupyter-port", jupyter, book),
    ] {
        if is_free(port) {
            continue;
        }
        let free = (port.saturating_add(1)..=u16::MAX)
            .find(|&candidate| candidate != other && is_free(candidate))
            .context("no port is free")?;
        bail!(
            "Port {port}, meant for {what}, is in use: by another program, or by a `cargo xtask start` that still runs.\n  \
             Stop it, or choose another port: cargo xtask start {option} {free}"
        );
    }
    Ok(())
}

/// Serves the book, and returns once it can be read.
pub fn book(checkout: &Checkout, port: u16) -> Result<Running> {
    let mut command = Command::new(checkout.program("mdbook"));
    command
        .current_dir(checkout.root())
        .args(["serve", "book", "--hostname", "127.0.0.1", "--port"])
        .arg(port.to_string());
    let server = start("The book", &mut command, checkout, "book", port)?;
    println!("\nThe book:   http://localhost:{port}\n");
    Ok(server)
}

/// Starts JupyterLab on the readers' copies, and returns once it answers.
pub fn jupyter(checkout: &Checkout, port: u16) -> Result<Running> {
    let token = token();
    let mut command = python::command(checkout, "jupyter");
    command
        .current_dir(checkout.root())
        .args(["lab", "-y", "--no-browser", "--ip=127.0.0.1"])
        .arg(format!("--port={port}"))
        .arg("--ServerApp.port_retries=0")
        // The root is the checkout: the notebooks show pictures that stand in the book's folder.
        .arg(format!(
            "--ServerApp.root_dir={}",
            checkout.root().display()
        ))
        .arg(format!(
            "--FileContentsManager.preferred_dir={}",
            checkout.my_notebooks().display()
        ))
        .arg("--MultiKernelManager.default_kernel_name=rust")
        .arg("--LabApp.extension_manager=readonly")
        .env("JUPYTER_TOKEN", &token);
    // A root in a container would else be refused.
    command.arg("--allow-root");
    let server = start("JupyterLab", &mut command, checkout, "jupyter", port)?;
    println!("\nNotebooks:  http://localhost:{port}/lab/tree/my-notebooks?token={token}\n");
    Ok(server)
}

fn start(
    name: &str,
    command: &mut Command,
    checkout: &Checkout,
    log: &str,
    port: u16,
) -> Result<Running> {
    let begun = Instant::now();
    let log = checkout.log(log);
    println!("{name} is starting …");
    let server = process::spawn(command, &log)?;
    while !answers(port) {
        if let Some(status) = server.status()? {
            bail!(
                "{}",
                process::failure(&format!("{name}'s server"), status, &log)
            );
        }
        if begun.elapsed() > PATIENCE {
            bail!(
                "{name} does not answer after {}; its output is in {}",
                elapsed(PATIENCE),
                log.display()
            );
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(server)
}

fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

/// Whether nothing listens on the port, on either of localhost's addresses.
fn is_free(port: u16) -> bool {
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let taken = TcpStream::connect_timeout(&v6, Duration::from_millis(200)).is_ok();
    !taken && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// 128 random bits from the operating system, by way of the keys of two hash maps.
fn token() -> String {
    let word = || RandomState::new().build_hasher().finish();
    let other = || RandomState::new().hash_one("JupyterLab");
    format!("{:016x}{:016x}", word(), other())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named_with_the_option_that_changes_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = check_ports(port, port ^ 1).unwrap_err().to_string();
        assert!(error.contains(&format!("Port {port}")), "{error}");
        assert!(error.contains("--port "), "{error}");
    }

    #[test]
    fn one_port_for_both_is_refused() {
        assert!(check_ports(3000, 3000).is_err());
    }

    #[test]
    fn two_tokens_differ() {
        assert_ne!(token(), token());
        assert_eq!(token().len(), 32);
    }
}
