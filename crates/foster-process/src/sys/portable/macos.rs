//! macOS: processes are asked about through libproc and sysctl.
#![expect(
    unsafe_code,
    reason = "libproc, sysctl and the arguments in memory have no safe form"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _};

use crate::host::HostIdentity;
use crate::sys::ProcessStat;

/// `SSTOP`, `SZOMB` and their like (bsd/sys/proc.h), as the letters that `ps` shows.
const STATES: [u8; 6] = [b'?', b'I', b'R', b'S', b'T', b'Z'];
const ZOMBIE: u32 = 5;
/// What asks `PROC_PIDTBSDINFO` for a zombie too.
const ZOMBIES_TOO: u64 = 1;

fn own() -> i32 {
    std::process::id() as i32
}

/// Asks about one process; the record is plain numbers, of which all zero are valid.
fn ask<T>(pid: i32, flavor: c_int, argument: u64) -> io::Result<T> {
    let mut record = MaybeUninit::<T>::zeroed();
    let size = size_of::<T>() as c_int;
    // SAFETY: the buffer has the size that is told, and is private to this call.
    let n = unsafe { libc::proc_pidinfo(pid, flavor, argument, record.as_mut_ptr().cast(), size) };
    if n < size {
        let error = io::Error::last_os_error();
        let none = error.raw_os_error() == Some(libc::ESRCH);
        return Err(if none {
            io::ErrorKind::NotFound.into()
        } else {
            error
        });
    }
    // SAFETY: zeroed, then written in full; only used with records of integers and characters.
    Ok(unsafe { record.assume_init() })
}

/// Returns what `proc_pidinfo` says of a process, a zombie too.
///
/// # Errors
/// `NotFound` if there is no such process.
pub fn process_stat(pid: i32) -> io::Result<ProcessStat> {
    let info: libc::proc_bsdinfo = ask(pid, libc::PROC_PIDTBSDINFO, ZOMBIES_TOO)?;
    let name = |chars: &[c_char]| {
        let bytes: Vec<u8> = chars
            .iter()
            .map(|c| *c as u8)
            .take_while(|b| *b != 0)
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let long = name(&info.pbi_name);
    // SAFETY: a plain number.
    let session = unsafe { libc::getsid(pid) };
    let is_zombie = info.pbi_status == ZOMBIE;
    let tasks = || ask::<libc::proc_taskinfo>(pid, libc::PROC_PIDTASKINFO, 0);
    Ok(ProcessStat {
        pid,
        command: if long.is_empty() {
            name(&info.pbi_comm)
        } else {
            long
        },
        state: STATES
            .get(info.pbi_status as usize)
            .copied()
            .unwrap_or(b'?'),
        parent: info.pbi_ppid as i32,
        group: info.pbi_pgid as i32,
        session,
        // Another user's threads are not ours to count; one at least is there.
        threads: if is_zombie {
            0
        } else {
            tasks().map_or(1, |t| i64::from(t.pti_threadnum))
        },
        start_time: Some(info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec),
    })
}

/// Returns the numbers of all processes.
pub fn all_processes() -> io::Result<Vec<i32>> {
    let mut room = 1024;
    loop {
        let mut pids = vec![0_i32; room];
        let size = (room * size_of::<i32>()) as c_int;
        // SAFETY: the buffer has the size in bytes that is told.
        let n = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), size) };
        if n < 0 {
            return Err(io::Error::last_os_error());
        }
        if (n as usize) < room {
            pids.truncate(n as usize);
            pids.retain(|pid| *pid > 0);
            return Ok(pids);
        }
        room *= 2;
    }
}

/// Returns the numbers of the living children of `pid`; none if it is gone. All processes are looked
/// at: `proc_listchildpids` has been seen to answer with nothing.
pub fn children_of(pid: i32) -> io::Result<Vec<i32>> {
    let mut children = all_processes()?;
    children.retain(|child| process_stat(*child).is_ok_and(|stat| stat.parent == pid));
    Ok(children)
}

/// Returns the numbers of this process's children, zombies among them.
pub fn real_children() -> io::Result<Vec<i32>> {
    children_of(own())
}

/// Returns whether `pid` was started with this `NAME=value` in its environment. The system shows it
/// of processes of the same user only, and not of its own programs.
pub fn environment_has(pid: i32, pair: &[u8]) -> bool {
    let Some(memory) = arguments_of(pid) else {
        return false;
    };
    let (count, rest) = memory.split_at(size_of::<c_int>().min(memory.len()));
    let Ok(count) = <[u8; 4]>::try_from(count).map(c_int::from_ne_bytes) else {
        return false;
    };
    // The path that was executed, padding, the arguments, the environment.
    let path = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
    let padding = rest[path..].iter().position(|b| *b != 0).unwrap_or(0);
    let mut strings = rest[path + padding..]
        .split(|b| *b == 0)
        .skip(count.max(0) as usize);
    strings.any(|variable| variable == pair)
}

fn arguments_of(pid: i32) -> Option<Vec<u8>> {
    let mut name = [libc::CTL_KERN, libc::KERN_PROCARGS2, pid];
    let mut memory = vec![0_u8; 1024 * 1024];
    let mut length = memory.len();
    // SAFETY: the name has three parts and the buffer the length that is told; nothing is set.
    let failed = unsafe {
        let buffer = memory.as_mut_ptr().cast::<c_void>();
        libc::sysctl(
            name.as_mut_ptr(),
            3,
            buffer,
            &raw mut length,
            std::ptr::null_mut(),
            0,
        )
    };
    if failed != 0 {
        return None;
    }
    memory.truncate(length);
    Some(memory)
}

/// Returns the status word of a zombie, which any user may see.
pub fn zombie_wait_word(pid: i32) -> Option<i32> {
    let info: libc::proc_bsdinfo = ask(pid, libc::PROC_PIDTBSDINFO, ZOMBIES_TOO).ok()?;
    (info.pbi_status == ZOMBIE).then_some(info.pbi_xstatus as i32)
}

/// Fails: which processes hold a pipe is not looked for here.
pub fn pipe_holders(_: impl AsFd) -> io::Result<Vec<(i32, String)>> {
    let message = "who holds a pipe is not looked for on this system";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

/// Returns the process and the user at the other end of a local socket.
pub fn peer_credentials(socket: impl AsFd) -> io::Result<(i32, u32)> {
    let fd = socket.as_fd().as_raw_fd();
    let (mut pid, mut user, mut group) = (0_i32, 0, 0);
    let mut length = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the descriptor is open, and each number is written into a place of its size.
    let failed = unsafe {
        let place = (&raw mut pid).cast::<c_void>();
        libc::getsockopt(
            fd,
            libc::SOL_LOCAL,
            libc::LOCAL_PEERPID,
            place,
            &raw mut length,
        ) != 0
            || libc::getpeereid(fd, &raw mut user, &raw mut group) != 0
    };
    if failed {
        Err(io::Error::last_os_error())
    } else {
        Ok((pid, user))
    }
}

/// Returns how many threads this process has.
pub fn thread_count() -> io::Result<usize> {
    let tasks: libc::proc_taskinfo = ask(own(), libc::PROC_PIDTASKINFO, 0)?;
    Ok(tasks.pti_threadnum as usize)
}

/// Returns the likeliest reason for which a killed process still lives.
pub fn why_alive(pid: i32) -> String {
    match process_stat(pid).map(|stat| stat.state) {
        Ok(state) => format!("still in state {} when time ran out", char::from(state)),
        Err(_) => "it ended as it was looked at".to_owned(),
    }
}

/// Returns the machine and the boot; there are no PID namespaces.
pub fn host_identity() -> HostIdentity {
    let uname = rustix::system::uname();
    let host_name = || format!("host:{}", uname.nodename().to_string_lossy());
    HostIdentity {
        machine: text_of(c"kern.uuid").unwrap_or_else(host_name),
        boot: text_of(c"kern.bootsessionuuid"),
        pid_namespace: None,
    }
}

fn text_of(name: &CStr) -> Option<String> {
    let mut text = [0_u8; 128];
    let mut length = text.len();
    // SAFETY: a NUL-terminated name and a buffer of the length that is told; nothing is set.
    let failed = unsafe {
        let buffer = text.as_mut_ptr().cast::<c_void>();
        libc::sysctlbyname(
            name.as_ptr(),
            buffer,
            &raw mut length,
            std::ptr::null_mut(),
            0,
        )
    };
    let text = CStr::from_bytes_until_nul(&text)
        .ok()
        .filter(|_| failed == 0)?;
    Some(text.to_string_lossy().into_owned()).filter(|text| !text.is_empty())
}

/// Overwrites the arguments that `ps` shows: the command line of whoever was forked may hold a
/// secret.
pub fn set_process_title(title: &str) -> io::Result<()> {
    // SAFETY: the C runtime keeps both for the life of the process. The strings lie one behind the
    // other on the first thread's stack, writable; nothing in this process reads them any more but
    // `std::env::args`, which a supervisor never calls.
    unsafe {
        let count = *libc::_NSGetArgc();
        let arguments = *libc::_NSGetArgv();
        if count < 1 || arguments.is_null() || (*arguments).is_null() {
            return Ok(());
        }
        let start = *arguments;
        let last = *arguments.add(count as usize - 1);
        let end = last.addr() + CStr::from_ptr(last).to_bytes_with_nul().len();
        let length = end.saturating_sub(start.addr());
        if length == 0 {
            return Ok(());
        }
        let area = std::slice::from_raw_parts_mut(start.cast::<u8>(), length);
        area.fill(0);
        let shown = title.len().min(length - 1);
        area[..shown].copy_from_slice(&title.as_bytes()[..shown]);
    }
    Ok(())
}

/// Returns how long ago the machine was started, as its monotonic clock counts that.
pub fn uptime() -> std::time::Duration {
    crate::host::monotonic()
}
