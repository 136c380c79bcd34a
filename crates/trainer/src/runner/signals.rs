//! Handling of SIGINT and SIGTERM: the first lets the runs save their checkpoints and stop, the second ends the
//! process at once.

use std::{
    io,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Number of the received signal; 0 before there is one.
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Added to a signal's number, the exit code of a process that the signal ended.
const ENDED_BY_SIGNAL: i32 = 128;

/// Installs the handlers.
pub(super) fn listen() -> io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
        // In this order the second signal, not the first, finds `asked` set.
        flag::register_conditional_shutdown(signal, ENDED_BY_SIGNAL + signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
        flag::register_usize(signal, Arc::clone(&SIGNAL), number)?;
    }
    Ok(())
}

/// Returns the number of the received signal.
pub(super) fn requested() -> Option<u8> {
    u8::try_from(SIGNAL.load(Ordering::Relaxed)).ok().filter(|&signal| signal != 0)
}
