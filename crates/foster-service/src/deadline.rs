use std::time::{Duration, Instant};

use foster_model::answer::DeadlineAnswer;
use foster_model::control::{Message, Request};
use foster_model::{
    Amendment, Definition, ErrorCode, JobRecord, JobSelector, Secrets, State, Time,
};
use foster_store::{JobFolder, Root};
use foster_supervisor::{Client, ControlError};

use crate::context::{self, Context, now};
use crate::defining::stdin::refused;
use crate::error::ServiceError;
use crate::reaching::amend::amend;
use crate::reaching::holder::wait_for_holder;
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::{is_only_defined, settled_record};

/// How long a supervisor is given to write a change down.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `deadline` is asked for.
#[derive(Debug, Clone)]
pub struct DeadlineRequest {
    /// The job.
    pub job: JobSelector,
    /// How long it may run from now on; `None` for ever.
    pub after: Option<Duration>,
}

/// Has a running job ended that much later than now, or never, whatever its timeout was. That holds
/// for this run. Of a job that was only defined, the timeout itself is changed, which counts from the
/// start of each run.
///
/// # Errors
/// No such job, or more than one; one that is over, is being ended, or belongs to another machine.
pub fn deadline(ctx: &Context, request: &DeadlineRequest) -> Result<DeadlineAnswer, ServiceError> {
    let root = ctx.root_of_jobs(std::slice::from_ref(&request.job))?;
    // It can end something.
    let folder = context::find(&root, &request.job, true)?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let record = settled_record(&root, &folder)?;
        if record.state.is_final() {
            let message = format!("it is over: {}", record.state);
            let job_id = folder.id();
            return Err(ServiceError::State { job_id, message });
        }
        if is_only_defined(&record) && !held(&folder)? {
            match define(ctx.sleep(), &root, &folder, request.after) {
                // Somebody has started it meanwhile.
                Err(ServiceError::Refused {
                    code: ErrorCode::InvalidState,
                    ..
                }) => continue,
                result => return result,
            }
        }
        let client = Client::connect(&folder).map_err(ServiceError::from);
        match client.and_then(|client| told(ctx.sleep(), client, request, until)) {
            Ok(Told::Set(deadline)) => return answer(&folder, deadline),
            Ok(Told::Refused(error)) => return Err(error),
            // Its successor serves the same socket, it was over, or it is being started.
            Err(ServiceError::Control(
                ControlError::HungUp { .. } | ControlError::NobodyListens { .. },
            )) => {
                wait_for_holder(ctx.sleep(), &record, until)?;
            }
            Err(error) => return Err(error),
        }
    }
    let job_id = folder.id();
    Err(ControlError::HungUp { job_id }.into())
}

fn held(folder: &JobFolder) -> Result<bool, ServiceError> {
    let held = folder.is_looked_after();
    held.map_err(ServiceError::io("the job's lock can't be read"))
}

enum Told {
    Set(Option<Time>),
    Refused(ServiceError),
}

fn told(
    sleep: Sleep<'_>,
    mut client: Client,
    request: &DeadlineRequest,
    until: Instant,
) -> Result<Told, ServiceError> {
    let after_ms = request.after.map(|after| after.as_millis() as u64);
    client.send(&Request::Deadline { after_ms })?;
    loop {
        match sleep.demand(&mut client, until)? {
            Message::DeadlineSet { deadline } => return Ok(Told::Set(deadline)),
            Message::Refused { code, message } => {
                let error = refused(client.job_id(), code, message);
                return Ok(Told::Refused(error));
            }
            _ => {}
        }
    }
}

/// Changes the timeout of a job that does not run.
fn define(
    sleep: Sleep<'_>,
    root: &Root,
    folder: &JobFolder,
    timeout: Option<Duration>,
) -> Result<DeadlineAnswer, ServiceError> {
    if timeout == Some(Duration::ZERO) {
        let text = "a job can't have a timeout of nothing: it would be ended as soon as it starts";
        return Err(ServiceError::Invalid(text.to_owned()));
    }
    let definition = amend(
        sleep,
        root,
        folder,
        &Amendment::Timeout { timeout },
        &Secrets::default(),
    )?;
    Ok(DeadlineAnswer {
        job_id: folder.id(),
        state: State::Created,
        deadline: None,
        remaining_ms: None,
        timeout_ms: timeout_ms(&definition),
    })
}

fn answer(folder: &JobFolder, deadline: Option<Time>) -> Result<DeadlineAnswer, ServiceError> {
    Ok(DeadlineAnswer {
        job_id: folder.id(),
        state: State::Running,
        deadline,
        remaining_ms: deadline.map(remaining_ms),
        timeout_ms: timeout_ms(&folder.definition()?),
    })
}

fn timeout_ms(definition: &Definition) -> Option<u64> {
    definition.timeout.map(millis)
}

/// Returns a time in whole milliseconds, as answers have it.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Returns when a running job will be ended; `None` for never.
pub(crate) fn deadline_of(definition: &Definition, record: &JobRecord) -> Option<Time> {
    if let Some(changed) = record.deadline {
        return changed.at;
    }
    let (started, timeout) = (record.started_at?, definition.timeout?);
    let timeout = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
    Some(Time::from_unix_ms(
        started.unix_ms().saturating_add(timeout),
    ))
}

/// Returns the same moment on the monotonic clock of the boot in which it was set.
pub(crate) fn due_monotonic_ms(definition: &Definition, record: &JobRecord) -> Option<u64> {
    if let Some(changed) = record.deadline {
        return changed.monotonic_ms;
    }
    let (started, timeout) = (record.started_monotonic_ms?, definition.timeout?);
    Some(started.saturating_add(millis(timeout)))
}

/// Returns the milliseconds until a moment that was set just now; 0 if it has passed.
fn remaining_ms(deadline: Time) -> u64 {
    u64::try_from(deadline.unix_ms() - now().unix_ms()).unwrap_or(0)
}
