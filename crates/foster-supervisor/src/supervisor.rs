use std::io;
use std::time::{Duration, Instant, SystemTime};

use foster_model::answer::{PhaseReport, StopReport};
use foster_model::control::Message;
use foster_model::{
    Cause, Entry, ErrorCode, Event, JobRecord, OutputEnd, ProcessInfo, Requester, StartFailure,
    State, Straggler, Supervision, Target,
};
use foster_process::{
    Delivery, Escalation, ExitStatus, Phase, Poller, ProcessRef, Ready, Signal, SignalQueue, Tree,
    monotonic,
};
use foster_store::{IndexRow, JournalWriter, Stream};

use crate::capture::Capture;
use crate::control::{Ask, Server};
use crate::identity::to_model;
use crate::life::{Effect, Facts, Life};
use crate::parts::Parts;
use crate::phases::{from_specs, halved, to_specs};

/// The poller's tokens; clients of the control socket get those from `CLIENTS` on.
mod token {
    pub const SIGNALS: u64 = 0;
    pub const LISTENER: u64 = 1;
    pub const STDOUT: u64 = 2;
    pub const STDERR: u64 = 3;
    pub const LEADER: u64 = 4;
    pub const KEEPER: u64 = 5;
    pub const CGROUP: u64 = 6;
    pub const CLIENTS: u64 = 16;
}

/// The process that looks after one job: it moves its bytes, ends its tree and writes its state.
///
/// One thread, one loop: what the kernel says becomes [`Facts`], [`Life`] says what follows from
/// them, and that is carried out here.
pub struct Supervisor {
    parts: Parts,
    poller: Poller,
    signals: SignalQueue,
    server: Server,
    journal: JournalWriter,
    record: JobRecord,
    run: Option<Run>,
    keeper: Option<ProcessRef>,
    unsaved: bool,
}

/// What follows when all that was due is done.
enum Settled {
    /// Nothing, until something happens or this moment comes.
    Until(Option<Instant>),
    /// The end: nothing is left to look after.
    Over,
}

/// What exists once the command runs.
struct Run {
    leader: ProcessRef,
    tree: Tree,
    life: Life,
    capture: Capture,
    status: Option<ExitStatus>,
    empty: bool,
    /// Whether something happened that may have changed the two fields before.
    look_again: bool,
    stop_asked_by: Option<Requester>,
}

impl Supervisor {
    /// Makes ready to look after a job: nothing runs yet, or a predecessor has died.
    pub fn new(mut parts: Parts, keeper: Option<ProcessRef>) -> io::Result<Self> {
        let poller = Poller::new()?;
        let listened = [
            Signal::CHLD,
            Signal::TERM,
            Signal::INT,
            Signal::HUP,
            Signal::QUIT,
        ];
        let signals = SignalQueue::new(&listened)?;
        poller.add(&signals, token::SIGNALS)?;
        if let Some(keeper) = &keeper {
            poller.add(keeper, token::KEEPER)?;
        }
        let listener = parts.listener.try_clone()?;
        let mut server = Server::new(
            parts.folder.id(),
            listener,
            &poller,
            token::LISTENER,
            token::CLIENTS,
        )?;
        if let Some(launcher) = parts.launcher.take() {
            server.adopt(launcher, &poller);
        }
        let journal = parts.folder.journal_writer()?;
        let record = parts.folder.replay().map_err(io::Error::other)?;
        Ok(Self {
            parts,
            poller,
            signals,
            server,
            journal,
            record,
            run: None,
            keeper,
            unsaved: true,
        })
    }

    /// Executes the command and looks after it to its end.
    pub fn start(mut self) -> io::Result<()> {
        if let Some(keeper) = &self.keeper {
            let supervisor = ProcessRef::open(std::process::id() as i32)?;
            self.note(Event::Launched {
                keeper: to_model(keeper.identity()),
                supervisor: to_model(supervisor.identity()),
            });
        }
        self.spawn_and_run()
    }

    /// Goes on where a predecessor died: the command may or may not have been executed by then.
    pub fn resume(mut self) -> io::Result<()> {
        let own = ProcessRef::open(std::process::id() as i32)?;
        let by = Some(to_model(own.identity()));
        self.note(Event::Supervision {
            now: Supervision::TakenOver,
            by,
        });
        let Some(pid) = self.parts.slot.pid() else {
            return self.resume_without_leader();
        };
        // It is a child that came to us when its parent died, and only we could reap it. If the
        // parent had, the number may be a stranger's; but then the end was written too.
        let Some(leader) = own_child(pid) else {
            return self.resume_after_the_end();
        };
        if self.parts.slot.failed() && !leader_was_recorded(&self.record) {
            leader.wait_ended(None)?;
            leader.reap()?;
            let failure = self.parts.spawn_failure();
            return self.fail(failure);
        }
        self.watch(leader, false)?;
        if self.record.state.is_final() {
            // Written, and perhaps not told.
            self.announce_the_end();
        }
        self.attend()
    }

    fn resume_without_leader(mut self) -> io::Result<()> {
        if self.record.state != State::Created {
            return self.resume_after_the_end();
        }
        if self.record.failure.is_some() || self.parts.slot.failed() {
            let known = self.record.failure.clone();
            let failure = known.unwrap_or_else(|| self.parts.spawn_failure());
            return self.fail(failure);
        }
        self.parts.renew_pipes()?;
        self.spawn_and_run()
    }

    /// The predecessor had reaped the leader, so nothing was left to look after.
    fn resume_after_the_end(mut self) -> io::Result<()> {
        if !self.record.state.is_final() {
            let cause = Cause::SupervisorLost;
            self.note(Event::Finished {
                state: State::Lost,
                cause,
            });
        }
        self.announce_the_end();
        self.leave()
    }

    fn spawn_and_run(mut self) -> io::Result<()> {
        match self.parts.spawn() {
            Ok(leader) => {
                self.watch(leader, true)?;
                self.attend()
            }
            Err(failure) => self.fail(failure),
        }
    }

    /// Writes down and tells that the command could not be executed.
    pub fn fail(mut self, failure: StartFailure) -> io::Result<()> {
        if self.record.failure.is_none() {
            self.note(Event::StartFailed {
                failure: failure.clone(),
            });
        }
        let (state, cause) = (State::Failed, Cause::StartFailed);
        self.note(Event::Finished { state, cause });
        self.save();
        self.server.start_failed(failure, &self.poller);
        self.announce_the_end();
        // Nothing ever ran in it.
        drop(self.parts.scope.remove());
        self.leave()
    }

    /// Begins to watch the leader and its output. `fresh` unless a predecessor had begun.
    fn watch(&mut self, leader: ProcessRef, fresh: bool) -> io::Result<()> {
        let known = leader_was_recorded(&self.record);
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
            &self.parts.folder,
            pipes,
            self.parts.definition.log_cap,
            log,
        )?;
        for (stream, token) in Stream::ALL.into_iter().zip([token::STDOUT, token::STDERR]) {
            if let Some(pipe) = capture.pipe(stream) {
                self.poller.add(pipe, token)?;
            }
        }
        let mut life = Life::new(self.parts.plan(), self.started());
        if known {
            life.resume(Instant::now(), &self.record);
        }
        self.poller.add(&leader, token::LEADER)?;
        let tree = Tree::of_descendants(self.parts.take_scope());
        if let Some(events) = tree.scope().events_fd() {
            self.poller.add_urgent(events, token::CGROUP)?;
        }
        self.run = Some(Run {
            leader,
            tree,
            life,
            capture,
            status: None,
            empty: false,
            look_again: true,
            stop_asked_by: None,
        });
        self.save();
        self.server.started(&self.poller);
        self.update_index();
        Ok(())
    }

    /// When the leader started, on this process's clock.
    fn started(&self) -> Instant {
        let since = self
            .record
            .started_monotonic_ms
            .map_or(Duration::ZERO, |ms| {
                monotonic().saturating_sub(Duration::from_millis(ms))
            });
        let now = Instant::now();
        now.checked_sub(since).unwrap_or(now)
    }

    fn attend(mut self) -> io::Result<()> {
        while let Settled::Until(due) = self.settle()? {
            self.catch_up();
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            // Signals first: a TERM for us explains the leader's death by the same hand.
            let mut ready = self.poller.wait(left)?;
            ready.sort_by_key(|ready| ready.token);
            for ready in ready {
                self.hear(ready)?;
            }
        }
        self.conclude()
    }

    /// Brings files and followers up to date before sleeping.
    fn catch_up(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.capture.flush();
        let totals = Stream::ALL.map(|stream| run.capture.totals(stream).observed_bytes);
        let closed = run.capture.ended();
        for loss in run.capture.take_losses() {
            let (stream, from) = (loss.stream.to_owned(), loss.from);
            self.note(Event::OutputLost {
                stream,
                from,
                reason: loss.reason,
            });
        }
        if self.unsaved {
            self.save();
        }
        self.server.output(totals, closed, &self.poller);
    }

    /// Carries out all that is due.
    fn settle(&mut self) -> io::Result<Settled> {
        loop {
            let Some(run) = &mut self.run else {
                return Ok(Settled::Over);
            };
            let facts = run.facts()?;
            let oom = facts.leader.is_some() && run.tree.scope().oom_killed();
            match run.life.next(Instant::now(), &facts, oom) {
                Effect::Wait(due) => return Ok(Settled::Until(due)),
                Effect::Conclude => return Ok(Settled::Over),
                effect => self.carry_out(effect)?,
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::RecordExit(status) => self.record_exit(status)?,
            Effect::BeginStop { cause } => self.begin_stop(cause),
            Effect::Send { phase, signal } => self.send_phase(phase, signal)?,
            Effect::EndStop(escalation) => self.end_stop(&escalation)?,
            Effect::ListStragglers => self.list_stragglers()?,
            Effect::RecordEmpty => self.note(Event::Empty {}),
            Effect::Close(output) => self.close(output),
            Effect::Finish(state, cause) => self.finish(state, cause),
            Effect::Conclude | Effect::Wait(_) => {}
        }
        Ok(())
    }

    fn record_exit(&mut self, status: ExitStatus) -> io::Result<()> {
        if let Some(run) = &self.run {
            self.poller.remove(&run.leader)?;
        }
        if self.record.exited_at.is_some() {
            // A predecessor had written it.
            return Ok(());
        }
        let started = self.record.started_monotonic_ms;
        let now = monotonic().as_millis() as u64;
        self.note(Event::Exited {
            exit_code: status.code(),
            signal: status.signal().map(Signal::name),
            core_dumped: status.core_dumped(),
            duration_ms: started.map(|started| now.saturating_sub(started)),
        });
        Ok(())
    }

    fn begin_stop(&mut self, cause: Option<Cause>) {
        let Some(run) = &mut self.run else { return };
        let phases = to_specs(run.life.phases());
        let by = run.stop_asked_by.take();
        // What only ends stragglers has no cause of its own: the job's end stands already.
        let cause = cause.unwrap_or(Cause::Exit);
        self.note(Event::StopRequested { cause, phases, by });
    }

    fn send_phase(&mut self, phase: u32, signal: Signal) -> io::Result<()> {
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        let delivery = run.send(signal)?;
        run.life.sent(delivery.clone());
        self.note(signalled(signal, Target::Tree, delivery, Some(phase), None));
        Ok(())
    }

    fn end_stop(&mut self, escalation: &Escalation) -> io::Result<()> {
        let Some(run) = &self.run else { return Ok(()) };
        let empty = run.empty;
        let survivors = if empty {
            Vec::new()
        } else {
            run.tree.survivors()?
        };
        let report = escalation.report(survivors);
        // Whoever asked hears of it when the record says so too: an empty tree means a job that is
        // over in a moment, and its end is written first.
        let report = stop_report(&report);
        if empty && !self.record.state.is_final() {
            self.parts.stop_report.get_or_insert(report);
        } else {
            self.server.stopped(report, &self.poller);
        }
        Ok(())
    }

    fn list_stragglers(&mut self) -> io::Result<()> {
        let Some(run) = &self.run else { return Ok(()) };
        let straggler = |member: foster_process::Member| Straggler {
            pid: member.process.pid(),
            command: member.command,
            ended: false,
        };
        let processes = run.tree.members()?.into_iter().map(straggler).collect();
        self.note(Event::Stragglers { processes });
        Ok(())
    }

    fn close(&mut self, output: OutputEnd) {
        let Some(run) = &mut self.run else { return };
        let holders = if output == OutputEnd::HeldOpen {
            run.holders(self.keeper.as_ref())
        } else {
            run.capture.finish();
            Vec::new()
        };
        let stdout = run.capture.totals(Stream::Stdout);
        let stderr = run.capture.totals(Stream::Stderr);
        self.note(Event::Closed {
            output,
            holders,
            stdout,
            stderr,
        });
    }

    fn finish(&mut self, state: State, cause: Cause) {
        if let Some(run) = &mut self.run {
            run.capture.flush();
        }
        self.note(Event::Finished { state, cause });
        self.announce_the_end();
    }

    /// Makes the end known: the state first, then those who wait, then the caches, then the disk.
    fn announce_the_end(&mut self) {
        if self.unsaved {
            self.save();
        }
        if let Some(report) = self.parts.stop_report.take() {
            self.server.stopped(report, &self.poller);
        }
        self.server.finished(&self.poller);
        self.update_index();
        // Only a loss of power could undo what is written; nobody waits for the disk.
        drop(self.parts.folder.sync());
    }

    /// Nothing is left: lets go of everything.
    fn conclude(mut self) -> io::Result<()> {
        self.catch_up();
        if let Some(run) = &mut self.run {
            run.capture.finish();
            run.leader.reap()?;
            // A leaf that stays behind is empty and costs a directory entry.
            drop(run.tree.scope().remove());
        }
        self.leave()
    }

    fn leave(mut self) -> io::Result<()> {
        self.note(Event::Supervision {
            now: Supervision::None,
            by: None,
        });
        if self.unsaved {
            self.save();
        }
        drop(self.parts.folder.sync());
        self.parts.folder.unlink_socket()
    }

    fn hear(&mut self, ready: Ready) -> io::Result<()> {
        match ready.token {
            token::SIGNALS => self.hear_signals(),
            token::STDOUT => self.pump(Stream::Stdout),
            token::STDERR => self.pump(Stream::Stderr),
            token::LEADER | token::CGROUP => {
                self.look_again();
                Ok(())
            }
            token::KEEPER => self.lose_keeper(),
            _ => {
                for ask in self.server.handle(ready, &self.poller) {
                    self.answer(ask)?;
                }
                Ok(())
            }
        }
    }

    fn look_again(&mut self) {
        if let Some(run) = &mut self.run {
            run.look_again = true;
        }
    }

    fn hear_signals(&mut self) -> io::Result<()> {
        while let Some(received) = self.signals.read()? {
            if received.signal == Signal::CHLD {
                self.look_again();
            } else if received.signal == Signal::TERM {
                self.end_with_the_outer_job();
            }
        }
        Ok(())
    }

    /// A TERM to a supervisor is meant for its job. Whoever sends it will follow it with KILL after
    /// a grace like ours; half of ours leaves time to write down how it ended.
    fn end_with_the_outer_job(&mut self) {
        let outer = self.parts.definition.outer_job.is_some();
        let cause = if outer {
            Cause::OuterJobEnded
        } else {
            Cause::Stop
        };
        if let Some(run) = &mut self.run {
            let phases = halved(&self.parts.phases);
            run.life.stop(Instant::now(), Some(phases), Some(cause));
        }
    }

    fn lose_keeper(&mut self) -> io::Result<()> {
        if let Some(keeper) = self.keeper.take() {
            self.poller.remove(&keeper)?;
            self.note(Event::Supervision {
                now: Supervision::KeeperLost,
                by: None,
            });
        }
        Ok(())
    }

    fn pump(&mut self, stream: Stream) -> io::Result<()> {
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        let pumped = run.capture.pump(stream)?;
        if pumped.ended {
            // The keeper holds the same pipe, so closing it here would not take it out of the
            // poller.
            if let Some(pipe) = run.capture.pipe(stream) {
                self.poller.remove(pipe)?;
            }
            run.capture.abandon(stream);
        }
        Ok(())
    }

    fn answer(&mut self, ask: Ask) -> io::Result<()> {
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        match ask {
            Ask::Stop { client, phases, by } => match phases.as_deref().map(from_specs) {
                Some(Err(error)) => {
                    let code = ErrorCode::InvalidArgument;
                    self.server.refuse(client, code, &error.to_string());
                }
                phases => {
                    let phases: Option<Vec<Phase>> = phases.and_then(Result::ok);
                    run.stop_asked_by = Some(by);
                    run.look_again = true;
                    run.life.stop(Instant::now(), phases, Some(Cause::Stop));
                }
            },
            Ask::Signal {
                client,
                number,
                target,
                by,
            } => {
                self.send_single(client, number, target, by)?;
            }
        }
        Ok(())
    }

    fn send_single(
        &mut self,
        client: u64,
        number: i32,
        target: Target,
        by: Requester,
    ) -> io::Result<()> {
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        let Ok(signal) = Signal::from_number(number) else {
            let message = format!("this system has no signal {number}");
            self.server
                .refuse(client, ErrorCode::UnknownSignal, &message);
            return Ok(());
        };
        run.look_again = true;
        run.facts()?;
        run.life.signalled(signal);
        let delivery = run.send_to(signal, target)?;
        let (sent, errors) = (delivery.sent, delivery.errors.clone());
        self.note(signalled(signal, target, delivery, None, Some(by)));
        self.server
            .reply(client, &Message::Signalled { sent, errors });
        Ok(())
    }

    /// Writes an event down and takes it in. What can't be written is taken in all the same: the
    /// job comes first, and the state file may still be writable.
    fn note(&mut self, event: Event) {
        let entry = Entry {
            at: SystemTime::now().into(),
            event,
        };
        if self.record.apply(&entry).is_ok() {
            drop(self.journal.append(&entry));
            self.unsaved = true;
        }
    }

    fn save(&mut self) {
        self.unsaved = false;
        // The journal is the truth; a state that can't be written is taken away by the store, so
        // that no stale one is believed.
        drop(self.parts.folder.write_state(&self.record));
    }

    fn update_index(&self) {
        let row = IndexRow::from_parts(&self.parts.definition, &self.record);
        // A cache: rebuilt from the folders whenever it is in doubt.
        drop(self.parts.root.index().update(&row));
    }
}

impl Run {
    fn facts(&mut self) -> io::Result<Facts> {
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

    fn send(&mut self, signal: Signal) -> io::Result<Delivery> {
        self.look_again = true;
        let delivery = self.tree.signal(signal, Some(&self.leader))?;
        if signal != Signal::KILL {
            // So that what is stopped can die of it.
            self.tree.signal(Signal::CONT, Some(&self.leader))?;
        }
        Ok(delivery)
    }

    fn send_to(&self, signal: Signal, target: Target) -> io::Result<Delivery> {
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

    fn holders(&self, keeper: Option<&ProcessRef>) -> Vec<ProcessInfo> {
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

/// Returns the child that has this number, if it is one of ours.
fn own_child(pid: i32) -> Option<ProcessRef> {
    let process = ProcessRef::open(pid).ok()?;
    process.peek_status().is_ok().then_some(process)
}

fn leader_was_recorded(record: &JobRecord) -> bool {
    record.leader.is_some()
}

fn signalled(
    signal: Signal,
    target: Target,
    delivery: Delivery,
    phase: Option<u32>,
    by: Option<Requester>,
) -> Event {
    Event::Signalled {
        signal: signal.name(),
        number: signal.number(),
        target,
        sent: delivery.sent,
        errors: delivery.errors,
        phase,
        by,
    }
}

/// Returns a report as answers have it.
pub fn stop_report(report: &foster_process::Report) -> StopReport {
    let ms = |duration: Duration| duration.as_millis() as u64;
    let phase = |phase: &foster_process::PhaseOutcome| PhaseReport {
        signal: phase.signal.name(),
        number: phase.signal.number(),
        sent: phase.sent,
        waited_ms: ms(phase.waited),
        errors: phase.errors.clone(),
    };
    let survivor = |survivor: &foster_process::Survivor| ProcessInfo {
        pid: survivor.pid,
        command: survivor.command.clone(),
        reason: Some(survivor.reason.clone()),
    };
    StopReport {
        phases: report.phases.iter().map(phase).collect(),
        empty: report.empty,
        survivors: report.survivors.iter().map(survivor).collect(),
        took_ms: ms(report.took),
    }
}
