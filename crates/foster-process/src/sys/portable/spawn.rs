//! Starting a process by fork and exec: the child reports by a pipe that exec closes.
#![expect(
    unsafe_code,
    reason = "fork, and what a child may do before exec, have no safe form"
)]

use std::ffi::c_int;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::Ordering;

use super::{Cgroup, ProcessHandle, events};
use crate::spawn::{RawPlan, SpawnSlot};
use crate::sys::Stage;
use crate::sys::child::{BlockedSignals, Child, errno};

/// More descriptors than this are not marked one by one: some systems have no limit to them. Those
/// of Foster are marked already, each at its opening.
const MARKED_AT_MOST: c_int = 64 * 1024;

/// Starts a process, and returns its number and a handle on it.
///
/// The slot tells the pid from the child's first own instruction on if it is shared with the child
/// (`SharedSlot`); the kernel does not write it here.
pub fn spawn_process(
    plan: &RawPlan<'_>,
    cgroup: Option<&Cgroup>,
    slot: &SpawnSlot,
) -> Result<(i32, ProcessHandle), (Stage, io::Error)> {
    if let Some(cgroup) = cgroup {
        match *cgroup {}
    }
    // Nothing here ties a child to its parent's life; the plan's documentation says so.
    let _ = plan.parent_death;
    slot.pid.store(0, Ordering::SeqCst);
    slot.stage.store(0, Ordering::SeqCst);
    let fork_failed = |error| (Stage::Clone, error);
    events::prepare().map_err(fork_failed)?;
    let (report, told) = std::io::pipe().map_err(fork_failed)?;
    let told = OwnedFd::from(told);
    let blocked = BlockedSignals::all().map_err(fork_failed)?;
    let child = Child::new(plan, &blocked);
    // SAFETY: the child calls nothing but the system before it executes or exits.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => return Err(fork_failed(io::Error::last_os_error())),
        0 => become_program(&child, told.as_raw_fd(), slot),
        _ => slot.pid.store(pid, Ordering::SeqCst),
    }
    drop(blocked);
    drop(told);
    let handle = crate::sys::open_child(pid).map_err(fork_failed)?;
    let Some((stage, errno)) = read_report(report) else {
        return Ok((pid, handle));
    };
    // It has only exited, at once; nobody else could want its status.
    let _ = handle.wait_ended_and_reap();
    slot.pid.store(0, Ordering::SeqCst);
    slot.errno.store(errno, Ordering::SeqCst);
    slot.stage.store(stage as i32, Ordering::SeqCst);
    Err((stage, io::Error::from_raw_os_error(errno)))
}

/// Returns what the child could not do; `None` once exec has closed its end of the pipe.
fn read_report(mut report: std::io::PipeReader) -> Option<(Stage, c_int)> {
    let (mut stage, mut errno) = ([0; 4], [0; 4]);
    report.read_exact(&mut stage).ok()?;
    report.read_exact(&mut errno).ok()?;
    Some((
        Stage::from_number(i32::from_ne_bytes(stage))?,
        i32::from_ne_bytes(errno),
    ))
}

/// The child's life between fork and exec: it may only call the system.
fn become_program(child: &Child<'_>, told: RawFd, slot: &SpawnSlot) -> ! {
    // SAFETY: takes no arguments.
    slot.pid.store(unsafe { libc::getpid() }, Ordering::SeqCst);
    // The pipe's end must not lie where a stream is to be placed. If it can't be moved no word gets
    // out, and what the parent sees is a program that ended with 127.
    let told = if told < 3 { move_away(told) } else { told };
    let (stage, errno) = prepare_and_exec(child);
    slot.errno.store(errno, Ordering::SeqCst);
    slot.stage.store(stage as i32, Ordering::SeqCst);
    let words = [stage as i32, errno];
    // SAFETY: two words of our own memory into an open descriptor; then this process ends without
    // running anything of its parent's.
    unsafe {
        libc::write(told, words.as_ptr().cast(), size_of_val(&words));
        libc::_exit(127)
    }
}

fn prepare_and_exec(child: &Child<'_>) -> (Stage, c_int) {
    if !child.make_session() {
        return (Stage::Session, errno());
    }
    if !child.place_streams() {
        return (Stage::Stdio, errno());
    }
    if child.close_others {
        close_rest_on_exec();
    }
    if !child.change_directory() {
        return (Stage::Chdir, errno());
    }
    if !child.reset_signals() {
        return (Stage::Exec, errno());
    }
    (Stage::Exec, child.execute())
}

fn move_away(fd: RawFd) -> RawFd {
    // SAFETY: duplicates a descriptor; the copy is marked to be closed by exec.
    unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) }
}

fn close_rest_on_exec() {
    // SAFETY: takes no arguments.
    let limit = unsafe { libc::getdtablesize() }.clamp(0, MARKED_AT_MOST);
    for fd in 3..limit {
        // SAFETY: plain numbers; what is not open is refused.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}
