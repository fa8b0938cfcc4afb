//! How one process that looks after a job becomes two again.
//!
//! A job is safe as long as one process is left that holds its pipes and its lock, and is the parent
//! of its tree. When a supervisor dies, its keeper is that one, and does its work; when a keeper dies,
//! the supervisor is. Either copies itself: the copy goes on as the supervisor, in the middle of the
//! work and with every client, and the original becomes its keeper, since it is the parent that only
//! the kernel can make another the heir of.

use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use foster_model::{Event, Supervision};
use foster_process::{
    Forked, Level, Poller, ProcessRef, Scope, SignalQueue, Tree, exit_now, fork, start_session,
    wait_any,
};
use foster_store::Stream;

use super::run::{Parent, Run};
use super::{LISTENED, Supervisor, token};
use crate::bell::Bell;
use crate::identity::to_model;
use crate::keeper::{GAVE_UP, name};
use crate::leftovers::marked_tree;
use crate::parts::Parts;

/// How often a job gets a new supervisor at most: one that dies each time at the same place must not
/// keep a machine busy for ever.
pub const MOST_SUCCESSORS: u32 = 1000;

/// How long a keeper is given to reap what has ended.
const FOR_REAPING: Duration = Duration::from_millis(200);

/// Which of the two this process is now.
pub(super) enum Pair {
    Supervisor,
    Keeper(ProcessRef),
}

impl Supervisor {
    /// Returns whether this process is alone with a job that goes on, and need not be.
    pub(super) fn should_pair(&self) -> bool {
        let Some(run) = &self.run else { return false };
        self.keeper.is_none()
            && self.pairs
            // Such a tree is its maker's, and ends with it: another could not go on.
            && run.tree.scope().level() != Level::PidNamespace
            && self.parts.successors < MOST_SUCCESSORS
    }

    /// Copies this process. The copy is the supervisor, with all that this one has.
    pub(super) fn pair(&mut self) -> io::Result<Pair> {
        // What is kept back in memory would be there twice.
        self.catch_up();
        let own = ProcessRef::open(std::process::id() as i32)?;
        self.parts.bell = Bell::new()?;
        if let Some(stdin) = &mut self.parts.stdin {
            stdin.put_back()?;
        }
        self.parts.successors += 1;
        foster_fault::attempt("supervisor.fork_successor")?;
        match fork()? {
            Forked::Child => {
                foster_fault::step("supervisor.copied");
                self.parts.bell.keep_rope();
                if self.go_on_beside(own).is_err() {
                    // Its keeper is there already, and does better.
                    exit_now(GAVE_UP);
                }
                Ok(Pair::Supervisor)
            }
            Forked::Parent(supervisor) => Ok(Pair::Keeper(supervisor)),
        }
    }

    /// Goes on as a copy of `keeper`: with a poller and signals of its own.
    fn go_on_beside(&mut self, keeper: ProcessRef) -> io::Result<()> {
        name("supervisor", &self.parts);
        start_session()?;
        self.poller = Poller::new()?;
        self.signals = SignalQueue::new(&LISTENED)?;
        self.poller.add(&self.signals, token::SIGNALS)?;
        self.poller.add(&keeper, token::KEEPER)?;
        self.server.move_to(&self.poller)?;
        if let Some(run) = &mut self.run {
            if run.parent == Parent::Supervisor {
                run.parent = Parent::Keeper;
                run.look_at(|scope| Ok(Tree::of_descendants_of(keeper.try_clone()?, scope)))?;
            }
            run.register(&self.poller)?;
        }
        self.watch_pipe_anew();
        self.tell_of_the_pair(&keeper)?;
        self.keeper = Some(keeper);
        foster_fault::step("supervisor.paired");
        Ok(())
    }

    fn tell_of_the_pair(&mut self, keeper: &ProcessRef) -> io::Result<()> {
        let own = ProcessRef::open(std::process::id() as i32)?;
        self.note(Event::Supervision {
            now: Supervision::Full,
            by: Some(to_model(own.identity())),
            keeper: Some(to_model(keeper.identity())),
        });
        self.history.save(&self.parts.folder);
        Ok(())
    }

    /// Takes this process apart, for what a keeper holds. Nothing is written: the copy does that.
    pub(super) fn into_parts(self) -> Parts {
        let mut parts = self.parts;
        if let Some(run) = self.run {
            (parts.readers, parts.transit) = run.capture.into_pipes();
            parts.scope = run.tree.into_scope();
            parts.leader = Some(run.leader);
        }
        if let Some(stdin) = &mut parts.stdin {
            stdin.leave_to_shelf();
        }
        parts.bell.keep_ear();
        parts.stop_report = None;
        parts
    }

    /// The keeper is gone: if the tree was its, that is a stranger's now, and known by its marks alone.
    pub(super) fn lose_keeper(&mut self) -> io::Result<()> {
        let Some(keeper) = self.keeper.take() else {
            return Ok(());
        };
        foster_fault::step("supervisor.keeper_lost");
        self.poller.remove(&keeper)?;
        self.note(Event::Supervision {
            now: Supervision::KeeperLost,
            by: None,
            keeper: None,
        });
        self.pairs = true;
        self.become_a_stranger()?;
        // What it was asked for last it may not have done.
        self.wake_notifier_for_output();
        Ok(())
    }

    /// Waits a moment for the keeper to reap what has ended: whoever hears that nobody is left is to find no
    /// zombie either. A keeper that is stopped is not waited for.
    pub(super) fn let_the_keeper_reap(&mut self) {
        let until = Instant::now() + FOR_REAPING;
        while self.has_zombies() {
            let left = until.saturating_duration_since(Instant::now());
            let heard = wait_any(&[self.signals.as_fd()], None, left);
            if left.is_zero() || heard.is_err() || self.hear_signals().is_err() {
                return;
            }
        }
    }

    fn has_zombies(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.tree.is_reaped().is_ok_and(|reaped| !reaped))
    }

    fn become_a_stranger(&mut self) -> io::Result<()> {
        let Some(run) = self.run.as_mut().filter(|run| run.parent == Parent::Keeper) else {
            return Ok(());
        };
        run.parent = Parent::Stranger;
        let (definition, record) = (&self.parts.definition, self.history.record());
        run.look_at(|_| Ok(marked_tree(definition, record)))?;
        if let Some(events) = run.tree.scope().events_fd() {
            self.poller.add_urgent(events, token::CGROUP)?;
        }
        Ok(())
    }

    /// Has the end of a member wake this process, where nothing else would: the kernel tells a stranger of
    /// nobody's end but those that it holds, and the tree can't be empty before one of it has ended.
    /// Returns whether it may sleep: if there was none to hold, it has to look again.
    ///
    /// # Errors
    /// No descriptor is left.
    pub(super) fn stand_by_a_member(&mut self) -> io::Result<bool> {
        let Some(run) = &mut self.run else {
            return Ok(true);
        };
        let over = run.status.is_some() || run.life.is_stopping();
        if run.parent != Parent::Stranger || !over || run.empty {
            return Ok(true);
        }
        if let Some(member) = run.member.take() {
            self.poller.remove(&member)?;
        }
        let members = run.tree.some_members(1)?.into_iter();
        let Some(member) = members.map(|member| member.process).next() else {
            run.look_again = true;
            return Ok(false);
        };
        self.poller.add(&member, token::MEMBER)?;
        run.member = Some(member);
        Ok(true)
    }
}

impl Run {
    /// Has the poller tell of all that there is to hear of the command.
    pub(super) fn register(&self, poller: &Poller) -> io::Result<()> {
        for stream in Stream::ALL {
            if let Some(pipe) = self.capture.pipe(stream) {
                poller.add(pipe, token::of(stream))?;
                if self.quiet[stream.index()] {
                    poller.only_its_end(pipe, token::of(stream), true)?;
                }
            }
        }
        if self.status.is_none() {
            poller.add(&self.leader, token::LEADER)?;
        }
        if let Some(events) = self.tree.scope().events_fd() {
            poller.add_urgent(events, token::CGROUP)?;
        }
        if let Some(member) = &self.member {
            poller.add(member, token::MEMBER)?;
        }
        Ok(())
    }

    /// Looks at the tree from another place from now on.
    fn look_at(&mut self, view: impl FnOnce(Scope) -> io::Result<Tree>) -> io::Result<()> {
        let tree = std::mem::replace(&mut self.tree, Tree::of_scope(Scope::own()));
        self.tree = view(tree.into_scope())?;
        self.look_again = true;
        Ok(())
    }
}
