use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use super::ending;
use super::protocol::{self, Answer, HELLO, Request};
use crate::escalation::{AFTER_KILL, Escalation, Phase};
use crate::identity::ProcessIdentity;
use crate::signal::Signal;
use crate::sys::{self, SignalQueue};

/// The first argument of a program that is to be a guardian.
pub const ARGUMENT: &str = "--foster-process-guardian";

/// A cookie whose value is shorter might fit a process that has nothing to do with us.
const SHORTEST_VALUE: usize = 16;

/// What would end a guardian before its time: a terminal's Ctrl-C, whoever ends all processes of a
/// user, a stray request.
const HELD_OFF: [i32; 12] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

/// A tree that is guarded.
#[derive(Debug)]
pub struct Marked {
    pub cookie: String,
    pub cgroup: Option<PathBuf>,
    pub leader: Option<ProcessIdentity>,
}

/// Becomes a guardian and never returns, if the first argument is [`ARGUMENT`]; otherwise does
/// nothing. To be called first in `main`, before there are other threads.
pub fn serve_if_asked() {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == ARGUMENT)
    {
        sys::exit_now(i32::from(serve().is_err()));
    }
}

/// Guards the trees of whoever holds the other end of standard input, until that is closed; then
/// ends those that are left. [`serve_if_asked`] calls it.
///
/// # Errors
/// If standard input is no socket, the owner says what can't be understood, or the kernel refuses
/// what is needed.
pub fn serve() -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.peer_addr()?;
    let held_off = HELD_OFF.iter().flat_map(|n| Signal::from_number(*n));
    // Blocked for good, and never read.
    let _ignored = SignalQueue::new(&held_off.collect::<Vec<_>>())?;
    std::env::set_current_dir("/")?;
    raise_descriptor_limit();
    // The name is a kindness to people, and not every system has it.
    drop(sys::set_process_title(&format!(
        "guardian of {}",
        sys::parent_number()
    )));
    protocol::send_bytes(&socket, HELLO)?;
    match guard(&socket)? {
        None => Ok(()),
        Some((trees, escalation)) => ending::end_all(trees, escalation),
    }
}

/// Takes as many descriptors as it may have: each process that it ends is held by one.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let wanted = Rlimit {
        current: maximum,
        maximum,
    };
    // With fewer it holds fewer at once.
    let _ = setrlimit(Resource::Nofile, wanted);
}

/// Hears the owner out. Returns what is to be ended if it is gone, `None` if the guardian was
/// dismissed.
fn guard(socket: &UnixStream) -> io::Result<Option<(Vec<Marked>, Escalation)>> {
    let mut phases: Vec<Phase> = Vec::new();
    let mut trees: BTreeMap<u64, Marked> = BTreeMap::new();
    while let Some(body) = protocol::receive(socket)? {
        let request = Request::decode(&body).ok_or(io::ErrorKind::InvalidData)?;
        let dismissed = request == Request::Dismiss;
        let answer = match request {
            Request::Begin { phases: wanted } => begin(&mut phases, wanted),
            other => heed(&mut trees, other),
        };
        let sent = protocol::send(socket, &protocol::encode_answer(&answer));
        if dismissed {
            return Ok(None);
        }
        if sent.is_err() {
            // It ended as it waited, and started nothing that it was not told about.
            break;
        }
    }
    let trees: Vec<Marked> = trees.into_values().collect();
    Ok(Some((trees, Escalation::of_checked(phases))))
}

fn begin(phases: &mut Vec<Phase>, wanted: Vec<Phase>) -> Answer {
    Escalation::new(wanted.clone(), AFTER_KILL).map_err(|error| error.to_string())?;
    *phases = wanted;
    Ok(())
}

fn heed(trees: &mut BTreeMap<u64, Marked>, request: Request) -> Answer {
    let unknown = || "there is no such tree".to_owned();
    match request {
        Request::Register { id, cookie, cgroup } => {
            refuse_common(&cookie)?;
            let tree = Marked {
                cookie,
                cgroup,
                leader: None,
            };
            trees.insert(id, tree);
        }
        Request::Complete { id, leader } => {
            trees.get_mut(&id).ok_or_else(unknown)?.leader = Some(leader);
        }
        Request::Unregister { id } => {
            trees.remove(&id).ok_or_else(unknown)?;
        }
        Request::Begin { .. } | Request::Dismiss => {}
    }
    Ok(())
}

/// Refuses a mark that processes of others bear, or might.
fn refuse_common(cookie: &str) -> Answer {
    let well_formed = cookie
        .split_once('=')
        .is_some_and(|(name, value)| !name.is_empty() && value.len() >= SHORTEST_VALUE);
    if !well_formed || cookie.contains('\0') {
        return Err(format!(
            "a cookie is NAME=value, with a value of {SHORTEST_VALUE} bytes or more"
        ));
    }
    let bearers = [sys::parent_number(), std::process::id() as i32];
    for pid in bearers.into_iter().filter(|pid| *pid > 0) {
        if sys::environment_has(pid, cookie.as_bytes()) {
            return Err(format!(
                "process {pid}, which is none of the tree, bears it"
            ));
        }
    }
    Ok(())
}
