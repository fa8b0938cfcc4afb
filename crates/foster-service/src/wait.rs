use std::time::{Duration, Instant};

use foster_model::answer::{JobResult, JobView, Snapshot, WaitAnswer, WaitReason};
use foster_model::{ErrorCode, JobRecord, JobSelector};
use foster_store::{JobFolder, Root};

use crate::context::{self, Context};
use crate::error::ServiceError;
use crate::hint::hint;
use crate::outcome::Outcome;
use crate::snapshot::snapshot;
use crate::view::view;
use crate::watch::{Watcher, is_only_defined, shown_record, wait_for};

/// What `wait` is asked for.
#[derive(Debug, Clone)]
pub struct WaitRequest {
    /// The jobs.
    pub jobs: Vec<JobSelector>,
    /// Whether one of them is enough.
    pub any: bool,
    /// How long to wait at most; `None` for ever.
    pub timeout: Option<Duration>,
    /// How many lines of each stream the answer holds at most, if one job is named.
    pub tail_lines: usize,
    /// How many bytes of each stream the answer holds at most, if one job is named.
    pub max_bytes: u64,
    /// Whether it holds a digest of each stream instead of the last lines.
    pub digest: bool,
}

/// Waits until jobs are over, asleep in the kernel.
///
/// # Errors
/// If one job is named: no such job, one that was never started, or one of another machine. If
/// several are, such a job is told of in its place, and the others are waited for.
pub fn wait(ctx: &Context, request: &WaitRequest) -> Result<Outcome<WaitAnswer>, ServiceError> {
    let began = Instant::now();
    let root = ctx.root_of_jobs(&request.jobs)?;
    let found: Vec<Result<JobFolder, ServiceError>> =
        request.jobs.iter().map(|job| find(&root, job)).collect();
    if let [_] = request.jobs.as_slice() {
        let folder = found.into_iter().next().unwrap_or_else(|| Err(no_jobs()))?;
        return wait_for_one(&root, &folder, request, began).map(Outcome::from);
    }
    if found.is_empty() {
        return Err(no_jobs());
    }
    wait_for_several(&root, &found, request, began)
}

fn no_jobs() -> ServiceError {
    ServiceError::Invalid("no job was named".to_owned())
}

fn find(root: &Root, job: &JobSelector) -> Result<JobFolder, ServiceError> {
    let folder = context::find(root, job, false)?;
    let record = crate::watch::settled_record(root, &folder)?;
    let not_held = || folder.lock_is_held().is_ok_and(|held| !held);
    if is_only_defined(&record) && not_held() {
        let message = "it is defined, and nobody has started it".to_owned();
        return Err(ServiceError::State {
            job_id: folder.id(),
            message,
        });
    }
    Ok(folder)
}

fn wait_for_one(
    root: &Root,
    folder: &JobFolder,
    request: &WaitRequest,
    began: Instant,
) -> Result<WaitAnswer, ServiceError> {
    let watchers = &mut [Watcher::new(root, folder, None)];
    let over = wait_for(watchers, request.any, request.deadline(began))?;
    let record = shown_record(root, folder)?;
    let (lines, most) = (request.tail_lines, request.max_bytes);
    let snapshot = snapshot(folder, &record, lines, most, request.digest)?;
    let hint = hint(&record);
    let job = view(folder, &folder.definition()?, record);
    Ok(request.answer(began, over, Some((job, snapshot)), None, hint))
}

fn wait_for_several(
    root: &Root,
    found: &[Result<JobFolder, ServiceError>],
    request: &WaitRequest,
    began: Instant,
) -> Result<Outcome<WaitAnswer>, ServiceError> {
    let folders = found.iter().flatten();
    let mut watchers: Vec<Watcher<'_>> = folders
        .map(|folder| Watcher::new(root, folder, None))
        .collect();
    let over = wait_for(&mut watchers, request.any, request.deadline(began))?;
    let mut jobs = Vec::new();
    let mut unfinished = None;
    for (selector, found) in request.jobs.iter().zip(found) {
        let shown = found
            .as_ref()
            .map_err(ServiceError::body)
            .and_then(|folder| shown(root, folder).map_err(|error| error.body()));
        jobs.push(match shown {
            Ok(job) => {
                unfinished = unfinished.or((!job.state.is_final()).then_some(job.job_id));
                JobResult::Done(job)
            }
            Err(error) => JobResult::Failed {
                job: selector.to_string(),
                error,
            },
        });
    }
    let failed = jobs
        .iter()
        .filter(|job| matches!(job, JobResult::Failed { .. }))
        .count();
    let error = (failed > 0)
        .then(|| ErrorCode::SomeFailed.body(format!("{failed} of the jobs can't be waited for")));
    let hint = unfinished.map(|id| format!("foster wait {id}"));
    Ok(Outcome {
        answer: request.answer(began, over, None, Some(jobs), hint),
        error,
    })
}

fn shown(root: &Root, folder: &JobFolder) -> Result<JobView, ServiceError> {
    let record: JobRecord = shown_record(root, folder)?;
    Ok(view(folder, &folder.definition()?, record))
}

impl WaitRequest {
    fn deadline(&self, began: Instant) -> Option<Instant> {
        self.timeout.and_then(|timeout| began.checked_add(timeout))
    }

    fn answer(
        &self,
        began: Instant,
        over: bool,
        job: Option<(JobView, Snapshot)>,
        jobs: Option<Vec<JobResult<JobView>>>,
        hint: Option<String>,
    ) -> WaitAnswer {
        let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let reason = match (over, self.any && self.jobs.len() > 1) {
            (false, _) => WaitReason::Deadline,
            (true, true) => WaitReason::AnyFinished,
            (true, false) => WaitReason::Finished,
        };
        let (job, snapshot) = job.unzip();
        WaitAnswer {
            reason,
            waited_ms: elapsed,
            elapsed_ms: elapsed,
            job,
            snapshot,
            jobs,
            hint,
        }
    }
}
