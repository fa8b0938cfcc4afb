use foster_model::{Cause, Definition, ErrorCode, Event, StartFailure, State};
use foster_store::{JobFolder, Lock, Root};
use foster_supervisor::{Client, History, Launch, LaunchError, launch, recover};

use crate::context::Context;
use crate::error::ServiceError;
use crate::prepare::Prepared;

/// Makes the job and starts it. Returns once the command is being executed.
pub(crate) fn start(
    ctx: &Context,
    root: &Root,
    prepared: Prepared,
) -> Result<(JobFolder, Client), ServiceError> {
    let Prepared {
        definition,
        argv,
        env,
        stdin,
        secrets,
        containment,
        failure,
    } = prepared;
    let job_id = definition.job_id;
    let (folder, lock) = root.create_job(&definition, stdin.as_deref())?;
    if let Some(mut failure) = failure {
        failure.message = secrets.conceal_text(&failure.message);
        return Err(fail(root, &folder, &lock, &definition, failure));
    }
    let bind_failed = ServiceError::io(format!("the control socket of {job_id} can't be made"));
    let listener = folder.bind().map_err(bind_failed)?;
    root.publish(&definition);
    let started = launch(Launch {
        root: root.clone(),
        folder,
        lock,
        listener,
        definition,
        argv,
        env,
        secrets,
        containment,
        way: ctx.way.clone(),
    });
    let folder = root.job(job_id)?;
    let source = match started {
        Ok(client) => return Ok((folder, client)),
        Err(LaunchError::Start(failure)) => return Err(ServiceError::Start { job_id, failure }),
        Err(source) => source,
    };
    // Nothing was executed, or nobody is left to say: either way the record must not stay open.
    if let Ok(Some(lock)) = folder.try_lock() {
        match &source {
            LaunchError::Lost(_) => drop(recover(root, &folder, &lock)?),
            _ => close(root, &folder, &lock, &source)?,
        }
    }
    Err(ServiceError::Launch { job_id, source })
}

/// Writes down that a job could not be launched.
fn close(
    root: &Root,
    folder: &JobFolder,
    lock: &Lock,
    source: &LaunchError,
) -> Result<(), ServiceError> {
    let failure = StartFailure {
        code: ErrorCode::LaunchFailed.as_str().to_owned(),
        message: source.to_string(),
    };
    match fail(root, folder, lock, &folder.definition()?, failure) {
        ServiceError::Start { .. } => Ok(()),
        error => Err(error),
    }
}

/// Keeps the reason for which a job can't start, and returns it as the error.
fn fail(
    root: &Root,
    folder: &JobFolder,
    _lock: &Lock,
    definition: &Definition,
    failure: StartFailure,
) -> ServiceError {
    let job_id = folder.id();
    let written = History::open(folder).map(|mut history| {
        history.note(Event::StartFailed {
            failure: failure.clone(),
        });
        let (state, cause) = (State::Failed, Cause::StartFailed);
        history.note(Event::Finished { state, cause });
        history.save(folder);
        root.publish(definition);
        history.update_index(root, definition);
    });
    match written {
        Ok(()) => ServiceError::Start { job_id, failure },
        Err(error) => ServiceError::Io {
            what: failure.message,
            source: std::io::Error::other(error),
        },
    }
}
