//! Long commands: their output goes to a log, their progress to the terminal, and they end when
//! this process ends.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

static CHILDREN: Mutex<Vec<(usize, Child)>> = Mutex::new(Vec::new());
static NEXT: AtomicUsize = AtomicUsize::new(0);
static STOPPING: AtomicBool = AtomicBool::new(false);

const POLL: Duration = Duration::from_millis(100);
/// How often a running step says how far it is: on a terminal, and in a log.
const TELL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));
/// How long a program that is asked to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(8);

/// A program that this process started, and that ends when it ends.
pub struct Running(usize);

impl Running {
    /// The exit status, once the program has ended.
    ///
    /// # Errors
    /// If the operating system cannot tell.
    pub fn status(&self) -> Result<Option<ExitStatus>> {
        let status = match children().iter_mut().find(|(id, _)| *id == self.0) {
            Some((_, child)) => child.try_wait().map_err(anyhow::Error::from),
            None => Err(anyhow::anyhow!("the program was stopped")),
        };
        if !matches!(status, Ok(None)) && STOPPING.load(Ordering::SeqCst) {
            // The handler of Ctrl-C has the last word, and ends this process.
            thread::sleep(GRACE * 2);
        }
        status
    }
}

/// Starts `command` with its output in `log`.
///
/// # Errors
/// If the log cannot be written or the program not be started.
pub fn spawn(command: &mut Command, log: &Path) -> Result<Running> {
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let id = NEXT.fetch_add(1, Ordering::SeqCst);
    children().push((id, child));
    Ok(Running(id))
}

/// Runs `command` to its end, saying every few seconds how long it has run and what it does.
///
/// # Errors
/// If it fails: the message holds the end of its log, and says so when the network is the likely
/// cause.
pub fn run(what: &str, command: &mut Command, log: &Path) -> Result<Duration> {
    let begun = Instant::now();
    let running = spawn(command, log)?;
    let terminal = std::io::stdout().is_terminal();
    let every = if terminal { TELL.0 } else { TELL.1 };
    let mut told = begun;
    let status = loop {
        if let Some(status) = running.status()? {
            break status;
        }
        if told.elapsed() >= every {
            told = Instant::now();
            tell(
                terminal,
                &format!("  … {what}: {}{}", elapsed(begun.elapsed()), doing(log)),
            );
        }
        thread::sleep(POLL);
    };
    if terminal {
        print!("\r\x1b[2K");
    }
    if !status.success() {
        return Err(failure(what, status, log));
    }
    println!("  {what}: done in {}", elapsed(begun.elapsed()));
    Ok(begun.elapsed())
}

/// Ends every program that was started when this one gets Ctrl-C or is asked to terminate.
///
/// # Errors
/// If the handler cannot be installed.
pub fn stop_children_on_ctrl_c() -> Result<()> {
    ctrlc::set_handler(|| {
        STOPPING.store(true, Ordering::SeqCst);
        println!(
            "\nStopping. What is set up stays; the next `cargo xtask start` goes on from here."
        );
        stop_all();
        std::process::exit(130);
    })
    .context("cannot listen for Ctrl-C")
}

/// Ends every program that was started: asks it to end, and kills it after some seconds.
pub fn stop_all() {
    let begun = Instant::now();
    let mut children = children();
    for (_, child) in children.iter_mut() {
        ask_to_end(child);
    }
    for (_, child) in children.iter_mut() {
        while matches!(child.try_wait(), Ok(None)) {
            if begun.elapsed() > GRACE {
                let _ = child.kill();
                let _ = child.wait();
            }
            thread::sleep(POLL);
        }
    }
    children.clear();
}

/// Asks a program to end; kills it where the system has no such request.
fn ask_to_end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) && !terminate(child) {
        let _ = child.kill();
    }
}

/// Sends SIGTERM to a program that has not been waited for, and returns whether that worked.
#[cfg(unix)]
fn terminate(child: &Child) -> bool {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    i32::try_from(child.id()).is_ok_and(|id| kill(Pid::from_raw(id), Signal::SIGTERM).is_ok())
}

#[cfg(not(unix))]
fn terminate(_: &Child) -> bool {
    false
}

fn children() -> MutexGuard<'static, Vec<(usize, Child)>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(terminal: bool, line: &str) {
    if terminal {
        let short: String = line.chars().take(78).collect();
        print!("\r\x1b[2K{short}");
        let _ = std::io::stdout().flush();
    } else {
        println!("{line}");
    }
}

/// A duration as a person would say it: `7.2 s`, `1 min 05 s`.
pub fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// The last line of a log, for a line of progress, with the number of packages compiled so far.
fn doing(log: &Path) -> String {
    let text = read(log);
    let compiled = text.matches("Compiling ").count();
    let Some(line) = text.lines().rev().find(|line| !line.trim().is_empty()) else {
        return String::new();
    };
    if compiled > 0 {
        format!(", package {compiled}: {}", line.trim())
    } else {
        format!(", {}", line.trim())
    }
}

/// What went wrong with a command: how it ended, whether the network is the likely cause, the end
/// of its log.
pub fn failure(what: &str, status: ExitStatus, log: &Path) -> anyhow::Error {
    let text = read(log);
    let lines: Vec<&str> = text.lines().collect();
    let end = lines[lines.len().saturating_sub(12)..].join("\n    ");
    let hint = if looks_offline(&text) {
        "\n  The network seems to be missing: this step downloads. Run the same command again once it is back."
    } else {
        ""
    };
    anyhow::anyhow!(
        "{what} failed ({status}).{hint}\n  All of its output: {}\n  The end of it:\n    {end}",
        log.display()
    )
}

/// Whether a log reads as if the network were missing.
fn looks_offline(log: &str) -> bool {
    const SIGNS: [&str; 9] = [
        "Could not resolve host",
        "Couldn't resolve host",
        "failed to resolve address",
        "Temporary failure in name resolution",
        "NewConnectionError",
        "Connection refused",
        "Network is unreachable",
        "network failure seems to have happened",
        "spurious network error",
    ];
    SIGNS.iter().any(|sign| log.contains(sign))
}

fn read(log: &Path) -> String {
    fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_said_in_minutes() {
        assert_eq!(elapsed(Duration::from_millis(7210)), "7.2 s");
        assert_eq!(elapsed(Duration::from_secs(65)), "1 min 05 s");
    }

    #[test]
    fn a_log_without_name_resolution_reads_as_offline() {
        assert!(looks_offline("curl: [6] Could not resolve host: example"));
        assert!(!looks_offline("error[E0308]: mismatched types"));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_is_asked_to_end_may_say_goodbye() {
        use std::io::Read;

        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap 'echo goodbye; exit 3' TERM; echo ready; while :; do sleep 0.02; done",
        ]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = child.stdout.take().unwrap();
        let mut ready = [0; 6];
        said.read_exact(&mut ready).unwrap();
        ask_to_end(&mut child);
        assert_eq!(child.wait().unwrap().code(), Some(3));
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "goodbye\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_failing_command_quotes_the_end_of_its_log() {
        let log = std::env::temp_dir().join(format!("xtask-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; echo 'Could not resolve host'; exit 3"]);
        let error = run("a step", &mut command, &log).unwrap_err().to_string();
        fs::remove_file(&log).unwrap();
        assert!(error.contains("a step failed"), "{error}");
        assert!(error.contains("The network seems to be missing"), "{error}");
        assert!(error.contains("first"), "{error}");
    }
}
