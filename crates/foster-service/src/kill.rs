use std::time::{Duration, Instant};

use foster_model::answer::{JobResult, KillAnswer, KillResult, SentSignal, StopReport};
use foster_model::control::{Message, Request};
use foster_model::{AFTER_KILL, ErrorBody, ErrorCode, JobSelector, PhaseSpec, Target};
use foster_process::Signal;
use foster_store::{JobFolder, Root};
use foster_supervisor::{Client, ControlError, end_leftovers, from_specs};

use crate::context::{self, Context};
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::phases::escalation;
use crate::watch::{Watcher, is_only_defined, settled_record, wait_for};

/// What `kill` is asked for.
#[derive(Debug, Clone)]
pub struct KillRequest {
    /// The jobs.
    pub jobs: Vec<JobSelector>,
    /// Exactly this signal, by name or number, instead of an escalation.
    pub signal: Option<String>,
    /// To whom that signal goes.
    pub target: Target,
    /// The time between TERM and KILL, instead of the job's own; zero for KILL at once.
    pub grace: Option<Duration>,
    /// Other phases than the job's own.
    pub escalation: Option<Vec<PhaseSpec>>,
    /// Whether to wait until the tree is empty.
    pub wait: bool,
}

/// Ends jobs, or sends them a signal. All escalations run side by side.
///
/// # Errors
/// If one job is named: no such job, one that was never started, one of another machine. If several
/// are, such a job is told of in its place.
pub fn kill(ctx: &Context, request: &KillRequest) -> Result<Outcome<KillAnswer>, ServiceError> {
    let began = Instant::now();
    let order = request.order()?;
    let root = ctx.open_root()?;
    let begun: Vec<_> = request
        .jobs
        .iter()
        .map(|job| {
            let folder = context::find(&root, job, true)?;
            let begun = Begun::new(&root, &folder, &order)?;
            Ok::<_, ServiceError>((folder, begun))
        })
        .collect();
    let mut results: Vec<_> = begun
        .into_iter()
        .map(|begun| {
            let (folder, begun) = begun?;
            begun.finish(&root, &folder, &order)
        })
        .collect();
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match results.len() {
        0 => Err(ServiceError::Invalid("no job was named".to_owned())),
        1 => {
            let result = results.remove(0)?;
            let error = result.survivors_left();
            let answer = KillAnswer {
                elapsed_ms,
                job: Some(result),
                jobs: None,
            };
            Ok(Outcome { answer, error })
        }
        _ => Ok(several(request, results, elapsed_ms)),
    }
}

fn several(
    request: &KillRequest,
    results: Vec<Result<KillResult, ServiceError>>,
    elapsed_ms: u64,
) -> Outcome<KillAnswer> {
    let mut failed = 0;
    let jobs = request
        .jobs
        .iter()
        .zip(results)
        .map(|(selector, result)| match result {
            Ok(result) => {
                failed += usize::from(result.survivors_left().is_some());
                JobResult::Done(result)
            }
            Err(error) => {
                failed += 1;
                JobResult::Failed {
                    job: selector.to_string(),
                    error: error.body(),
                }
            }
        });
    let jobs = Some(jobs.collect());
    let text = || ErrorCode::SomeFailed.body(format!("{failed} of the jobs could not be ended"));
    let error = (failed > 0).then(text);
    Outcome {
        answer: KillAnswer {
            elapsed_ms,
            job: None,
            jobs,
        },
        error,
    }
}

/// What is to be done to each job.
enum Order {
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

impl KillRequest {
    fn order(&self) -> Result<Order, ServiceError> {
        if let Some(name) = &self.signal {
            if self.grace.is_some() || self.escalation.is_some() {
                let text = "a single signal has no grace and no other phases";
                return Err(ServiceError::Invalid(text.to_owned()));
            }
            let signal: Signal = name.parse()?;
            return Ok(Order::Signal {
                signal,
                target: self.target,
                wait: self.wait,
            });
        }
        let phases = match (&self.escalation, self.grace) {
            (None, None) => None,
            (phases, grace) => Some(escalation(grace.unwrap_or_default(), phases.clone())),
        };
        if let Some(phases) = &phases {
            from_specs(phases)?;
        }
        Ok(Order::Stop {
            phases,
            wait: self.wait,
        })
    }
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
enum Begun {
    /// Its supervisor was told.
    Told { client: Client, was_over: bool },
    /// Nobody looks after it any more.
    Alone,
}

impl Begun {
    fn new(root: &Root, folder: &JobFolder, order: &Order) -> Result<Self, ServiceError> {
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
    fn finish(
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

/// Tells whether a result is less than was asked for.
trait SurvivorsLeft {
    fn survivors_left(&self) -> Option<ErrorBody>;
}

impl SurvivorsLeft for KillResult {
    fn survivors_left(&self) -> Option<ErrorBody> {
        let report = self.report.as_ref().filter(|report| !report.empty)?;
        let count = report.survivors.len();
        let mut body =
            ErrorCode::SurvivorsLeft.body(format!("{count} processes could not be ended"));
        body.job_id = Some(self.job_id);
        Some(body)
    }
}
