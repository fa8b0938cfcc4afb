use std::time::{Duration, Instant};

use foster_model::answer::RunAnswer;
use foster_model::{ErrorCode, Event, JobRecord, JobSelector, PhaseSpec};
use foster_store::{JobFolder, Lock, Root, Turn};
use foster_supervisor::{History, from_specs};

use crate::context::{self, Context};
use crate::defining::phases::given_phases;
use crate::error::ServiceError;
use crate::launching::launch::launch_made;
use crate::launching::observation::Observation;
use crate::launching::room::demand_room;
use crate::reaching::ending::{Begun, Order};
use crate::reaching::lock::{Taken, take_lock};
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::{is_only_defined, settled_record};
use crate::start::start_locked;

/// What `restart` is asked for.
#[derive(Debug, Clone)]
pub struct RestartRequest {
    /// The job.
    pub job: JobSelector,
    /// The time between TERM and KILL for what still runs, instead of the job's own.
    pub grace: Option<Duration>,
    /// Other phases than the job's own.
    pub escalation: Option<Vec<PhaseSpec>>,
    /// What the answer is to tell of the new run.
    pub observation: Observation,
}

/// Ends what still runs of a job, and runs it once more from its definition: the same command, the
/// same explicit environment, the same input. Its earlier output stays, by the number of the run.
///
/// # Errors
/// A tree that can't be emptied: then nothing is started. A job that somebody else restarts at the
/// same time. Of a job whose end the caller does not wait for ([`Context::interrupt`]) no further run is
/// begun; one that has begun goes on.
pub fn restart(ctx: &Context, request: &RestartRequest) -> Result<RunAnswer, ServiceError> {
    let began = Instant::now();
    let phases = given_phases(request.grace, request.escalation.clone())?;
    if let Some(phases) = &phases {
        from_specs(phases)?;
    }
    let sleep = ctx.sleep();
    sleep.go_on()?;
    demand_room()?;
    let root = ctx.root_of_jobs(std::slice::from_ref(&request.job))?;
    let folder = context::find(&root, &request.job, true)?;
    let before = settled_record(&root, &folder)?;
    if is_only_defined(&before) {
        let lock = take_lock_of(sleep, &folder, before.run)?;
        return start_locked(ctx, &root, folder, lock, request.observation, began);
    }
    end(sleep, &root, &folder, phases)?;
    foster_fault::step("launcher.run_ended");
    // The run that was ended, which somebody else may have begun since this job was looked at: whoever
    // ends one begins the next.
    let lock = take_lock_of(sleep, &folder, folder.record()?.run)?;
    foster_fault::step("launcher.lock_taken");
    let started = launch_made(ctx, &root, folder, lock, begin_run)?;
    request.observation.of(sleep, &root, started, began)
}

/// Ends what still lives of a job, left stragglers included.
pub(crate) fn end(
    sleep: Sleep<'_>,
    root: &Root,
    folder: &JobFolder,
    phases: Option<Vec<PhaseSpec>>,
) -> Result<(), ServiceError> {
    let order = Order::Stop { phases, wait: true };
    let result = Begun::new(root, folder, &order)?.finish(sleep, root, folder, &order)?;
    let survivors = result.report.filter(|report| report.empty == Some(false));
    survivors.map_or(Ok(()), |report| {
        let count = report.survivors.len();
        Err(ServiceError::Refused {
            code: ErrorCode::SurvivorsLeft,
            message: format!("{count} of its processes could not be ended"),
        })
    })
}

/// Takes the lock from whoever still has it though the run is over, unless that is somebody who
/// begins another run.
fn take_lock_of(
    sleep: Sleep<'_>,
    folder: &JobFolder,
    run: u32,
) -> Result<(Turn, Lock), ServiceError> {
    let unchanged = |record: &JobRecord| {
        record.run == run && (record.state.is_final() || is_only_defined(record))
    };
    match take_lock(sleep, folder, unchanged)? {
        Taken::Lock(turn, lock) if unchanged(&folder.record()?) => Ok((turn, lock)),
        _ => Err(ServiceError::State {
            job_id: folder.id(),
            message: "somebody else is starting it".to_owned(),
        }),
    }
}

/// Makes the folder of the next run, and writes down that it begins.
fn begin_run(folder: &JobFolder, _lock: &Lock) -> Result<(), ServiceError> {
    let failed = || ServiceError::io("the next run can't be begun");
    let mut history = History::open(folder).map_err(std::io::Error::other);
    let history = history.as_mut().map_err(|error| {
        let error = std::io::Error::other(error.to_string());
        failed()(error)
    })?;
    let run = history.record().run + 1;
    folder.make_run(run).map_err(failed())?;
    // Of a job that is over nobody asks the journal: whoever dies before the state is saved must not
    // leave one that is behind.
    folder.remove_state().map_err(failed())?;
    // A keeper that did not find it would go on with the run before, and write into its logs.
    history
        .note_for_others(Event::Restarted { run })
        .map_err(failed())?;
    foster_fault::step("launcher.restart_noted");
    history.save(folder);
    Ok(())
}
