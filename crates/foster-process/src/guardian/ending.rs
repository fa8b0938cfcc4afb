use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use super::serve::Marked;
use crate::containment::Scope;
use crate::escalation::{Escalation, Step};
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::signal::Signal;
use crate::sys;
use crate::tree::{Marks, Tree};

/// How long a tree whose start was not told of is given to show itself: the owner's end of the socket
/// is closed by exec a moment before the new environment can be read (`begin_new_exec` comes before
/// `create_elf_tables`, fs/binfmt_elf.c).
const BEING_EXECUTED: Duration = Duration::from_millis(250);

/// How many passes are made at most over a tree that keeps forking while it is killed.
const PASSES: usize = 64;

/// How often somebody may turn up of a tree of which nobody is known, before time is given to it.
const LOOKS: usize = 3;

/// How many processes are watched at once.
const WATCHED: usize = 256;

/// A tree on its way out, and who was ever seen of it. Whoever was found by the leader's session
/// would be lost with the leader otherwise.
struct Ending {
    tree: Tree,
    known: HashMap<ProcessIdentity, ProcessRef>,
}

/// Ends these trees, all at once, blocking.
pub fn end_all(trees: Vec<Marked>, mut escalation: Escalation) -> io::Result<()> {
    let pending = trees.iter().any(|tree| tree.leader.is_none());
    let mut endings: Vec<Ending> = trees.into_iter().map(Ending::new).collect();
    look_at(&mut endings);
    if pending {
        sys::wait_any(&[], None, BEING_EXECUTED)?;
        look_at(&mut endings);
    }
    loop {
        let mut over = true;
        for ending in &mut endings {
            over &= ending.is_over();
        }
        match escalation.poll(Instant::now(), over) {
            Step::Send { signal, .. } => {
                for ending in &mut endings {
                    ending.send(signal);
                }
            }
            Step::WaitUntil(due) => wait(&endings, due)?,
            Step::Done { .. } => break,
        }
        look_at(&mut endings);
        let killing = escalation.standing(Instant::now());
        if killing.is_some_and(|(phase, _)| phase.signal == Signal::KILL) {
            // What was forked while the last pass went by.
            for ending in &mut endings {
                ending.kill();
            }
        }
    }
    for ending in endings {
        // A leaf that stays behind is empty and costs a directory entry.
        drop(ending.tree.scope().remove());
    }
    Ok(())
}

fn look_at(endings: &mut [Ending]) {
    for ending in endings {
        ending.look();
    }
}

fn wait(endings: &[Ending], due: Instant) -> io::Result<()> {
    let known = endings.iter().flat_map(|ending| ending.known.values());
    let fds: Vec<BorrowedFd<'_>> = known.take(WATCHED).map(|p| p.as_fd()).collect();
    let mut emptied = endings.iter().filter(|ending| ending.known.is_empty());
    // With nobody known a control group that is not empty is the only one to tell.
    let cgroup = emptied.find_map(|ending| ending.tree.scope().events_fd());
    let left = due.saturating_duration_since(Instant::now());
    sys::wait_any(&fds, cgroup, left)
}

impl Ending {
    fn new(marked: Marked) -> Self {
        let Marked {
            cookie,
            cgroup,
            leader,
        } = marked;
        let name = cgroup
            .as_deref()
            .and_then(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned());
        let scope = Scope::reopen(&name.unwrap_or_default(), cgroup.as_deref());
        let tree = Tree::of_marked(scope, Marks { cookie, leader });
        Self {
            tree,
            known: HashMap::new(),
        }
    }

    /// Finds who is there, by the marks and by descent from those known. Returns whether somebody
    /// was new.
    fn look(&mut self) -> bool {
        let mut fresh: Vec<ProcessRef> = Vec::new();
        // Those that there is no descriptor for are killed all the same: see `kill`.
        for member in self.tree.members().unwrap_or_default() {
            fresh.push(member.process);
        }
        for parent in self.known.values() {
            let children = sys::children_of(parent.pid()).unwrap_or_default();
            fresh.extend(children.into_iter().filter_map(|pid| child_of(pid, parent)));
        }
        let before = self.known.len();
        for process in fresh {
            self.known.entry(process.identity()).or_insert(process);
        }
        let grown = self.known.len() > before;
        self.known
            .retain(|_, process| !matches!(process.wait_ended(Some(Duration::ZERO)), Ok(true)));
        grown
    }

    fn is_over(&mut self) -> bool {
        for _ in 0..LOOKS {
            if !self.known.is_empty() {
                return false;
            }
            if self.tree.is_empty(None).unwrap_or(false) {
                return true;
            }
            // Somebody is there who was not as we looked; he is to be watched.
            self.look();
        }
        false
    }

    fn send(&mut self, signal: Signal) {
        if signal == Signal::KILL {
            return self.kill();
        }
        // So that what is stopped can die of it.
        for signal in [signal, Signal::CONT] {
            for process in self.known.values() {
                // Gone, or another user's: KILL will tell no better, and nobody is there to be told.
                drop(process.signal(signal));
            }
        }
    }

    fn kill(&mut self) {
        for _ in 0..PASSES {
            drop(self.tree.kill());
            for process in self.known.values() {
                drop(process.signal(Signal::KILL));
            }
            if !self.look() {
                break;
            }
        }
    }
}

/// Holds a child of a process that is known, and looks again whether it is one. A parent that has
/// not ended after all that has had its number throughout.
fn child_of(pid: i32, parent: &ProcessRef) -> Option<ProcessRef> {
    let process = ProcessRef::open(pid).ok()?;
    let stat = sys::process_stat(pid).ok()?;
    let same = stat.start_time == process.identity().start_time;
    let child = same && stat.parent == parent.pid() && !stat.is_dead();
    let proved = child && matches!(parent.wait_ended(Some(Duration::ZERO)), Ok(false));
    proved.then_some(process)
}
