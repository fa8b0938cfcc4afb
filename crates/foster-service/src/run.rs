use std::time::Instant;

use foster_model::CommandLine;
use foster_model::answer::RunAnswer;

use crate::context::Context;
use crate::defining::job_request::JobRequest;
use crate::defining::prepare::Prepared;
use crate::error::ServiceError;
use crate::launching::launch::launch_new;
use crate::launching::observation::Observation;
use crate::launching::room::demand_room;

/// What `run` is asked for.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// What the job is to be.
    pub job: JobRequest,
    /// What the answer is to tell of it.
    pub observation: Observation,
}

impl RunRequest {
    /// Returns a request with the defaults of the command line.
    pub fn new(command: CommandLine) -> Self {
        Self {
            job: JobRequest::new(command),
            observation: Observation::default(),
        }
    }
}

/// Makes a job of a command, starts it, and stays with it for a while.
///
/// # Errors
/// A call that is wrong, and more input than is taken, make no job. A command that can't be started makes a job in state
/// `failed`, which is named in the error; so is one that runs when the caller interrupts its observation
/// ([`Context::interrupt`]).
pub fn run(ctx: &Context, request: RunRequest) -> Result<RunAnswer, ServiceError> {
    let began = Instant::now();
    ctx.sleep().go_on()?;
    demand_room()?;
    let root = ctx.make_root()?;
    let prepared = Prepared::new(ctx, &request.job)?;
    let started = launch_new(ctx, &root, prepared)?;
    request.observation.of(ctx.sleep(), &root, started, began)
}
