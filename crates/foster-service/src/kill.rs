use std::time::{Duration, Instant};

use foster_model::answer::{JobResult, KillAnswer, KillResult};
use foster_model::{ErrorBody, ErrorCode, JobName, JobSelector, PhaseSpec, TagPattern, Target};
use foster_process::Signal;
use foster_store::Root;
use foster_supervisor::from_specs;

use crate::choosing::found_jobs::FoundJobs;
use crate::choosing::job_filter::JobFilter;
use crate::context::{self, Context};
use crate::defining::phases::given_phases;
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::reaching::ending::{Begun, Order};
use crate::reaching::sleep::Sleep;

/// What `kill` is asked for.
#[derive(Debug, Clone)]
pub struct KillRequest {
    /// The jobs.
    pub jobs: Vec<JobSelector>,
    /// Instead of jobs: the group whose jobs are ended.
    pub group: Option<JobName>,
    /// Instead of jobs, or beside a group: the tags that the jobs bear, all of them. Of all directories.
    pub tags: Vec<TagPattern>,
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
/// Of a group, or of those that bear a tag, the jobs are meant that are not over, and those that are
/// over and have a supervisor yet (`--stragglers leave`); that there are none is no error.
///
/// # Errors
/// If one job is named: no such job, one that was never started, one of another machine. If several
/// are, such a job is told of in its place. A caller who interrupts it ([`Context::interrupt`]): what
/// was told to end ends all the same.
pub fn kill(ctx: &Context, request: &KillRequest) -> Result<Outcome<KillAnswer>, ServiceError> {
    let began = Instant::now();
    let order = request.order()?;
    ctx.sleep().go_on()?;
    if request.selects() {
        return kill_selected(ctx, request, &order, began);
    }
    let root = ctx.root_of_jobs(&request.jobs)?;
    let mut results = end_all(ctx.sleep(), &root, &request.jobs, &order);
    match results.len() {
        0 => Err(ServiceError::Invalid("no job was named".to_owned())),
        1 => {
            let result = results.remove(0)?;
            let error = result.survivors_left();
            let answer = KillAnswer {
                elapsed_ms: ms(began),
                job: Some(result),
                jobs: None,
            };
            Ok(Outcome { answer, error })
        }
        _ => Ok(several(&request.jobs, results, began)),
    }
}

fn kill_selected(
    ctx: &Context,
    request: &KillRequest,
    order: &Order,
    began: Instant,
) -> Result<Outcome<KillAnswer>, ServiceError> {
    if !request.jobs.is_empty() {
        let text = "name jobs, or a group or tags, and not both";
        return Err(ServiceError::Invalid(text.to_owned()));
    }
    let Some(root) = ctx.look_for_root()? else {
        return Ok(several(&[], Vec::new(), began));
    };
    let filter = JobFilter {
        group: request.group.clone(),
        tags: request.tags.clone(),
        ..JobFilter::default()
    };
    let found = FoundJobs::find(&root, &filter)?.living();
    let jobs: Vec<_> = found.into_iter().map(JobSelector::Id).collect();
    let results = end_all(ctx.sleep(), &root, &jobs, order);
    Ok(several(&jobs, results, began))
}

/// Tells all of them before any is waited for.
fn end_all(
    sleep: Sleep<'_>,
    root: &Root,
    jobs: &[JobSelector],
    order: &Order,
) -> Vec<Result<KillResult, ServiceError>> {
    let begin = |job| {
        let folder = context::find(root, job, true)?;
        let begun = Begun::new(root, &folder, order)?;
        Ok::<_, ServiceError>((folder, begun))
    };
    let begun: Vec<_> = jobs.iter().map(begin).collect();
    let finish = |begun: Result<_, ServiceError>| {
        let (folder, begun): (_, Begun) = begun?;
        begun.finish(sleep, root, &folder, order)
    };
    begun.into_iter().map(finish).collect()
}

fn ms(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn several(
    named: &[JobSelector],
    results: Vec<Result<KillResult, ServiceError>>,
    began: Instant,
) -> Outcome<KillAnswer> {
    let mut failed = 0;
    let jobs = named
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
            elapsed_ms: ms(began),
            job: None,
            jobs,
        },
        error,
    }
}

impl KillRequest {
    /// Returns whether the jobs are found rather than named.
    fn selects(&self) -> bool {
        self.group.is_some() || !self.tags.is_empty()
    }

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
        let phases = given_phases(self.grace, self.escalation.clone())?;
        if let Some(phases) = &phases {
            from_specs(phases)?;
        }
        Ok(Order::Stop {
            phases,
            wait: self.wait,
        })
    }
}

/// Tells whether a result is less than was asked for.
trait SurvivorsLeft {
    fn survivors_left(&self) -> Option<ErrorBody>;
}

impl SurvivorsLeft for KillResult {
    fn survivors_left(&self) -> Option<ErrorBody> {
        let report = self.report.as_ref().filter(|r| r.empty == Some(false))?;
        let count = report.survivors.len();
        let mut body =
            ErrorCode::SurvivorsLeft.body(format!("{count} processes could not be ended"));
        body.job_id = Some(self.job_id);
        Some(body)
    }
}
