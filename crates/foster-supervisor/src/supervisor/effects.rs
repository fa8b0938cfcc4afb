use std::io;

use foster_model::{Cause, Event, OutputEnd, State, Straggler, Supervision, Target, TimeoutKind};
use foster_process::{Escalation, ExitStatus, Signal, monotonic};
use foster_store::Stream;

use super::Supervisor;
use super::report::{signalled, stop_report};
use crate::life::Effect;
use crate::phases::to_specs;

impl Supervisor {
    /// Carries out what the machine says is due.
    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::RecordExit(status) => self.record_exit(status),
            Effect::BeginStop {
                cause,
                timeout_kind,
            } => self.begin_stop(cause, timeout_kind),
            Effect::Refresh => self.history.refresh(),
            Effect::Send { phase, signal } => self.send_phase(phase, signal),
            Effect::EndStop(escalation) => self.end_stop(&escalation),
            Effect::ListStragglers => self.list_stragglers(),
            Effect::RecordEmpty => {
                self.let_the_keeper_reap();
                self.note(Event::Empty {});
            }
            Effect::Close(output) => self.close(output),
            Effect::Finish(state, cause) => self.finish(state, cause),
            Effect::Conclude | Effect::Wait(_) => {}
        }
    }

    fn record_exit(&mut self, status: ExitStatus) {
        foster_fault::step("supervisor.exit_seen");
        if let Some(run) = &self.run {
            let _ = self.poller.remove(&run.leader);
        }
        self.close_input();
        if self.history.record().exited_at.is_some() {
            // A predecessor had written it.
            return;
        }
        let started = self.history.record().started_monotonic_ms;
        let now = monotonic().as_millis() as u64;
        self.note(Event::Exited {
            exit_code: status.code(),
            signal: status.signal().map(Signal::name),
            core_dumped: status.core_dumped(),
            duration_ms: started.map(|started| now.saturating_sub(started)),
        });
        foster_fault::step("supervisor.exit_noted");
    }

    fn begin_stop(&mut self, cause: Option<Cause>, timeout_kind: Option<TimeoutKind>) {
        let Some(run) = &mut self.run else { return };
        let phases = to_specs(run.life.phases());
        let by = run.stop_asked_by.take();
        // What only ends stragglers has no cause of its own: the job's end stands already.
        let cause = cause.unwrap_or(Cause::Exit);
        self.note(Event::StopRequested {
            cause,
            timeout_kind,
            phases,
            by,
        });
        foster_fault::step("supervisor.stop_noted");
    }

    fn send_phase(&mut self, phase: u32, signal: Signal) {
        let Some(run) = &mut self.run else { return };
        let delivery = run.send(signal);
        foster_fault::step("supervisor.signal_sent");
        run.life.sent(delivery.clone());
        self.note(signalled(signal, Target::Tree, delivery, Some(phase), None));
    }

    fn end_stop(&mut self, escalation: &Escalation) {
        let Some(run) = &self.run else { return };
        let empty = run.empty;
        let survivors = if empty {
            Vec::new()
        } else {
            // That somebody is left is certain, also where the system has nothing left to look with.
            run.tree.survivors().unwrap_or_default()
        };
        let report = escalation.report(survivors);
        // Whoever asked hears of it when the record says so too: an empty tree means that the job, or
        // what was left of it, is over in a moment, and its end is written first.
        let report = stop_report(&report);
        if empty {
            self.parts.stop_report.get_or_insert(report);
        } else {
            self.server.stopped(report, &self.poller);
        }
    }

    fn list_stragglers(&mut self) {
        let Some(run) = &self.run else { return };
        let straggler = |(pid, command)| Straggler {
            pid,
            command,
            ended: false,
        };
        // Without a list they are ended all the same.
        let listing = run.tree.listing().unwrap_or_default();
        let processes = listing.into_iter().map(straggler).collect();
        self.note(Event::Stragglers { processes });
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
        foster_fault::step("supervisor.close_noted");
    }

    fn finish(&mut self, state: State, cause: Cause) {
        if let Some(run) = &mut self.run {
            run.capture.flush();
        }
        self.end_looking();
        if self.run.as_ref().is_some_and(|run| run.empty) {
            // Nothing is left to look after, and whoever is told now should know.
            self.end_supervision();
        }
        self.note(Event::Finished { state, cause });
        foster_fault::step("supervisor.end_noted");
        self.announce_the_end();
    }

    /// Makes the end known: the state first, then those who wait, then the caches, then the disk.
    pub(super) fn announce_the_end(&mut self) {
        self.history.save(&self.parts.folder);
        foster_fault::step("supervisor.end_saved");
        self.tell_of_the_stop();
        self.server.finished(&self.poller);
        foster_fault::step("supervisor.end_told");
        self.update_index();
        foster_fault::step("supervisor.end_listed");
        if self.run.as_ref().is_some_and(|run| !run.empty) {
            // Only a loss of power could undo what is written, and nobody waits for the disk. Where
            // nothing is left to look after, it is synced a moment later, by the way out.
            let _ = self.parts.folder.sync();
        }
        self.tell_of_the_end();
    }

    fn tell_of_the_stop(&mut self) {
        if let Some(report) = self.parts.stop_report.take() {
            self.server.stopped(report, &self.poller);
        }
    }

    /// Nothing is left: lets go of everything.
    pub(super) fn conclude(mut self) -> io::Result<()> {
        self.catch_up();
        if let Some(run) = &mut self.run {
            run.capture.finish();
            run.reap_leader()?;
            foster_fault::step("supervisor.leader_reaped");
            // A leaf that stays behind is empty and costs a directory entry.
            drop(run.tree.scope().remove());
        }
        foster_fault::step("supervisor.scope_removed");
        // Whoever asked for the end of what was left hears of it when the record says so too.
        self.end_supervision();
        self.history.save(&self.parts.folder);
        self.tell_of_the_stop();
        self.leave()
    }

    pub(super) fn leave(mut self) -> io::Result<()> {
        self.end_supervision();
        self.history.close(&self.parts.folder);
        drop(self.parts.folder.sync());
        foster_fault::step("supervisor.end_synced");
        self.parts.folder.unlink_socket()?;
        foster_fault::step("supervisor.socket_unlinked");
        Ok(())
    }

    fn end_supervision(&mut self) {
        if self.history.record().supervision != Supervision::None {
            self.note(Event::Supervision {
                now: Supervision::None,
                by: None,
                keeper: None,
            });
        }
    }
}
