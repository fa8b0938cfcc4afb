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
use crate::sys::blocked::BlockedSignals;
use crate::sys::child::Child;
use crate::sys::{Failure, Stage};

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
) -> Result<(i32, ProcessHandle), Failure> {
    if let Some(cgroup) = cgroup {
        match *cgroup {}
    }
    // Nothing here ties a child to its parent's life; the plan's documentation says so.
    let _ = plan.parent_death;
    slot.clear();
    let fork_failed = |error: io::Error| Failure::of(Stage::Clone, &error);
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
    let Some(failure) = read_report(report) else {
        return Ok((pid, handle));
    };
    // It has only exited, at once; nobody else could want its status.
    let _ = handle.wait_ended_and_reap();
    slot.pid.store(0, Ordering::SeqCst);
    slot.fail(failure);
    Err(failure)
}

/// Returns what the child could not do; `None` once exec has closed its end of the pipe.
fn read_report(mut report: std::io::PipeReader) -> Option<Failure> {
    let mut words = [0; 3];
    for word in &mut words {
        let mut bytes = [0; 4];
        report.read_exact(&mut bytes).ok()?;
        *word = i32::from_ne_bytes(bytes);
    }
    Failure::from_words(words)
}

/// The child's life between fork and exec: it may only call the system.
fn become_program(child: &Child<'_>, told: RawFd, slot: &SpawnSlot) -> ! {
    // SAFETY: takes no arguments.
    slot.pid.store(unsafe { libc::getpid() }, Ordering::SeqCst);
    // The pipe's end must not lie where a descriptor is to be placed. If it can't be moved no word
    // gets out, and what the parent sees is a program that ended with 127.
    let told = child.out_of_the_way(told);
    let failure = match prepare(child) {
        Ok(()) => child.execute(),
        Err(failure) => failure,
    };
    slot.fail(failure);
    let words = failure.words();
    // SAFETY: a few words of our own memory into an open descriptor; then this process ends without
    // running anything of its parent's.
    unsafe {
        libc::write(told, words.as_ptr().cast(), size_of_val(&words));
        libc::_exit(127)
    }
}

fn prepare(child: &Child<'_>) -> Result<(), Failure> {
    child.make_session()?;
    child.set_priorities()?;
    child.move_sources()?;
    if child.close_others {
        close_rest_on_exec();
    }
    child.place_descriptors()?;
    child.set_limits()?;
    child.change_user()?;
    child.change_directory()?;
    child.reset_signals()
}

fn close_rest_on_exec() {
    // SAFETY: takes no arguments.
    let limit = unsafe { libc::getdtablesize() }.clamp(0, MARKED_AT_MOST);
    for fd in 3..limit {
        // SAFETY: plain numbers; what is not open is refused.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}
