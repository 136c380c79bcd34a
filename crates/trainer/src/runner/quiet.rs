//! Filters the messages of drivers.

/// Runs `work` without the error about `XDG_RUNTIME_DIR` that Mesa's drivers write to stderr where there is no desktop,
/// each time that devices are looked for. All other lines follow once it is done.
#[cfg(unix)]
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    use std::{
        env,
        fs::File,
        io::{self, Read, Seek, Write},
        os::fd::{AsFd, OwnedFd},
    };

    use rustix::{io::dup, stdio::dup2_stderr};

    const VARIABLE: &str = "XDG_RUNTIME_DIR";

    /// Restores stderr, also after a panic.
    struct Redirected {
        stderr: OwnedFd,
        lines: File,
    }
    impl Drop for Redirected {
        fn drop(&mut self) {
            let _ = dup2_stderr(&self.stderr);
            let mut text = Vec::new();
            let _ = self.lines.rewind().and_then(|()| self.lines.read_to_end(&mut text));
            for line in String::from_utf8_lossy(&text).lines() {
                if !line.contains(VARIABLE) {
                    let _ = writeln!(io::stderr(), "{line}");
                }
            }
        }
    }

    if env::var_os(VARIABLE).is_some() {
        return work();
    }
    let _redirected = match (tempfile::tempfile(), dup(io::stderr().as_fd())) {
        (Ok(lines), Ok(stderr)) => dup2_stderr(&lines).ok().map(|()| Redirected { stderr, lines }),
        _ => None,
    };
    work()
}

#[cfg(not(unix))]
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    work()
}
