use std::time::Instant;

use foster_model::answer::{JobResult, JobView, WaitAnswer, WaitReason};
use foster_model::{ErrorBody, JobId, JobName, JobSelector};
use foster_store::Root;

use super::{WaitRequest, answer, find, next_to_wait_for, results, wait_for_folders};
use crate::choosing::found_jobs::FoundJobs;
use crate::choosing::job_filter::JobFilter;
use crate::context::Context;
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::reaching::sleep::Sleep;

/// How many jobs of a group that were over before an answer shows.
const MOST_OVER: usize = 100;

/// Waits for the jobs of a group that are not over, and tells also of those that are.
pub(super) fn wait_for_group(
    ctx: &Context,
    group: &JobName,
    request: &WaitRequest,
    began: Instant,
) -> Result<Outcome<WaitAnswer>, ServiceError> {
    if request.output.is_some() || !request.jobs.is_empty() {
        let text = "a group is waited for by itself, without jobs and without a pattern";
        return Err(ServiceError::Invalid(text.to_owned()));
    }
    let Some(root) = ctx.look_for_root()? else {
        return Ok(no_jobs(began).into());
    };
    let filter = JobFilter {
        group: Some(group.clone()),
        ..JobFilter::default()
    };
    let (open, over) = FoundJobs::find(&root, &filter)?.open_and_over();
    if open.is_empty() && over.is_empty() {
        return Ok(no_jobs(began).into());
    }
    let left_out = over.len().saturating_sub(MOST_OVER) as u64;
    let shown_over = over.into_iter().take(MOST_OVER);
    let mut ids: Vec<_> = open.iter().copied().map(|id| (id, true)).collect();
    ids.extend(shown_over.map(|id| (id, false)));
    ids.sort_unstable_by(|one, two| two.cmp(one));
    let (reason, jobs, error) = wait_for_ids(ctx.sleep(), &root, &ids, request, began)?;
    Ok(Outcome {
        answer: WaitAnswer {
            hint: next_to_wait_for(&jobs),
            jobs: Some(jobs),
            jobs_left_out: Some(left_out),
            ..answer(reason, began)
        },
        error,
    })
}

/// That nobody was waited for is no error, since a group may well be empty; but it must not look as
/// if somebody had been, since its name may be misspelled.
fn no_jobs(began: Instant) -> WaitAnswer {
    WaitAnswer {
        jobs: Some(Vec::new()),
        jobs_left_out: Some(0),
        hint: Some("foster list --all".to_owned()),
        ..answer(WaitReason::NoJobs, began)
    }
}

type Results = (WaitReason, Vec<JobResult<JobView>>, Option<ErrorBody>);

/// Waits for those of the jobs that are marked, and tells of all.
fn wait_for_ids(
    sleep: Sleep<'_>,
    root: &Root,
    ids: &[(JobId, bool)],
    request: &WaitRequest,
    began: Instant,
) -> Result<Results, ServiceError> {
    let selector = |id: &JobId| JobSelector::Id(*id);
    let found: Vec<_> = ids
        .iter()
        .map(|(id, open)| (selector(id), find(root, &selector(id)), *open))
        .collect();
    let open = found.iter().filter(|(_, _, open)| *open);
    let folders: Vec<_> = open
        .filter_map(|(_, folder, _)| folder.as_ref().ok())
        .collect();
    let reason = wait_for_folders(sleep, root, &folders, request, began)?;
    let (jobs, error) = results(root, found.iter().map(|(job, folder, _)| (job, folder)));
    Ok((reason, jobs, error))
}
