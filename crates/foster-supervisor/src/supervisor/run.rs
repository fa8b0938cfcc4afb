use std::io;
use std::time::{Duration, Instant};

use foster_model::{ProcessInfo, Requester, Target};
use foster_process::{Delivery, ExitStatus, Poller, ProcessRef, Signal, SpawnSlot, Tree};
use foster_store::{LineWriter, Stream};

use super::token;
use crate::capture::Capture;
use crate::life::{Facts, Life};

/// Whose child the leader is: only a parent can reap it, and is told by the kernel how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    /// This process.
    Supervisor,
    /// The keeper: it was the supervisor, or the keeper of one that died. It leaves word of the end in
    /// shared memory, and passes on that something has ended.
    Keeper,
    /// A stranger: the keeper died that had it.
    Stranger,
}

/// What exists once the command runs.
pub(super) struct Run {
    pub leader: ProcessRef,
    pub parent: Parent,
    pub tree: Tree,
    /// A member whose end this process waits for, where it would hear of none.
    pub member: Option<ProcessRef>,
    pub life: Life,
    pub capture: Capture,
    /// Which pipes the poller tells only the end of: they are looked into at the capture's pace.
    pub quiet: [bool; 2],
    pub status: Option<ExitStatus>,
    /// Whether the leader has ended and nobody will ever know how: a stranger reaped it, and this kernel
    /// keeps nothing for those who held it.
    pub end_is_unknown: bool,
    pub empty: bool,
    /// Whether something happened that may have changed the two fields before.
    pub look_again: bool,
    pub stop_asked_by: Option<Requester>,
    /// Where lines of output go that somebody is told of; opened for the first of them.
    pub output_events: Option<LineWriter>,
}

impl Run {
    /// Returns what is true now, as far as it can be seen. Where the system has nothing left to look
    /// with (descriptors, memory), what was seen before stands, and [`Run::look_again`] stays set: a
    /// supervisor that gave up for that would give up its job.
    pub fn facts(&mut self, slot: &SpawnSlot) -> Facts {
        if self.look_again {
            self.look_again = self.look(slot).is_err();
        }
        Facts {
            leader: self.status,
            empty: self.empty,
            output_ended: self.capture.ended(),
            last_output: self.capture.last_output(),
        }
    }

    fn look(&mut self, slot: &SpawnSlot) -> io::Result<()> {
        if self.status.is_none() {
            self.find_status(slot)?;
        }
        self.tree.reap(Some(self.leader.pid()))?;
        let matters = self.status.is_some() || self.life.is_stopping();
        self.empty = matters && self.tree.is_empty(Some(&self.leader))?;
        if !self.empty && self.life.is_killing() {
            // What was forked while the last pass went by.
            self.tree.kill()?;
        }
        Ok(())
    }

    fn find_status(&mut self, slot: &SpawnSlot) -> io::Result<()> {
        if self.parent == Parent::Supervisor {
            self.status = self.leader.peek_status()?;
            return Ok(());
        }
        // First whether it has ended: it may end in between.
        let ended = self.leader.wait_ended(Some(Duration::ZERO))?;
        self.status = slot.end().or_else(|| self.leader.end_as_seen());
        self.end_is_unknown = ended && self.parent == Parent::Stranger && self.status.is_none();
        Ok(())
    }

    /// Has the poller tell of a stream's output, or of its end alone, as the capture wants it.
    pub fn keep_pace(&mut self, stream: Stream, poller: &Poller) -> io::Result<()> {
        let quiet = self.capture.next_look(stream).is_some();
        if let Some(pipe) = self.capture.pipe(stream)
            && quiet != self.quiet[stream.index()]
        {
            poller.only_its_end(pipe, token::of(stream), quiet)?;
            self.quiet[stream.index()] = quiet;
        }
        Ok(())
    }

    /// Returns when a pipe is to be looked into of which the poller keeps quiet.
    pub fn next_look(&self) -> Option<Instant> {
        let looks = Stream::ALL.map(|stream| self.capture.next_look(stream));
        looks.into_iter().flatten().min()
    }

    /// Reaps the leader, if that is for this process to do.
    pub fn reap_leader(&self) -> io::Result<()> {
        match self.parent {
            Parent::Supervisor => self.leader.reap().map(drop),
            Parent::Keeper | Parent::Stranger => Ok(()),
        }
    }

    /// Sends a signal to the whole tree, and CONT after it, so that what is stopped can die of it.
    pub fn send(&mut self, signal: Signal) -> Delivery {
        self.look_again = true;
        let delivery = self.send_to(signal, Target::Tree);
        if signal != Signal::KILL {
            let _ = self.tree.signal(Signal::CONT, Some(&self.leader));
        }
        delivery
    }

    pub fn send_to(&self, signal: Signal, target: Target) -> Delivery {
        let one = |result: io::Result<()>| match result {
            Ok(()) => Delivery {
                sent: 1,
                errors: Vec::new(),
            },
            Err(error) => Delivery {
                sent: 0,
                errors: vec![error.to_string()],
            },
        };
        match target {
            Target::Leader => one(self.leader.signal(signal)),
            Target::Group => one(self.leader.signal_group(signal)),
            Target::Tree => match self.tree.signal(signal, Some(&self.leader)) {
                Ok(delivery) => delivery,
                Err(error) => one(Err(error)),
            },
        }
    }

    pub fn holders(&self, keeper: Option<&ProcessRef>) -> Vec<ProcessInfo> {
        let mut found = Vec::new();
        for stream in Stream::ALL {
            let Some(pipe) = self.capture.pipe(stream) else {
                continue;
            };
            for (pid, command) in foster_process::pipe_holders(pipe).unwrap_or_default() {
                if keeper.is_none_or(|keeper| keeper.pid() != pid) {
                    let reason = Some(format!("it holds {}", stream.as_str()));
                    found.push(ProcessInfo {
                        pid,
                        command,
                        reason,
                    });
                }
            }
        }
        found.sort_by_key(|holder: &ProcessInfo| holder.pid);
        found.dedup_by_key(|holder| holder.pid);
        found
    }
}
