use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use foster_api::Failure;
use foster_api::args::wait::Args;
use foster_model::ErrorCode;
use foster_model::answer::WaitAnswer;
use foster_service::{Context, Outcome, Reference, WaitRequest};

use super::Caller;
use crate::environment::Needs;
use crate::progress::Progress;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<WaitAnswer>, Failure> {
    let reference = args.from_json.as_deref().map(reference).transpose()?;
    let request = args.request(reference.as_ref().map(Reference::selector))?;
    let mut context = match &reference {
        Some(reference) => {
            let context = caller.context(Needs::Root)?;
            Context {
                root: reference.root.clone(),
                ..context
            }
        }
        None => caller.context(Needs::Root)?,
    };
    let mut progress = Progress::of(caller.environment, &what(&request));
    progress.keep_time(&mut context);
    let mut outcome = foster_service::wait(&context, &request)?;
    let root = reference.as_ref().map(|reference| reference.root.as_path());
    outcome.answer.hint = caller.follow_up(outcome.answer.hint, root);
    Ok(outcome)
}

/// Says what is waited for.
fn what(request: &WaitRequest) -> String {
    let jobs: Vec<_> = request.jobs.iter().map(ToString::to_string).collect();
    match (jobs.as_slice(), &request.group) {
        (_, Some(group)) => format!("waiting for the group {}", group.as_ref()),
        ([_, _, ..], _) if request.any => format!("waiting for any of {}", jobs.join(", ")),
        _ => format!("waiting for {}", jobs.join(", ")),
    }
}

/// Reads the job that a kept answer names.
fn reference(path: &Path) -> Result<Reference, Failure> {
    let mut bytes = Vec::new();
    let most = Reference::LONGEST + 1;
    let read = if path == Path::new("-") {
        io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    let failed = |error| {
        let message = format!("{} can't be read: {error}", path.display());
        Failure::with_hint(ErrorCode::Io, message, None)
    };
    if read.map_err(failed)? as u64 == most {
        let message = format!("{} is too long for an answer", path.display());
        return Err(Failure::usage(message, None));
    }
    Ok(Reference::from_answer(&bytes)?)
}
