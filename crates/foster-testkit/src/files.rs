use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

use crate::Watched;

/// Waits until `source` is readable, and returns whether it is.
pub(crate) fn poll_until(source: impl AsFd, timeout: Duration) -> bool {
    let end = Instant::now() + timeout;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).ok();
        let mut fds = [PollFd::new(&source, PollFlags::IN)];
        match poll(&mut fds, left.as_ref()) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(Errno::INTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
    }
}

/// Looks with `look` now, and again after each change in the folder `dir` (a file made, written,
/// moved or removed there), until it finds something or the time is over.
///
/// # Panics
///
/// If `dir` can't be watched.
pub fn wait_on_dir<T>(
    dir: &Path,
    timeout: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let end = Instant::now() + timeout;
    let events = inotify::init(CreateFlags::CLOEXEC).expect("inotify can be set up");
    let changes = WatchFlags::CREATE
        | WatchFlags::MOVED_TO
        | WatchFlags::MODIFY
        | WatchFlags::CLOSE_WRITE
        | WatchFlags::DELETE
        | WatchFlags::MOVED_FROM;
    inotify::add_watch(&events, dir, changes)
        .unwrap_or_else(|error| panic!("{} can't be watched: {error}", dir.display()));
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if !poll_until(&events, end.saturating_duration_since(Instant::now())) {
            return None;
        }
        let mut told = [0u8; 4096];
        rustix::io::read(&events, &mut told).expect("inotify can be read");
    }
}

/// Waits until `path` exists, also if it appears by a rename, and returns whether it does. Its
/// folder must exist.
///
/// # Panics
///
/// If the folder can't be watched.
#[must_use = "it may not be there"]
pub fn wait_for_file(path: &Path, timeout: Duration) -> bool {
    wait_on_dir(folder(path), timeout, || path.exists().then_some(())).is_some()
}

/// Returns the number in a pid file.
///
/// # Panics
///
/// If there is none.
pub fn read_pid_file(path: &Path) -> i32 {
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("no pid file {}: {error}", path.display()));
    let pid = text.trim().parse();
    pid.unwrap_or_else(|_| panic!("{} holds no pid: {text:?}", path.display()))
}

/// Waits for a pid file, and returns the process that it names.
///
/// # Panics
///
/// If the file does not come, or the process is not there.
pub fn wait_for_pid_file(path: &Path, timeout: Duration) -> Watched {
    let pid = wait_on_dir(folder(path), timeout, || {
        std::fs::read_to_string(path)
            .ok()?
            .strip_suffix('\n')?
            .parse()
            .ok()
    });
    let pid = pid.unwrap_or_else(|| panic!("{} did not come in {timeout:?}", path.display()));
    Watched::from_pid(pid).unwrap_or_else(|| panic!("{pid} of {} is gone", path.display()))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
