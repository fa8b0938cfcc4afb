//! The process that looks after one job, as one loop.

mod beginning;
mod deadline;
mod effects;
mod giving_way;
mod hearing;
mod input;
mod notifying;
mod pairing;
mod report;
mod run;

use std::io;
use std::time::{Duration, Instant};

use foster_model::Event;
use foster_process::{ExitStatus, Poller, ProcessRef, Signal, SignalQueue, release_unused_memory};
use foster_store::Stream;

use crate::control::Server;
use crate::history::History;
use crate::life::Effect;
use crate::parts::Parts;

use input::Input;
pub use pairing::MOST_SUCCESSORS;
use pairing::Pair;
pub use report::stop_report;
use run::Run;

/// The poller's tokens; clients of the control socket get those from `CLIENTS` on.
mod token {
    pub const SIGNALS: u64 = 0;
    pub const LISTENER: u64 = 1;
    pub const STDOUT: u64 = 2;
    pub const STDERR: u64 = 3;
    pub const LEADER: u64 = 4;
    pub const KEEPER: u64 = 5;
    pub const CGROUP: u64 = 6;
    pub const STDIN: u64 = 7;
    pub const MEMBER: u64 = 8;
    pub const CLIENTS: u64 = 16;

    /// Returns the token of a stream's pipe.
    pub const fn of(stream: foster_store::Stream) -> u64 {
        match stream {
            foster_store::Stream::Stdout => STDOUT,
            foster_store::Stream::Stderr => STDERR,
        }
    }
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
    history: History,
    run: Option<Run>,
    input: Input,
    keeper: Option<ProcessRef>,
    /// Whether, while it has no keeper, it is to make two of itself. Not again when that failed.
    pairs: bool,
}

/// The signals that a supervisor hears of.
const LISTENED: [Signal; 6] = [
    Signal::CHLD,
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::QUIT,
    // A command that has closed its standard input must not be the end of whoever writes to it.
    Signal::PIPE,
];

/// What has become of a process that looked after a job.
pub enum Outcome {
    /// Nothing is left to look after.
    Over,
    /// It is the keeper now of this supervisor, a copy of it.
    Keeper(Box<Parts>, ProcessRef),
}

/// How long to wait before looking again where the system had nothing left to look with. Nothing in
/// the kernel tells when it has.
const WHEN_BLIND: Duration = Duration::from_secs(1);

/// What follows when all that was due is done.
enum Settled {
    /// Nothing, until something happens or this moment comes.
    Until(Option<Instant>),
    /// The end: nothing is left to look after.
    Over,
}

impl Supervisor {
    /// Makes ready to look after a job: nothing runs yet, or a predecessor has died.
    pub fn new(mut parts: Parts, keeper: Option<ProcessRef>) -> io::Result<Self> {
        let poller = Poller::new()?;
        let signals = SignalQueue::new(&LISTENED)?;
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
        let history = History::open(&parts.folder).map_err(io::Error::other)?;
        Ok(Self {
            parts,
            poller,
            signals,
            server,
            history,
            run: None,
            input: Input::default(),
            pairs: keeper.is_none(),
            keeper,
        })
    }

    fn attend(mut self) -> io::Result<Outcome> {
        // The launcher's, whose copy this process is, and what beginning took.
        release_unused_memory();
        while let Settled::Until(due) = self.settle() {
            if self.should_pair() {
                match self.pair() {
                    Ok(Pair::Supervisor) => {}
                    Ok(Pair::Keeper(supervisor)) => {
                        return Ok(Outcome::Keeper(Box::new(self.into_parts()), supervisor));
                    }
                    // No process or descriptor is left: one that goes on alone is better than none.
                    Err(_) => self.pairs = false,
                }
                continue;
            }
            self.catch_up();
            if self.should_give_way() {
                return Err(rustix::io::Errno::MFILE.into());
            }
            let look = self.run.as_ref().and_then(Run::next_look);
            let due = [due, look].into_iter().flatten().min();
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            // Signals first: a TERM for us explains the leader's death by the same hand.
            let mut ready = self.poller.wait(left)?;
            ready.sort_by_key(|ready| ready.token);
            self.look_into_quiet_pipes()?;
            for ready in ready {
                self.hear(ready)?;
            }
        }
        self.end()
    }

    fn end(self) -> io::Result<Outcome> {
        if self.run.as_ref().is_some_and(|run| run.end_is_unknown) {
            return self.lose_the_end();
        }
        self.conclude()?;
        Ok(Outcome::Over)
    }

    /// Brings files and followers up to date before sleeping.
    fn catch_up(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.capture.flush();
        foster_fault::step("supervisor.output_flushed");
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
        self.tell_what_was_found();
        self.history.save(&self.parts.folder);
        self.server.output(totals, closed, &self.poller);
        foster_fault::step("supervisor.caught_up");
    }

    /// Carries out all that is due.
    fn settle(&mut self) -> Settled {
        loop {
            let Some(run) = &mut self.run else {
                return Settled::Over;
            };
            let facts = run.facts(&self.parts.slot);
            if run.life.seems_idle(Instant::now(), &facts) && self.finds_output() {
                continue;
            }
            if facts.leader.is_some() && self.history.record().exited_at.is_none() {
                // Whoever ends us with our leader reaches us first: a TERM that explains its death
                // is there by now. Without the queue it would be told later.
                let _ = self.hear_signals();
            }
            let Some(run) = &mut self.run else {
                return Settled::Over;
            };
            if run.end_is_unknown {
                return Settled::Over;
            }
            // The kernel's want of memory ends by KILL, and no other end has to be asked for its reason.
            let killed = |status: ExitStatus| status.signal() == Some(Signal::KILL);
            let oom = facts.leader.is_some_and(killed) && run.tree.scope().oom_killed();
            match run.life.next(Instant::now(), &facts, oom) {
                Effect::Wait(due) if run.look_again => return Settled::Until(Some(soon(due))),
                Effect::Wait(due) => {
                    let both = [due, run.capture.look_due()];
                    let due = both.into_iter().flatten().min();
                    match self.stand_by_a_member() {
                        Ok(true) => return Settled::Until(due),
                        Ok(false) => {}
                        Err(_) => return Settled::Until(Some(soon(due))),
                    }
                }
                Effect::Conclude => return Settled::Over,
                effect => self.carry_out(effect),
            }
        }
    }

    /// Looks for output that came while this process was held up, and could not be heard of. Returns
    /// whether there was some.
    fn finds_output(&mut self) -> bool {
        let last = |run: &Option<Run>| run.as_ref().map(|run| run.capture.last_output());
        let before = last(&self.run);
        for stream in Stream::ALL {
            // A pipe that can't be read is no output; the loop hears of it again.
            let _ = self.pump(stream);
        }
        last(&self.run) != before
    }

    fn note(&mut self, event: Event) {
        self.history.note(event);
    }

    fn update_index(&self) {
        self.history
            .update_index(&self.parts.root, &self.parts.folder, &self.parts.definition);
    }
}

/// Returns when to look again where the system had nothing left to look with.
fn soon(due: Option<Instant>) -> Instant {
    let soon = Instant::now() + WHEN_BLIND;
    due.map_or(soon, |due| due.min(soon))
}
