//! Where and when results are made.

use std::{env, fs, thread};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use records::Machine;

/// This machine: its processor, and the number of cores that this process may use.
pub fn machine() -> Machine {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = info.lines().find(|line| line.starts_with("model name"));
    let cpu = match named.and_then(|line| line.split_once(':')) {
        Some((_, cpu)) => cpu.trim(),
        None => env::consts::ARCH,
    };
    Machine {
        cpu: cpu.to_owned(),
        cores: thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The day of `now` in UTC: `2026-11-21`.
pub fn date(now: Timestamp) -> String {
    TimeZone::UTC.to_datetime(now).date().to_string()
}

/// The load average, the mean number of processes that wanted to run in the last minute; `None`
/// where the system does not say.
pub fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_named_as_in_the_calendar() {
        let at = |days: i64| date(Timestamp::from_second(days * 86_400 + 5).unwrap());
        assert_eq!(at(0), "1970-01-01");
        assert_eq!(at(11_016), "2000-02-29");
        assert_eq!(at(20_778), "2026-11-21");
        assert_eq!(at(20_453), "2025-12-31");
    }
}
