use std::time::Instant;

use foster_model::answer::{KillResult, SentSignal, StopReport};
use foster_model::control::{Message, Request};
use foster_model::{AFTER_KILL, PhaseSpec, Target};
use foster_process::Signal;
use foster_store::{JobFolder, Root};
use foster_supervisor::{Client, ControlError, end_leftovers, from_specs};

use crate::error::ServiceError;
use crate::watch::{Watcher, is_only_defined, settled_record, wait_for};

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
            Err(_) if is_only_defined(&record) => {
                let message = "it is defined, and nobody has started it".to_owned();
                Err(ServiceError::State {
                    job_id: folder.id(),
                    message,
                })
            }
            Err(_) => Ok(Self::Alone),
        }
    }

    /// Waits for what the order asks for. Where the supervisor dies meanwhile, its successor is
    /// told again.
    pub fn finish(
        mut self,
        root: &Root,
        folder: &JobFolder,
        order: &Order,
    ) -> Result<KillResult, ServiceError> {
        loop {
            match self {
                Self::Alone => {
                    let record = settled_record(root, folder)?;
                    if record.state.is_final() {
                        return alone(folder, order);
                    }
                    self = Self::new(root, folder, order)?;
                }
                Self::Told { client, was_over } => {
                    match told(root, folder, order, client, was_over) {
                        Err(ServiceError::Control(ControlError::HungUp { .. })) => {
                            self = Self::new(root, folder, order)?;
                        }
                        result => return result,
                    }
                }
            }
        }
    }
}

fn told(
    root: &Root,
    folder: &JobFolder,
    order: &Order,
    mut client: Client,
    was_over: bool,
) -> Result<KillResult, ServiceError> {
    loop {
        match (client.next(None)?, order) {
            (Some(Message::Stopping {}), Order::Stop { wait: false, .. }) => {
                return result(folder, false, None, None);
            }
            (Some(Message::Stopped { report }), Order::Stop { .. }) => {
                let nothing = was_over && report.phases.is_empty();
                return result(folder, nothing, None, Some(report));
            }
            (
                Some(Message::Signalled { sent, errors }),
                Order::Signal {
                    signal,
                    target,
                    wait,
                },
            ) => {
                let (name, number) = (signal.name(), signal.number());
                let sent = SentSignal {
                    signal: name,
                    number,
                    target: *target,
                    sent,
                    errors,
                };
                if *wait && *signal == Signal::KILL {
                    let deadline = Some(Instant::now() + AFTER_KILL);
                    wait_for(&mut [Watcher::new(root, folder, None)], false, deadline)?;
                }
                return result(folder, false, Some(sent), None);
            }
            (Some(Message::Refused { code, message }), _) => {
                return Err(ServiceError::Refused { code, message });
            }
            _ => {}
        }
    }
}

/// A job that is over and that nobody looks after: what is left of it is found by its marks.
fn alone(folder: &JobFolder, order: &Order) -> Result<KillResult, ServiceError> {
    let phases = match order {
        Order::Stop {
            phases: Some(phases),
            ..
        } => from_specs(phases)?,
        Order::Stop { phases: None, .. } => from_specs(&folder.definition()?.escalation)?,
        Order::Signal { signal, target, .. } => {
            let (name, number) = (signal.name(), signal.number());
            let errors = Vec::new();
            let sent = SentSignal {
                signal: name,
                number,
                target: *target,
                sent: 0,
                errors,
            };
            return result(folder, true, Some(sent), None);
        }
    };
    let lock = folder
        .try_lock()
        .map_err(ServiceError::io("the job's lock can't be taken"))?;
    let Some(lock) = lock else {
        // Somebody else is at it.
        return result(folder, true, None, None);
    };
    let report = end_leftovers(folder, &lock, phases)?.report;
    result(folder, report.phases.is_empty(), None, Some(report))
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
