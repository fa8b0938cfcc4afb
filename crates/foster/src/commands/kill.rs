use foster_model::answer::KillAnswer;
use foster_service::{KillRequest, Outcome};

use super::Caller;
use crate::args::{kill::Args, selectors};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<KillAnswer>, Failure> {
    let request = KillRequest {
        jobs: selectors(&args.jobs)?,
        group: args.group,
        tags: args.tag,
        signal: args.signal,
        target: args.to,
        grace: args.grace,
        escalation: args.escalate,
        wait: !args.no_wait,
    };
    let context = caller.context(Needs::Root)?;
    Ok(foster_service::kill(&context, &request)?)
}
