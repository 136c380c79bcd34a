//! Silences drivers.

/// Does `work` without the error about `XDG_RUNTIME_DIR` that Mesa's drivers write to stderr where there is no desktop,
/// each time that devices are looked for. Nothing else may write to stderr meanwhile.
#[cfg(unix)]
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    use std::{env, fs::File, os::fd::AsFd};

    use rustix::{io::dup, stdio::dup2_stderr};

    /// Gives stderr back, also after a panic.
    struct Restored(std::os::fd::OwnedFd);
    impl Drop for Restored {
        fn drop(&mut self) {
            let _ = dup2_stderr(&self.0);
        }
    }

    if env::var_os("XDG_RUNTIME_DIR").is_some() {
        return work();
    }
    let null = File::options().write(true).open("/dev/null");
    let _restored = match (null, dup(std::io::stderr().as_fd())) {
        (Ok(null), Ok(stderr)) => dup2_stderr(null).ok().map(|()| Restored(stderr)),
        _ => None,
    };
    work()
}

#[cfg(not(unix))]
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    work()
}
