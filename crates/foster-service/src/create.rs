use foster_model::answer::CreateAnswer;

use crate::context::Context;
use crate::defining::job_request::JobRequest;
use crate::defining::prepare::Prepared;
use crate::defining::stdin::Given;
use crate::error::ServiceError;
use crate::showing::view::view;

/// Makes a job of a command, and leaves it to `start` to execute that.
///
/// All that the definition needs is taken in now: the values of variables, the environment files,
/// what is to be read on standard input. The environment that it inherits is that of whoever starts
/// it, unless it is kept.
///
/// # Errors
/// A call that is wrong, more input than is taken, and a file that can't be read: then no job is made.
pub fn create(ctx: &Context, request: &JobRequest) -> Result<CreateAnswer, ServiceError> {
    let root = ctx.make_root()?;
    let mut prepared = Prepared::new(ctx, request)?;
    if let Some(failure) = prepared.failure {
        return Err(ServiceError::refused(failure));
    }
    let mut stdin = prepared.stdin.take();
    let stdin = stdin.as_mut().map(Given::input);
    let (definition, private) = (&prepared.definition, prepared.private_values());
    let (folder, lock) = root.create_job(definition, private, stdin)?;
    root.publish(definition);
    drop(lock);
    let hint = Some(format!("foster start {}", folder.id()));
    let job = view(&folder, definition, folder.record()?);
    Ok(CreateAnswer { job, hint })
}
