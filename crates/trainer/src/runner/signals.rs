//! Ctrl-C and SIGTERM: the first asks the runs to keep what they have and end, the second ends the
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

/// The signal that came, 0 before one does.
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// What a shell reports of a process that a signal ended is this plus the signal's number.
const ENDED_BY_SIGNAL: i32 = 128;

/// From now on a signal is a request.
pub(super) fn listen() -> io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
        // The order counts: it is the second signal that finds `asked` set.
        flag::register_conditional_shutdown(signal, ENDED_BY_SIGNAL + signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
        flag::register_usize(signal, Arc::clone(&SIGNAL), number)?;
    }
    Ok(())
}

/// The number of the signal that asked to end, if one did.
pub(super) fn requested() -> Option<u8> {
    u8::try_from(SIGNAL.load(Ordering::Relaxed)).ok().filter(|&signal| signal != 0)
}
