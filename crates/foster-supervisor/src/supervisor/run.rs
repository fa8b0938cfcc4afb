use std::io;

use foster_model::{ProcessInfo, Requester, Target};
use foster_process::{Delivery, ExitStatus, ProcessRef, Signal, Tree};
use foster_store::{LineWriter, Stream};

use crate::capture::Capture;
use crate::life::{Facts, Life};

/// What exists once the command runs.
pub(super) struct Run {
    pub leader: ProcessRef,
    pub tree: Tree,
    pub life: Life,
    pub capture: Capture,
    pub status: Option<ExitStatus>,
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
    pub fn facts(&mut self) -> Facts {
        if self.look_again {
            self.look_again = self.look().is_err();
        }
        Facts {
            leader: self.status,
            empty: self.empty,
            output_ended: self.capture.ended(),
            last_output: self.capture.last_output(),
        }
    }

    fn look(&mut self) -> io::Result<()> {
        if self.status.is_none() {
            self.status = self.leader.peek_status()?;
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
