use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Instant;

use crate::escalation::{Escalation, Report, Step};
use crate::identity::ProcessRef;
use crate::signal::Signal;
use crate::sys;
use crate::tree::Tree;

/// How many members are watched at once: the tree is not empty before those have ended too, and
/// then others are watched.
const WATCHED: usize = 128;

/// Drives an escalation over a tree to its end, blocking, and returns what was done and what is
/// left. The leader, if it is a child of ours, stays a zombie: reap it afterwards.
///
/// It sleeps in the kernel until a member has ended, the control group is empty, or the next phase
/// is due.
pub fn terminate(
    tree: &Tree,
    leader: Option<&ProcessRef>,
    mut escalation: Escalation,
) -> io::Result<Report> {
    loop {
        tree.reap(leader.map(ProcessRef::pid))?;
        match escalation.poll(Instant::now(), tree.is_empty(leader)?) {
            Step::Send { signal, .. } => {
                let delivery = tree.signal(signal, leader)?;
                if signal != Signal::KILL {
                    // So that what is stopped can die of it.
                    tree.signal(Signal::CONT, leader)?;
                }
                escalation.sent(delivery);
            }
            Step::WaitUntil(due) => wait_for_change(tree, leader, due)?,
            Step::Done { empty } => {
                let survivors = if empty { Vec::new() } else { tree.survivors()? };
                return Ok(escalation.report(survivors));
            }
        }
        if escalation
            .standing(Instant::now())
            .is_some_and(|(p, _)| p.signal == Signal::KILL)
        {
            // What was forked while the last pass went by.
            tree.kill()?;
        }
    }
}

fn wait_for_change(tree: &Tree, leader: Option<&ProcessRef>, due: Instant) -> io::Result<()> {
    let members = tree.some_members(WATCHED)?;
    tree.reap(leader.map(ProcessRef::pid))?;
    let cgroup = tree.scope().events_fd();
    // The last may have ended, or been forked and left behind, as we looked. With nobody to watch
    // the wait would last to its end, so look again; a control group tells when it is empty, and
    // so does a namespace.
    let namespace = tree.scope().namespace();
    let tells = cgroup.is_some() || namespace.is_some();
    if members.is_empty() && (!tells || tree.is_empty(leader)?) {
        return Ok(());
    }
    let processes = members.iter().map(|member| member.process.as_fd());
    let namespace = match namespace {
        // One that is over has nothing more to tell, and would end the wait at once.
        Some(namespace) if !namespace.is_over()? => Some(namespace.as_fd()),
        _ => None,
    };
    let processes: Vec<BorrowedFd<'_>> = processes.chain(namespace).collect();
    if processes.is_empty() && cgroup.is_none() {
        return Ok(());
    }
    let left = due.saturating_duration_since(Instant::now());
    sys::wait_any(&processes, cgroup, left)
}
