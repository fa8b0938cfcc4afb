use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::identity::{ProcessIdentity, ProcessRef};
use crate::sys;

/// How often a group has to be found without a living member before that counts: the list of
/// processes is read while it changes, and a child forked by one that ends meanwhile may be missed.
const LOOKS: usize = 2;

/// A process group, known by its leader: made of a [`ProcessRef`], or of a [`ProcessIdentity`].
#[derive(Debug, Clone)]
pub struct GroupRef {
    leader: ProcessIdentity,
    held: Option<Arc<ProcessRef>>,
}

/// What can be said of a group's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is that group's, now.
    Its,
    /// That group is gone; the number may be another's.
    Gone,
    /// The leader lives, and in another group.
    NotALeader,
    /// The leader is gone, somebody is in a group of its number, and nothing says which group.
    Unverifiable,
}

impl GroupRef {
    /// Returns the leader's number, which is the group's, for reports.
    pub fn pid(&self) -> i32 {
        self.leader.pid
    }

    /// Returns what tells the leader from every other process.
    pub fn leader(&self) -> ProcessIdentity {
        self.leader
    }

    /// Returns the leader itself, if it is held.
    pub fn held(&self) -> Option<&ProcessRef> {
        self.held.as_deref()
    }

    /// Holds the leader from now on.
    pub(crate) fn hold(&mut self, leader: ProcessRef) {
        self.held = Some(Arc::new(leader));
    }

    /// Returns whether the leader runs. Where it isn't held it is looked for.
    pub(crate) fn leader_runs(&self) -> bool {
        let ended = |process: &ProcessRef| process.wait_ended(Some(Duration::ZERO));
        match self.held() {
            Some(process) => matches!(ended(process), Ok(false)),
            None => ProcessRef::find(&self.leader).is_ok_and(|p| matches!(ended(&p), Ok(false))),
        }
    }

    pub(crate) fn standing(&self) -> io::Result<Standing> {
        let there = self.held().map(ProcessRef::group_is_there);
        match there {
            Some(Ok(true)) => return Ok(Standing::Its),
            Some(Ok(false)) if self.leader_runs() => return Ok(Standing::NotALeader),
            Some(Ok(false)) => return Ok(Standing::Gone),
            Some(Err(error)) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
            Some(Err(_)) | None => {}
        }
        match ProcessRef::find(&self.leader) {
            Ok(_) => self.standing_of_leader(),
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => self.standing_without(),
            Err(error) => Err(error),
        }
    }

    /// The leader is there, if only as a zombie: while it is, its number is nobody else's, neither
    /// as a process nor as a group.
    fn standing_of_leader(&self) -> io::Result<Standing> {
        match sys::process_stat(self.pid()) {
            Ok(stat) if stat.start_time != self.leader.start_time => self.standing_without(),
            Ok(stat) if stat.group == self.pid() => Ok(Standing::Its),
            Ok(_) => Ok(Standing::NotALeader),
            Err(error) if is_gone(&error) => self.standing_without(),
            Err(error) => Err(error),
        }
    }

    /// The leader is gone and nothing was held. The kernel gives no number to a process while a
    /// group bears it (`alloc_pid`, kernel/pid.c), so a stranger of that number proves that the
    /// group is gone.
    fn standing_without(&self) -> io::Result<Standing> {
        if sys::process_stat(self.pid()).is_ok() || living_members(self.pid())?.is_empty() {
            return Ok(Standing::Gone);
        }
        Ok(Standing::Unverifiable)
    }

    /// Returns the living members, each held; none if the group is gone. Zombies are nobody.
    pub(crate) fn members(&self) -> io::Result<Vec<ProcessRef>> {
        for _ in 0..LOOKS {
            let members = living_members(self.pid())?;
            // Asked afterwards: what is its own now was its own when they were found.
            if self.standing()? != Standing::Its {
                return Ok(Vec::new());
            }
            if !members.is_empty() {
                return Ok(members);
            }
        }
        Ok(Vec::new())
    }
}

impl From<ProcessIdentity> for GroupRef {
    /// The group of a leader that may be a process of another system.
    fn from(leader: ProcessIdentity) -> Self {
        Self { leader, held: None }
    }
}

impl From<ProcessRef> for GroupRef {
    /// The group of a leader that is held.
    fn from(leader: ProcessRef) -> Self {
        Self {
            leader: leader.identity(),
            held: Some(Arc::new(leader)),
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

/// Living members of some groups, each held and with its group's number.
#[derive(Debug)]
pub struct Members {
    /// The members.
    pub found: Vec<(i32, ProcessRef)>,
    /// Whether these are all.
    pub complete: bool,
}

/// Returns the living members of the group that has this number now, each held.
pub fn living_members(group: i32) -> io::Result<Vec<ProcessRef>> {
    let members = live_members(&[group], usize::MAX)?;
    Ok(members
        .found
        .into_iter()
        .map(|(_, member)| member)
        .collect())
}

/// Returns up to `at_most` living members of the groups that have these numbers now: the first of
/// each group before the second of any.
pub fn live_members(groups: &[i32], at_most: usize) -> io::Result<Members> {
    let mut ranks: HashMap<i32, usize> = groups.iter().map(|group| (*group, 0)).collect();
    let mut seen = Vec::new();
    for pid in sys::all_processes()? {
        let Ok(stat) = sys::process_stat(pid) else {
            continue;
        };
        if let Some(rank) = ranks.get_mut(&stat.group).filter(|_| !stat.is_dead()) {
            seen.push((*rank, pid));
            *rank += 1;
        }
    }
    seen.sort_unstable();
    let mut complete = seen.len() <= at_most;
    let mut found = Vec::new();
    for (_, pid) in seen.into_iter().take(at_most) {
        match held_member(pid, &ranks) {
            Ok(member) => found.extend(member),
            // No descriptor is left: those will do for whoever asked for some.
            Err(_) if at_most != usize::MAX && !found.is_empty() => {
                complete = false;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Members { found, complete })
}

/// Holds a process, and looks again: what is true of it now stays true of the one that is held.
fn held_member(pid: i32, groups: &HashMap<i32, usize>) -> io::Result<Option<(i32, ProcessRef)>> {
    let process = match ProcessRef::open(pid) {
        Ok(process) => process,
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(stat) = sys::process_stat(pid) else {
        return Ok(None);
    };
    let same = stat.start_time == process.identity().start_time;
    let member = same && !stat.is_dead() && groups.contains_key(&stat.group);
    Ok(member.then_some((stat.group, process)))
}
