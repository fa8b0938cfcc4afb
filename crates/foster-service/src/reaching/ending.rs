use std::io;
use std::time::{Duration, Instant};

use foster_model::answer::{KillResult, SentSignal, StopReport};
use foster_model::control::{Message, Request};
use foster_model::{AFTER_KILL, PhaseSpec, Target};
use foster_process::Signal;
use foster_store::{JobFolder, Lock, Root};
use foster_supervisor::{
    Client, ControlError, Leftovers, MOST_SUCCESSORS, depose, from_specs, wake,
};

use crate::error::ServiceError;
use crate::reaching::lock::{Taken, lock_failed, take_lock};
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::{Watcher, is_only_defined, settled_record, wait_for};
use crate::showing::view::is_foreign;

/// How long a supervisor is given for its first answer before it is taken to be stopped.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it is given to deliver a single signal: to kill a tree that forks as fast as it can, on a machine that
/// has no time for anybody, it makes hundreds of passes before it answers.
const LONG_PATIENCE: Duration = Duration::from_mins(1);

/// What is to be done to each job.
pub(crate) enum Order {
    Stop {
        phases: Option<Vec<PhaseSpec>>,
        wait: bool,
    },
    Signal {
        signal: Signal,
        target: Target,
        wait: bool,
    },
}

impl Order {
    fn request(&self) -> Request {
        match self {
            Self::Stop { phases, .. } => Request::Stop {
                phases: phases.clone(),
            },
            Self::Signal { signal, target, .. } => Request::Signal {
                number: signal.number(),
                target: *target,
            },
        }
    }
}

/// How far the order has got with one job.
pub(crate) enum Begun {
    /// Its supervisor was told.
    Told { client: Client, was_over: bool },
    /// Nobody looks after it any more.
    Alone,
}

impl Begun {
    pub fn new(root: &Root, folder: &JobFolder, order: &Order) -> Result<Self, ServiceError> {
        let record = settled_record(root, folder)?;
        match Client::connect(folder) {
            Ok(mut client) => {
                let sent = client.send(&order.request());
                match sent {
                    Ok(()) => Ok(Self::Told {
                        client,
                        was_over: record.state.is_final(),
                    }),
                    Err(ControlError::HungUp { .. }) => Ok(Self::Alone),
                    Err(error) => Err(error.into()),
                }
            }
            Err(_) if is_only_defined(&record) => Err(ServiceError::NotStarted(folder.id())),
            Err(_) => Ok(Self::Alone),
        }
    }

    /// Waits for what the order asks for. Where the supervisor dies meanwhile, its successor is
    /// told again.
    pub fn finish(
        mut self,
        sleep: Sleep<'_>,
        root: &Root,
        folder: &JobFolder,
        order: &Order,
    ) -> Result<KillResult, ServiceError> {
        for _ in 0..=MOST_SUCCESSORS {
            match self {
                Self::Alone => {
                    // Whoever recovers it at this moment has its lock, as a supervisor would.
                    let turn = folder.wait_turn();
                    drop(turn.map_err(|error| lock_failed(folder, error))?);
                    let record = settled_record(root, folder)?;
                    if record.state.is_final() {
                        return alone(sleep, folder, order);
                    }
                }
                Self::Told { client, was_over } => {
                    match told(sleep, root, folder, order, client, was_over) {
                        Err(ServiceError::Control(ControlError::HungUp { .. })) => {}
                        result => return result,
                    }
                }
            }
            self = Self::new(root, folder, order)?;
        }
        let job_id = folder.id();
        Err(ControlError::HungUp { job_id }.into())
    }
}

fn told(
    sleep: Sleep<'_>,
    root: &Root,
    folder: &JobFolder,
    order: &Order,
    mut client: Client,
    was_over: bool,
) -> Result<KillResult, ServiceError> {
    let mut message = first_word(sleep, folder, &mut client, order)?;
    loop {
        match (message, order) {
            (Message::Stopping {}, Order::Stop { wait: false, .. }) => {
                return result(folder, false, None, None);
            }
            (Message::Stopped { report }, Order::Stop { .. }) => {
                let nothing = was_over && report.phases.is_empty();
                return result(folder, nothing, None, Some(report));
            }
            (
                Message::Signalled { sent, errors },
                Order::Signal {
                    signal,
                    target,
                    wait,
                },
            ) => {
                let sent = sent_signal(*signal, *target, sent, errors);
                if *wait && *signal == Signal::KILL {
                    let deadline = Some(Instant::now() + AFTER_KILL);
                    let watchers = &mut [Watcher::new(root, folder, None)];
                    wait_for(sleep, watchers, false, deadline)?;
                }
                return result(folder, false, Some(sent), None);
            }
            (Message::Refused { code, message }, _) => {
                return Err(ServiceError::Refused { code, message });
            }
            _ => {}
        }
        let job_id = folder.id();
        let next = sleep.next(&mut client, None)?;
        message = next.ok_or(ControlError::Silent { job_id })?;
    }
}

/// Waits for the supervisor's first answer, which it gives at once. One that says nothing was
/// stopped, or is starved: it is made to go on, and given some more time. If it still says nothing (it
/// hangs, or has no descriptor left to let anybody in with), who wants the job ended gets its keeper.
fn first_word(
    sleep: Sleep<'_>,
    folder: &JobFolder,
    client: &mut Client,
    order: &Order,
) -> Result<Message, ServiceError> {
    if let Some(message) = sleep.next(client, Some(Instant::now() + PATIENCE))? {
        return Ok(message);
    }
    let record = folder.record()?;
    wake(&record);
    let stops = matches!(order, Order::Stop { .. });
    let patience = if stops { 5 * PATIENCE } else { LONG_PATIENCE };
    let mut message = sleep.next(client, Some(Instant::now() + patience))?;
    if message.is_none() && stops && depose(&record) {
        // Who was not let in yet is let in by the successor: it has the same socket.
        message = sleep.next(client, Some(Instant::now() + 5 * PATIENCE))?;
    }
    let job_id = folder.id();
    Ok(message.ok_or(ControlError::Silent { job_id })?)
}

/// A job that is over and that nobody looks after: what is left of it is found by its marks.
///
/// Who ends it then is this process alone, so a caller that interrupts it has to wait for that: half
/// of an escalation would leave behind what it was to end.
fn alone(sleep: Sleep<'_>, folder: &JobFolder, order: &Order) -> Result<KillResult, ServiceError> {
    // A keeper on its way out has the lock still.
    match take_lock(sleep, folder, |record| record.state.is_final()) {
        Ok(Taken::Lock(_turn, lock)) => end_left(folder, &lock, order),
        // Somebody begins another run, and has ended what was left of this one.
        Ok(Taken::Kept(_)) => result(folder, true, None, None),
        // Nothing can be written, so nothing of it was started since it was over.
        Err(ServiceError::Io { source, .. })
            if source.kind() == io::ErrorKind::ReadOnlyFilesystem =>
        {
            result(folder, true, None, None)
        }
        Err(error) => Err(error),
    }
}

/// Ends or signals what is left of a job.
fn end_left(folder: &JobFolder, lock: &Lock, order: &Order) -> Result<KillResult, ServiceError> {
    if is_foreign(&folder.definition()?) {
        return Err(ServiceError::Foreign(folder.id()));
    }
    let leftovers = Leftovers::find(folder, lock)?;
    let phases = match order {
        Order::Stop {
            phases: Some(phases),
            ..
        } => from_specs(phases)?,
        Order::Stop { phases: None, .. } => from_specs(&folder.definition()?.escalation)?,
        Order::Signal { signal, target, .. } => {
            let delivery = leftovers.signal(*signal)?;
            let nobody = delivery.sent == 0 && delivery.errors.is_empty();
            let sent = sent_signal(*signal, *target, delivery.sent, delivery.errors);
            return result(folder, nobody, Some(sent), None);
        }
    };
    let report = leftovers.end(phases)?;
    result(folder, report.phases.is_empty(), None, Some(report))
}

fn sent_signal(signal: Signal, target: Target, sent: u32, errors: Vec<String>) -> SentSignal {
    SentSignal {
        signal: signal.name(),
        number: signal.number(),
        target,
        sent,
        errors,
    }
}

fn result(
    folder: &JobFolder,
    already_finished: bool,
    sent: Option<SentSignal>,
    report: Option<StopReport>,
) -> Result<KillResult, ServiceError> {
    let record = folder.record()?;
    Ok(KillResult {
        job_id: folder.id(),
        state: record.state,
        cause: record.cause,
        exit_code: record.exit_code,
        signal: record.signal,
        already_finished,
        sent,
        report,
    })
}
