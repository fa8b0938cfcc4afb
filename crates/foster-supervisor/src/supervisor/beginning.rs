use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use foster_model::{Cause, Event, JobRecord, OutputEnd, StartFailure, State, Supervision};
use foster_process::{AFTER_KILL, Level, ProcessRef, Scope, Tree, monotonic, wait_any};
use foster_store::{RunFolder, Stream};

use super::run::{Parent, Run};
use super::{Outcome, Supervisor};
use crate::capture::Capture;
use crate::identity::to_model;
use crate::leftovers::marked_tree;
use crate::life::Life;

impl Supervisor {
    /// Executes the command and looks after it to its end.
    pub fn start(mut self) -> io::Result<Outcome> {
        if let Some(keeper) = &self.keeper {
            let supervisor = ProcessRef::open(std::process::id() as i32)?;
            self.note(Event::Launched {
                keeper: to_model(keeper.identity()),
                supervisor: to_model(supervisor.identity()),
            });
        }
        foster_fault::step("supervisor.launch_noted");
        self.spawn_and_run()
    }

    /// Goes on where a predecessor died: the command may or may not have been executed by then.
    pub fn resume(mut self) -> io::Result<Outcome> {
        self.learn_of_amendments();
        self.take_over_stdin()?;
        let own = ProcessRef::open(std::process::id() as i32)?;
        let by = Some(to_model(own.identity()));
        self.note(Event::Supervision {
            now: Supervision::TakenOver,
            by,
            keeper: None,
        });
        foster_fault::step("supervisor.take_over_noted");
        let Some(pid) = self.parts.slot.pid() else {
            return self.resume_without_leader();
        };
        let Some((leader, parent)) = self.find_leader(pid) else {
            return self.resume_after_the_end();
        };
        if self.parts.slot.failed() && !leader_was_recorded(self.history.record()) {
            leader.wait_ended(None)?;
            leader.reap()?;
            let failure = self.parts.spawn_failure();
            return self.fail(failure);
        }
        self.watch(leader, parent, false)?;
        if self.history.record().state.is_final() {
            // Written, and perhaps not told.
            self.announce_the_end();
        }
        self.attend()
    }

    /// Takes the definition as the predecessor left it: the keeper knows it as it was at the launch, and would
    /// undo with the next change what was changed, and tell nobody of the end who was named since.
    fn learn_of_amendments(&mut self) {
        // Where it can't be read any more, what is known of it is better than nothing.
        if let Ok(definition) = self.parts.folder.definition() {
            self.parts.definition = definition;
        }
    }

    /// Finds the leader: a child that came to us when its parent died, and that only we could reap; or one
    /// that we hold, whoever has adopted it. If the parent had reaped it, the number may be a stranger's;
    /// but then the end was written too.
    fn find_leader(&mut self, pid: i32) -> Option<(ProcessRef, Parent)> {
        let own = own_child(pid).map(|leader| (leader, Parent::Supervisor));
        let held = self.parts.leader.take();
        own.or_else(|| Some((held?, Parent::Stranger)))
    }

    /// Takes the writing end of the command's standard input, unless it was to be closed.
    fn take_over_stdin(&mut self) -> io::Result<()> {
        let record = self.history.record();
        let closed = record.stdin_closed || record.exited_at.is_some();
        let Some(stdin) = &mut self.parts.stdin else {
            return Ok(());
        };
        if closed {
            stdin.close();
            return Ok(());
        }
        stdin.take_back()
    }

    fn resume_without_leader(mut self) -> io::Result<Outcome> {
        if self.history.record().state != State::Created {
            return self.resume_after_the_end();
        }
        if self.history.record().failure.is_some() || self.parts.slot.failed() {
            let known = self.history.record().failure.clone();
            let failure = known.unwrap_or_else(|| self.parts.spawn_failure());
            return self.fail(failure);
        }
        self.parts.renew_pipes()?;
        self.spawn_and_run()
    }

    /// The predecessor had reaped the leader, or took it and its tree along: a PID namespace ends with
    /// who made it. Nothing is left to look after.
    fn resume_after_the_end(mut self) -> io::Result<Outcome> {
        if !self.history.record().state.is_final() {
            let namespace = Level::PidNamespace.as_str();
            let was_namespace = self.history.record().containment.as_deref() == Some(namespace);
            // The kernel is ending it now: what holds the pipes will let go of them.
            let patience = if was_namespace {
                AFTER_KILL
            } else {
                Duration::ZERO
            };
            self.keep_what_was_printed(patience)?;
            if was_namespace {
                self.reap_all(patience)?;
                self.note(Event::Empty {});
            }
            let cause = Cause::SupervisorLost;
            self.note(Event::Finished {
                state: State::Lost,
                cause,
            });
        }
        self.announce_the_end();
        // The predecessor may have died before it could.
        drop(self.parts.scope.remove());
        self.leave()?;
        Ok(Outcome::Over)
    }

    /// Reaps what a namespace leaves that is being ended: whoever hears that nobody is left is to find no
    /// zombie either.
    fn reap_all(&mut self, patience: Duration) -> io::Result<()> {
        let until = Instant::now() + patience;
        let children = Tree::of_descendants(Scope::own());
        loop {
            children.reap(None)?;
            let left = until.saturating_duration_since(Instant::now());
            if children.is_empty(None)? || left.is_zero() {
                return Ok(());
            }
            wait_any(&[self.signals.as_fd()], None, left)?;
            self.hear_signals()?;
        }
    }

    /// The leader ended, and nobody knows how.
    pub(super) fn lose_the_end(mut self) -> io::Result<Outcome> {
        if let Some(run) = self.run.take() {
            (self.parts.readers, self.parts.transit) = run.capture.into_pipes();
            self.parts.scope = run.tree.into_scope();
        }
        self.resume_after_the_end()
    }

    /// Moves to the files what is in the pipes still, and what comes until then, and closes them.
    fn keep_what_was_printed(&mut self, patience: Duration) -> io::Result<()> {
        if self.history.record().output != OutputEnd::Open {
            return Ok(());
        }
        let log = self.parts.open_log(false).ok().flatten();
        let pipes = std::mem::take(&mut self.parts.readers);
        let cap = self.parts.definition.log_cap;
        let transit = std::mem::take(&mut self.parts.transit);
        let mut capture = Capture::new(&self.run_folder()?, pipes, cap, log, transit)?;
        let until = Instant::now() + patience;
        loop {
            for stream in Stream::ALL {
                move_all(&mut capture, stream)?;
            }
            let left = until.saturating_duration_since(Instant::now());
            let open: Vec<_> = Stream::ALL
                .iter()
                .filter_map(|s| capture.pipe(*s))
                .collect();
            if open.is_empty() || left.is_zero() {
                break;
            }
            wait_any(&open, None, left)?;
        }
        let output = if capture.ended() {
            OutputEnd::Complete
        } else {
            OutputEnd::Lost
        };
        capture.finish();
        self.note(Event::Closed {
            output,
            holders: Vec::new(),
            stdout: capture.totals(Stream::Stdout),
            stderr: capture.totals(Stream::Stderr),
        });
        Ok(())
    }

    fn spawn_and_run(mut self) -> io::Result<Outcome> {
        match self.parts.spawn() {
            Ok(leader) => {
                foster_fault::step("supervisor.leader_started");
                self.watch(leader, Parent::Supervisor, true)?;
                self.attend()
            }
            Err(failure) => self.fail(failure),
        }
    }

    /// Writes down and tells that the command could not be executed.
    pub fn fail(mut self, failure: StartFailure) -> io::Result<Outcome> {
        if self.history.record().failure.is_none() {
            self.note(Event::StartFailed {
                failure: failure.clone(),
            });
        }
        let (state, cause) = (State::Failed, Cause::StartFailed);
        self.note(Event::Finished { state, cause });
        self.history.save(&self.parts.folder);
        self.server.start_failed(failure, &self.poller);
        foster_fault::step("supervisor.failure_told");
        self.announce_the_end();
        // Nothing ever ran in it.
        drop(self.parts.scope.remove());
        self.leave()?;
        Ok(Outcome::Over)
    }

    /// Begins to watch the leader and its output. `fresh` unless a predecessor had begun.
    fn watch(&mut self, leader: ProcessRef, parent: Parent, fresh: bool) -> io::Result<()> {
        let known = leader_was_recorded(self.history.record());
        if !known {
            self.note(Event::Started {
                leader: to_model(leader.identity()),
                containment: self.parts.scope.level().as_str().to_owned(),
                cgroup: self
                    .parts
                    .scope
                    .cgroup_path()
                    .map(|p| p.to_string_lossy().into_owned()),
                monotonic_ms: monotonic().as_millis() as u64,
            });
        }
        foster_fault::step("supervisor.start_noted");
        // It could be opened when the job was made. If that has changed, the job goes on without.
        let log = self.parts.open_log(fresh).unwrap_or_else(|error| {
            let (stream, reason) = ("log".to_owned(), error.to_string());
            self.note(Event::OutputLost {
                stream,
                from: 0,
                reason,
            });
            None
        });
        let pipes = std::mem::take(&mut self.parts.readers);
        let capture = Capture::new(
            &self.run_folder()?,
            pipes,
            self.parts.definition.log_cap,
            log,
            std::mem::take(&mut self.parts.transit),
        )?;
        let mut life = Life::new(self.parts.plan(), self.started());
        if known {
            life.resume(Instant::now(), self.history.record());
        }
        let scope = self.parts.take_scope();
        let tree = match parent {
            Parent::Stranger => marked_tree(&self.parts.definition, self.history.record()),
            Parent::Supervisor | Parent::Keeper => Tree::of_descendants(scope),
        };
        let run = Run {
            leader,
            parent,
            tree,
            member: None,
            life,
            capture,
            quiet: [false; 2],
            status: None,
            end_is_unknown: false,
            empty: false,
            look_again: true,
            stop_asked_by: None,
            output_events: None,
        };
        run.register(&self.poller)?;
        self.run = Some(run);
        foster_fault::step("supervisor.watching");
        self.keep_to_the_deadline();
        if !self.history.record().state.is_final() {
            self.look_on_for_patterns();
        }
        self.history.save(&self.parts.folder);
        foster_fault::step("supervisor.start_saved");
        self.server.started(&self.poller);
        foster_fault::step("supervisor.start_told");
        self.update_index();
        Ok(())
    }

    /// Returns the folder of the run that is under way.
    pub(super) fn run_folder(&self) -> io::Result<RunFolder> {
        Ok(self.parts.folder.run(self.history.record().run)?)
    }

    /// When the leader started, on this process's clock.
    fn started(&self) -> Instant {
        let since = self
            .history
            .record()
            .started_monotonic_ms
            .map_or(Duration::ZERO, |ms| {
                monotonic().saturating_sub(Duration::from_millis(ms))
            });
        let now = Instant::now();
        now.checked_sub(since).unwrap_or(now)
    }
}

/// Returns the child that has this number, if it is one of ours.
fn own_child(pid: i32) -> Option<ProcessRef> {
    let process = ProcessRef::open(pid).ok()?;
    process.peek_status().is_ok().then_some(process)
}

fn leader_was_recorded(record: &JobRecord) -> bool {
    record.leader.is_some()
}

/// Moves all that there is of a stream.
fn move_all(capture: &mut Capture, stream: Stream) -> io::Result<()> {
    while capture.pipe(stream).is_some() {
        let pumped = capture.pump(stream)?;
        if pumped.ended {
            capture.abandon(stream);
        } else if !pumped.moved {
            break;
        }
    }
    Ok(())
}
