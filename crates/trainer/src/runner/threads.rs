//! Threads that the system grants. A limit on processes, or a container's, may allow fewer than there are cores.

use std::{
    io,
    num::NonZero,
    sync::{OnceLock, mpsc},
    thread,
};

use rayon::{ThreadBuilder, ThreadPoolBuilder};

/// Number of threads that could be started, of [`wanted`].
static GRANTED: OnceLock<usize> = OnceLock::new();

/// Returns two threads per core: one for a run, and one for rayon's pool.
fn wanted() -> usize {
    2 * thread::available_parallelism().map_or(1, NonZero::get)
}

/// Starts rayon's global pool, which panics by itself if it gets fewer threads than cores. Returns the number of threads
/// that could be started.
///
/// Its workers are threads that run already: others might not be granted again.
pub(super) fn start_pool() -> usize {
    *GRANTED.get_or_init(|| {
        let mut waiting = Vec::new();
        for _ in 0..wanted() {
            let (sender, receiver) = mpsc::channel::<ThreadBuilder>();
            let thread =
                thread::Builder::new().spawn(move || receiver.recv().map(ThreadBuilder::run));
            if thread.is_err() {
                break;
            }
            waiting.push(sender);
        }
        let granted = waiting.len();
        let pool = ThreadPoolBuilder::new();
        // It fails if a pool was started before.
        let _ = if granted == 0 {
            // Its work is done by the thread that asks for it.
            pool.num_threads(1).use_current_thread().build_global()
        } else {
            let workers = pool.num_threads(granted.div_ceil(2));
            workers
                .spawn_handler(|worker| {
                    let thread = waiting.pop().ok_or(io::ErrorKind::WouldBlock)?;
                    thread.send(worker).map_err(|_| io::ErrorKind::WouldBlock.into())
                })
                .build_global()
        };
        granted
    })
}

/// Returns whether no thread can be started.
pub(super) fn is_alone() -> bool {
    start_pool() == 0
}

/// Returns whether the system grants fewer threads than are wanted.
pub(super) fn are_few() -> bool {
    start_pool() < wanted()
}
