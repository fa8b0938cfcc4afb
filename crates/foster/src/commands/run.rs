use std::time::Duration;

use foster_model::answer::RunAnswer;
use foster_service::{Observe, Outcome, RunRequest};

use super::Caller;
use crate::args::run::Args;
use crate::failure::Failure;

pub fn carry_out(mut args: Args, caller: &Caller<'_>) -> Result<Outcome<RunAnswer>, Failure> {
    let command = args.command.command_line()?;
    let context = caller.launching_context(args.command.containment)?;
    let request = RunRequest {
        command,
        observe: observe(&args),
        cwd: args.command.cwd,
        env: args.command.env,
        env_files: args.command.env_file,
        inherit_env: !args.command.no_inherit_env,
        mask: args.mask,
        tags: args.tag,
        name: args.name,
        timeout: args.timeout.into(),
        kill_after: args.command.kill_after,
        escalation: args.escalate,
        drain: args.drain,
        stragglers: args.stragglers,
        stdin_file: args.stdin_file,
        log: args.log,
        log_cap: args.log_cap.into(),
        tail_lines: args.snapshot.tail_lines,
        max_bytes: args.snapshot.max_bytes,
        digest: args.snapshot.digest,
    };
    Ok(foster_service::run(&context, request)?.into())
}

fn observe(args: &Args) -> Observe {
    match args.snapshot_after {
        _ if args.wait => Observe::ToTheEnd,
        _ if args.no_wait => Observe::NoWait,
        Duration::ZERO => Observe::NoWait,
        time => Observe::Until(time),
    }
}
