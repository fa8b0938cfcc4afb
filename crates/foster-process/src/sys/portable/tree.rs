use std::collections::HashSet;
use std::hash::BuildHasher;
use std::io;

use rustix::process::{Pid, WaitId, WaitIdOptions};

use super::system;
use crate::sys::ProcessStat;

/// How often nobody has to be found before it counts.
const LOOKS: usize = 2;

/// Returns the numbers of this process's children, zombies among them, and of the living members of
/// the groups and sessions that those children lead.
///
/// A child keeps its number until it is reaped, so a group or session of that number is its own. The
/// leader that is kept as a zombie is what still connects us to its orphans.
pub fn own_children() -> io::Result<Vec<i32>> {
    let mut found = system::real_children()?;
    let leaders: HashSet<i32> = found.iter().copied().collect();
    if leaders.is_empty() {
        return Ok(found);
    }
    // The list is read while it changes: who is forked by somebody who ends meanwhile may be missed,
    // so "nobody" is believed only when it has been said more than once.
    for _ in 0..LOOKS {
        let orphans = orphans_of(&leaders)?;
        if !orphans.is_empty() {
            found.extend(orphans);
            break;
        }
    }
    Ok(found)
}

fn orphans_of(leaders: &HashSet<i32>) -> io::Result<Vec<i32>> {
    let is_led = |stat: &ProcessStat| {
        [stat.group, stat.session]
            .iter()
            .any(|n| leaders.contains(n))
    };
    let mut found = system::all_processes()?;
    found.retain(|pid| {
        !leaders.contains(pid)
            && system::process_stat(*pid).is_ok_and(|stat| !stat.is_dead() && is_led(&stat))
    });
    Ok(found)
}

/// Returns the numbers of the children of `pid`; of this process, all that [`own_children`] finds.
pub fn children_of(pid: i32) -> io::Result<Vec<i32>> {
    if pid == std::process::id() as i32 {
        own_children()
    } else {
        system::children_of(pid)
    }
}

/// Returns whether a process is still what it was found as: the child of one of these parents, or in the
/// group or session of somebody found who is our child now.
pub fn belongs<S: BuildHasher>(
    stat: &ProcessStat,
    parents: [Option<i32>; 2],
    found: &HashSet<i32, S>,
) -> bool {
    let led = |leader: i32| found.contains(&leader) && is_own_child(leader);
    parents.contains(&Some(stat.parent)) || led(stat.group) || led(stat.session)
}

/// Returns whether `pid` is a child of ours that nobody has reaped. While it is, the number can't
/// become another's.
pub fn is_own_child(pid: i32) -> bool {
    let Some(pid) = Pid::from_raw(pid) else {
        return false;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    rustix::process::waitid(WaitId::Pid(pid), options).is_ok()
}

/// Returns the process that was started last, which is told on Linux only.
pub fn newest_process() -> Option<i32> {
    None
}

/// Returns the same if nobody else can have been started since `first` was, likewise.
pub fn newest_since(_: i32, _: std::time::Instant) -> Option<i32> {
    None
}
