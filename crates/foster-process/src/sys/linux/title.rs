#![expect(
    unsafe_code,
    reason = "the arguments that ps shows lie in this process's own memory"
)]

use std::fs;
use std::io;
use std::os::fd::RawFd;
use std::sync::OnceLock;

/// Makes this process the one that orphans among its descendants come back to
/// ([PR_SET_CHILD_SUBREAPER](https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html)).
/// On systems other than Linux it does nothing: there are none.
///
/// # Errors
/// None that is known on a kernel since 3.4.
pub fn set_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(
        rustix::process::Pid::from_raw(1),
    )?)
}

/// Returns whether orphans among this process's descendants come back to it.
pub fn is_subreaper() -> bool {
    rustix::process::child_subreaper().is_ok_and(|set| set.is_some())
}

/// Gives this process a name of its own in lists of processes: the short one, and what stands where
/// the arguments stood.
///
/// # Errors
/// If `/proc/self/stat` can't be read. `Unsupported` on some other systems.
pub fn set_process_title(title: &str) -> io::Result<()> {
    let name: String = title.chars().filter(|c| *c != '\0').take(15).collect();
    if let Ok(name) = std::ffi::CString::new(name) {
        rustix::thread::set_name(&name)?;
    }
    hide_arguments(title)
}

/// Overwrites the arguments that `ps` and `/proc/PID/cmdline` show by `title`.
///
/// The command line of whoever was forked may hold a secret, and a `pkill -f` meant for the command
/// that is supervised would hit its supervisor. `prctl(PR_SET_MM)` could move the arguments
/// elsewhere but needs a privilege; writing over them needs none. Whoever needs the arguments
/// themselves reads them before.
///
/// # Errors
/// If `/proc/self/stat` can't be read. `Unsupported` on some other systems.
pub fn hide_arguments(title: &str) -> io::Result<()> {
    let (start, end) = argument_area()?;
    let length = end.saturating_sub(start);
    if length == 0 {
        return Ok(());
    }
    // SAFETY: the kernel put the arguments there, on the main thread's stack, writable; nothing in
    // this process reads them any more but `std::env::args`, which a supervisor never calls. The
    // last byte stays NUL, or the kernel would go on reading into the environment.
    unsafe {
        let area = std::slice::from_raw_parts_mut(
            std::ptr::with_exposed_provenance_mut::<u8>(start),
            length,
        );
        area.fill(0);
        let shown = title.len().min(length - 1);
        area[..shown].copy_from_slice(&title.as_bytes()[..shown]);
    }
    Ok(())
}

/// Returns where the arguments lie. A copy of this process has them in the same place, and need not ask
/// again.
fn argument_area() -> io::Result<(usize, usize)> {
    static AREA: OnceLock<(usize, usize)> = OnceLock::new();
    if let Some(area) = AREA.get() {
        return Ok(*area);
    }
    let area = find_argument_area()?;
    Ok(*AREA.get_or_init(|| area))
}

/// Finds them: fields 48 and 49 of `/proc/self/stat`.
fn find_argument_area() -> io::Result<(usize, usize)> {
    let stat = fs::read("/proc/self/stat")?;
    let close = stat.iter().rposition(|b| *b == b')').unwrap_or(0);
    let rest = String::from_utf8_lossy(&stat[close + 1..]).into_owned();
    let mut fields = rest
        .split_ascii_whitespace()
        .skip(48 - 3)
        .map(str::parse::<usize>);
    match (fields.next(), fields.next()) {
        (Some(Ok(from)), Some(Ok(to))) => Ok((from, to)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Closes every descriptor from 3 on but these.
///
/// # Errors
/// The kernel's; some are closed by then.
pub fn close_all_but(keep: &[RawFd]) -> io::Result<()> {
    let mut keep: Vec<RawFd> = keep.iter().copied().filter(|fd| *fd >= 3).collect();
    keep.sort_unstable();
    let mut from: u32 = 3;
    for fd in keep {
        let fd = fd as u32;
        if fd > from {
            close_range(from, fd - 1)?;
        }
        from = fd + 1;
    }
    close_range(from, u32::MAX)
}

fn close_range(from: u32, to: u32) -> io::Result<()> {
    // SAFETY: whoever calls this has said which descriptors it still uses. It runs right after a
    // fork, in a child that owns its table of descriptors.
    let failed = unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) } != 0;
    if failed {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
