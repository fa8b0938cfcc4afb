mod group;

use std::time::{Duration, Instant};

use foster_model::answer::{JobResult, JobView, OutputMatch, WaitAnswer, WaitReason};
use foster_model::{ErrorBody, ErrorCode, JobName, JobRecord, JobSelector};
use foster_store::{JobFolder, Root};

use crate::context::{self, Context};
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::reaching::sleep::{Sleep, time_left};
use crate::reaching::watch::{Standing, Watcher, is_only_defined, shown_record, wait_for};
use crate::searching::output_search::{OutputPattern, OutputSearch};
use crate::showing::hint::hint;
use crate::showing::snapshot::snapshot;
use crate::showing::view::view;

/// What `wait` is asked for.
#[derive(Debug, Clone)]
pub struct WaitRequest {
    /// The jobs.
    pub jobs: Vec<JobSelector>,
    /// Instead of jobs: the group whose jobs are waited for. Those that were only defined are not.
    pub group: Option<JobName>,
    /// Whether one of them is enough; of a group, one that was not over before.
    pub any: bool,
    /// What in the output is enough, if one job is named.
    pub output: Option<OutputPattern>,
    /// How long to wait at most; `None` for ever.
    pub timeout: Option<Duration>,
    /// How many lines of each stream the answer holds at most, if one job is named.
    pub tail_lines: usize,
    /// How many bytes of each stream the answer holds at most, if one job is named.
    pub max_bytes: u64,
    /// Whether it holds a digest of each stream instead of the last lines.
    pub digest: bool,
}

/// Waits until jobs are over, or one has printed something, asleep in the kernel.
///
/// # Errors
/// If one job is named: no such job, one that was never started, or one of another machine. If
/// several are, such a job is told of in its place, and the others are waited for. A pattern that
/// can't be looked for. A caller who interrupts it ([`Context::interrupt`]).
pub fn wait(ctx: &Context, request: &WaitRequest) -> Result<Outcome<WaitAnswer>, ServiceError> {
    let began = Instant::now();
    if let Some(group) = &request.group {
        return group::wait_for_group(ctx, group, request, began);
    }
    let pattern = request
        .output
        .as_ref()
        .map(OutputPattern::set)
        .transpose()?;
    if pattern.is_some() && request.jobs.len() != 1 {
        let text = "output can be waited for of one job alone";
        return Err(ServiceError::Invalid(text.to_owned()));
    }
    let sleep = ctx.sleep();
    let root = ctx.root_of_jobs(&request.jobs)?;
    let found: Vec<Result<JobFolder, ServiceError>> =
        request.jobs.iter().map(|job| find(&root, job)).collect();
    if let [_] = request.jobs.as_slice() {
        let folder = found.into_iter().next().unwrap_or_else(|| Err(no_jobs()))?;
        return wait_for_one(sleep, &root, &folder, request, began).map(Outcome::from);
    }
    if found.is_empty() {
        return Err(no_jobs());
    }
    wait_for_several(sleep, &root, &found, request, began)
}

fn no_jobs() -> ServiceError {
    ServiceError::Invalid("no job was named".to_owned())
}

fn find(root: &Root, job: &JobSelector) -> Result<JobFolder, ServiceError> {
    let folder = context::find(root, job, false)?;
    let record = crate::reaching::watch::settled_record(root, &folder)?;
    let not_held = || folder.lock_is_held().is_ok_and(|held| !held);
    if is_only_defined(&record) && not_held() {
        return Err(ServiceError::NotStarted(folder.id()));
    }
    Ok(folder)
}

fn wait_for_one(
    sleep: Sleep<'_>,
    root: &Root,
    folder: &JobFolder,
    request: &WaitRequest,
    began: Instant,
) -> Result<WaitAnswer, ServiceError> {
    let deadline = request.deadline(began);
    let (reason, matched) = if let Some(pattern) = &request.output {
        wait_for_output(sleep, root, folder, pattern, deadline)?
    } else {
        let watchers = &mut [Watcher::new(root, folder, None)];
        let over = wait_for(sleep, watchers, false, deadline)?;
        (reason(over, WaitReason::Finished), None)
    };
    let record = shown_record(root, folder)?;
    let (lines, most) = (request.tail_lines, request.max_bytes);
    let snapshot = snapshot(folder, &record, lines, most, request.digest)?;
    let hint = hint(&record);
    let job = view(folder, &folder.definition()?, record);
    Ok(WaitAnswer {
        matched: request.output.is_some().then_some(matched),
        job: Some(job),
        snapshot: Some(snapshot),
        hint,
        ..answer(reason, began)
    })
}

/// Waits until the pattern is in the output, the job is over, or the deadline has come.
fn wait_for_output(
    sleep: Sleep<'_>,
    root: &Root,
    folder: &JobFolder,
    pattern: &OutputPattern,
    deadline: Option<Instant>,
) -> Result<(WaitReason, Option<OutputMatch>), ServiceError> {
    let run = folder.record()?.run;
    let mut search = OutputSearch::new(folder, run, &pattern.set()?, pattern.only)?;
    let mut watcher = Watcher::new(root, folder, None).with_output();
    loop {
        // Looked at first: whatever was written before an end that is seen here is read below.
        let standing = watcher.look()?;
        if let Some(found) = search.look()? {
            return Ok((WaitReason::Matched, Some(found)));
        }
        let left = time_left(deadline);
        match watcher.descriptor() {
            Some(_) if left == Some(Duration::ZERO) => return Ok((WaitReason::Deadline, None)),
            Some(descriptor) if standing == Standing::Going => {
                let at_most = left.unwrap_or(Duration::MAX);
                let sleep = sleep.over(folder.id());
                sleep.until(&[descriptor], at_most, "the job can't be watched")?;
            }
            _ => return Ok((WaitReason::Finished, None)),
        }
    }
}

fn wait_for_folders(
    sleep: Sleep<'_>,
    root: &Root,
    folders: &[&JobFolder],
    request: &WaitRequest,
    began: Instant,
) -> Result<WaitReason, ServiceError> {
    let watchers = folders
        .iter()
        .map(|folder| Watcher::new(root, folder, None));
    let mut watchers: Vec<_> = watchers.collect();
    let over = wait_for(sleep, &mut watchers, request.any, request.deadline(began))?;
    let one = request.any && watchers.len() > 1;
    let finished = if one {
        WaitReason::AnyFinished
    } else {
        WaitReason::Finished
    };
    Ok(reason(over, finished))
}

fn wait_for_several(
    sleep: Sleep<'_>,
    root: &Root,
    found: &[Result<JobFolder, ServiceError>],
    request: &WaitRequest,
    began: Instant,
) -> Result<Outcome<WaitAnswer>, ServiceError> {
    let folders: Vec<_> = found.iter().flatten().collect();
    let reason = match wait_for_folders(sleep, root, &folders, request, began)? {
        WaitReason::Finished if request.any => WaitReason::AnyFinished,
        reason => reason,
    };
    let (jobs, error) = results(root, request.jobs.iter().zip(found));
    Ok(Outcome {
        answer: WaitAnswer {
            hint: next_to_wait_for(&jobs),
            jobs: Some(jobs),
            ..answer(reason, began)
        },
        error,
    })
}

/// Returns what is to be told of each job, and the error if something could not be done for one.
fn results<'a>(
    root: &Root,
    jobs: impl Iterator<Item = (&'a JobSelector, &'a Result<JobFolder, ServiceError>)>,
) -> (Vec<JobResult<JobView>>, Option<ErrorBody>) {
    let result = |(selector, found): (&JobSelector, &Result<JobFolder, ServiceError>)| {
        let shown = found
            .as_ref()
            .map_err(ServiceError::body)
            .and_then(|folder| shown(root, folder).map_err(|error| error.body()));
        match shown {
            Ok(job) => JobResult::Done(job),
            Err(error) => JobResult::Failed {
                job: selector.to_string(),
                error,
            },
        }
    };
    let jobs: Vec<_> = jobs.map(result).collect();
    let failed = jobs
        .iter()
        .filter(|job| matches!(job, JobResult::Failed { .. }))
        .count();
    let error = (failed > 0)
        .then(|| ErrorCode::SomeFailed.body(format!("{failed} of the jobs can't be waited for")));
    (jobs, error)
}

fn next_to_wait_for(jobs: &[JobResult<JobView>]) -> Option<String> {
    jobs.iter().find_map(|job| match job {
        JobResult::Done(job) if !job.state.is_final() => {
            Some(format!("foster wait {}", job.job_id))
        }
        _ => None,
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
}

fn reason(over: bool, finished: WaitReason) -> WaitReason {
    if over { finished } else { WaitReason::Deadline }
}

/// Returns an answer without any job.
fn answer(reason: WaitReason, began: Instant) -> WaitAnswer {
    let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    WaitAnswer {
        reason,
        matched: None,
        waited_ms: elapsed,
        elapsed_ms: elapsed,
        job: None,
        snapshot: None,
        jobs: None,
        jobs_left_out: None,
        hint: None,
    }
}
