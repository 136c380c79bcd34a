//! Threads that the system grants. A limit on processes, or a container's, may allow fewer than there are cores.

use std::{
    num::NonZero,
    sync::{OnceLock, mpsc},
    thread,
};

/// Number of threads that could be started, of [`wanted`].
static GRANTED: OnceLock<usize> = OnceLock::new();

/// Returns two threads per core: one for a run, and one for rayon's pool.
fn wanted() -> usize {
    2 * thread::available_parallelism().map_or(1, NonZero::get)
}

/// Starts rayon's global pool, which panics by itself if it gets fewer threads than cores.
pub fn start_pool() {
    let granted = granted();
    let pool = rayon::ThreadPoolBuilder::new();
    let pool = match granted {
        // Only where no thread can be started: its work is done by the thread that asks for it.
        0 => pool.num_threads(1).use_current_thread(),
        _ if granted < wanted() => pool.num_threads((granted / 2).max(1)),
        _ => pool,
    };
    // It fails if a pool was started before.
    let _ = pool.build_global();
}

/// Returns whether no thread can be started.
pub(super) fn is_alone() -> bool {
    granted() == 0
}

/// Returns whether the system grants fewer threads than are wanted.
pub(super) fn are_few() -> bool {
    granted() < wanted()
}

fn granted() -> usize {
    *GRANTED.get_or_init(|| {
        thread::scope(|scope| {
            // Each thread waits until all are started.
            let mut senders = Vec::new();
            for _ in 0..wanted() {
                let (sender, receiver) = mpsc::channel::<()>();
                let thread = thread::Builder::new().spawn_scoped(scope, move || receiver.recv());
                if thread.is_err() {
                    break;
                }
                senders.push(sender);
            }
            senders.len()
        })
    })
}
