use std::io;
use std::time::Instant;

use foster_model::control::Message;
use foster_model::{Amendment, Cause, ErrorCode, Event, Requester, Target};
use foster_process::{Phase, Ready, Signal};
use foster_store::Stream;

use super::report::signalled;
use super::run::Parent;
use super::{Supervisor, token};
use crate::amending::{AmendError, amend};
use crate::control::Ask;
use crate::phases::{from_specs, halved};

impl Supervisor {
    /// Takes in what a descriptor has to say.
    pub(super) fn hear(&mut self, ready: Ready) -> io::Result<()> {
        match ready.token {
            token::SIGNALS => self.hear_signals(),
            token::STDOUT => self.pump(Stream::Stdout),
            token::STDERR => self.pump(Stream::Stderr),
            token::LEADER => self.hear_of_the_leader(),
            token::MEMBER => {
                self.look_again();
                Ok(())
            }
            token::CGROUP => self.hear_cgroup(),
            token::KEEPER => self.lose_keeper(),
            token::STDIN => {
                self.move_input();
                Ok(())
            }
            _ => {
                for ask in self.server.handle(ready, &self.poller) {
                    self.answer(ask);
                }
                self.forget_senders();
                Ok(())
            }
        }
    }

    fn hear_of_the_leader(&mut self) -> io::Result<()> {
        self.look_again();
        match &self.run {
            // How it ended is for the keeper to tell, who sends word that it has. Until then the
            // descriptor would be ready again and again.
            Some(run) if run.parent == Parent::Keeper => self.poller.remove(&run.leader),
            _ => Ok(()),
        }
    }

    fn hear_cgroup(&mut self) -> io::Result<()> {
        self.look_again();
        match &self.run {
            Some(run) => run.tree.scope().heed_events(),
            None => Ok(()),
        }
    }

    fn look_again(&mut self) {
        if let Some(run) = &mut self.run {
            run.look_again = true;
        }
    }

    /// Takes in the signals that were sent to this process.
    pub(super) fn hear_signals(&mut self) -> io::Result<()> {
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

    /// Looks into the pipes of which the poller was told to keep quiet.
    pub(super) fn look_into_quiet_pipes(&mut self) -> io::Result<()> {
        for stream in Stream::ALL {
            let quiet = self.run.as_ref().map(|run| run.quiet[stream.index()]);
            if quiet == Some(true) {
                self.pump(stream)?;
            }
        }
        Ok(())
    }

    pub(super) fn pump(&mut self, stream: Stream) -> io::Result<()> {
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
            run.quiet[stream.index()] = false;
            return Ok(());
        }
        run.keep_pace(stream, &self.poller)
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Amend { client, change, by } => self.amend(client, change, by),
            Ask::Input(piece) => self.take_input(piece),
            Ask::WithdrawInput { client } => self.withdraw_input(client),
            Ask::Deadline { client, after, by } => self.change_deadline(client, after, by),
            Ask::Stop { client, phases, by } => match phases.as_deref().map(from_specs) {
                Some(Err(error)) => {
                    let code = ErrorCode::InvalidArgument;
                    self.server.refuse(client, code, &error.to_string());
                }
                phases => self.stop(phases.and_then(Result::ok), by),
            },
            Ask::Signal {
                client,
                number,
                target,
                by,
            } => {
                self.send_single(client, number, target, by);
            }
        }
    }

    fn stop(&mut self, phases: Option<Vec<Phase>>, by: Requester) {
        let Some(run) = &mut self.run else {
            return;
        };
        run.stop_asked_by = Some(by);
        run.look_again = true;
        run.life.stop(Instant::now(), phases, Some(Cause::Stop));
    }

    /// Changes the definition: on disk first, so that nothing holds that a successor would not find.
    fn amend(&mut self, client: u64, change: Amendment, by: Requester) {
        if matches!(change, Amendment::Timeout { .. }) {
            // It was only defined when that was asked for, and runs by now, with a deadline of its own.
            let message = "it has been started: its deadline can be changed";
            self.server.refuse(client, ErrorCode::InvalidState, message);
            return;
        }
        let (parts, record) = (&self.parts, self.history.record());
        let amended = amend(
            &parts.folder,
            &parts.definition,
            record,
            &change,
            &parts.secrets,
        );
        let amended = match amended {
            Ok(amended) => amended,
            Err(error) => return self.refuse_amendment(client, &error),
        };
        let changes_patterns = parts.definition.notify.output != amended.definition.notify.output;
        let over = record.state.is_final();
        self.parts.definition = amended.definition;
        if changes_patterns && !over {
            self.look_for_patterns();
        }
        let (change, by) = (amended.change, Some(by));
        self.note(Event::Amended { change, by });
        self.update_index();
        self.server.reply(client, &Message::Amended {});
        if amended.tell {
            self.wake_notifier();
        }
    }

    fn refuse_amendment(&mut self, client: u64, error: &AmendError) {
        let (code, message) = match error {
            AmendError::Telling => (ErrorCode::InvalidState, error.to_string()),
            AmendError::Io(source) => (ErrorCode::Io, format!("{error}: {source}")),
        };
        self.server.refuse(client, code, &message);
    }

    fn send_single(&mut self, client: u64, number: i32, target: Target, by: Requester) {
        let Some(run) = &mut self.run else {
            return;
        };
        let Ok(signal) = Signal::from_number(number) else {
            let message = format!("this system has no signal {number}");
            self.server
                .refuse(client, ErrorCode::UnknownSignal, &message);
            return;
        };
        run.look_again = true;
        run.facts(&self.parts.slot);
        run.life.signalled(signal);
        let delivery = run.send_to(signal, target);
        let (sent, errors) = (delivery.sent, delivery.errors.clone());
        self.note(signalled(signal, target, delivery, None, Some(by)));
        self.server
            .reply(client, &Message::Signalled { sent, errors });
    }
}
