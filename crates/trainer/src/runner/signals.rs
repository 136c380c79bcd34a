//! Handling of SIGINT, SIGTERM and SIGHUP: the first lets the runs save their checkpoints and stop, the second ends the
//! process at once.

use std::{
    io,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::Error;

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Number of the received signal; 0 before there is one.
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Added to a signal's number, the exit code of a process that the signal ended.
const ENDED_BY_SIGNAL: i32 = 128;

/// The signals, each with its number on Unix. Windows has no SIGHUP.
const SIGNALS: &[(i32, usize)] = &[
    #[cfg(unix)]
    (signal_hook::consts::SIGHUP, 1),
    (SIGINT, 2),
    (SIGTERM, 15),
];

/// Whether the next signal ends the process at once.
static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Installs the handlers.
pub(super) fn listen() -> io::Result<()> {
    let ignored = ignored();
    for &(signal, number) in SIGNALS {
        // As nohup, and scripts for jobs in the background, ask for.
        if ignored >> (number - 1) & 1 == 1 {
            continue;
        }
        // In this order the second signal, not the first, finds `ASKED` set.
        flag::register_conditional_shutdown(signal, ENDED_BY_SIGNAL + signal, Arc::clone(&ASKED))?;
        flag::register(signal, Arc::clone(&ASKED))?;
        flag::register_usize(signal, Arc::clone(&SIGNAL), number)?;
    }
    Ok(())
}

/// Returns the signals that were ignored when the program began, a bit each from signal 1 on; none if the system does not
/// say.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Returns an error if there was a signal.
pub(super) fn check() -> Result<(), Error> {
    match u8::try_from(SIGNAL.load(Ordering::Relaxed)) {
        Ok(0) | Err(_) => Ok(()),
        Ok(signal) => Err(Error::Stopped { signal }),
    }
}

/// Lets the next signal end the process at once: nothing is left to save. Returns an error if there was one already.
pub fn end_at_next() -> Result<(), Error> {
    ASKED.store(true, Ordering::Relaxed);
    check()
}
