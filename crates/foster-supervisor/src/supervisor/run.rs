use std::io;

use foster_model::{ProcessInfo, Requester, Target};
use foster_process::{Delivery, ExitStatus, ProcessRef, Signal, Tree};
use foster_store::Stream;

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
}

impl Run {
    pub fn facts(&mut self) -> io::Result<Facts> {
        if std::mem::take(&mut self.look_again) {
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
        }
        Ok(Facts {
            leader: self.status,
            empty: self.empty,
            output_ended: self.capture.ended(),
            last_output: self.capture.last_output(),
        })
    }

    pub fn send(&mut self, signal: Signal) -> io::Result<Delivery> {
        self.look_again = true;
        let delivery = self.tree.signal(signal, Some(&self.leader))?;
        if signal != Signal::KILL {
            // So that what is stopped can die of it.
            self.tree.signal(Signal::CONT, Some(&self.leader))?;
        }
        Ok(delivery)
    }

    pub fn send_to(&self, signal: Signal, target: Target) -> io::Result<Delivery> {
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
            Target::Leader => Ok(one(self.leader.signal(signal))),
            Target::Group => Ok(one(self.leader.signal_group(signal))),
            Target::Tree => self.tree.signal(signal, Some(&self.leader)),
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
        found.dedup_by_key(|holder| holder.pid);
        found
    }
}
