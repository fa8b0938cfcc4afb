use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use foster_model::ErrorCode;
use foster_model::answer::WaitAnswer;
use foster_service::{Outcome, Reference, WaitRequest};

use super::Caller;
use crate::args::{selectors, wait::Args};
use crate::environment::Needs;
use crate::failure::Failure;

pub fn carry_out(mut args: Args, caller: &Caller<'_>) -> Result<Outcome<WaitAnswer>, Failure> {
    let output = args.output();
    if args.stream.is_some() && output.is_none() {
        let hint = "give --for or --for-regex".to_owned();
        return Err(Failure::usage(
            "nothing is looked for in the stream",
            Some(hint),
        ));
    }
    let reference = args.from_json.as_deref().map(reference).transpose()?;
    let jobs = match &reference {
        Some(reference) => vec![reference.selector()],
        None => selectors(&args.jobs)?,
    };
    let request = WaitRequest {
        jobs,
        group: args.group,
        any: args.any,
        output,
        timeout: args.timeout.into(),
        tail_lines: args.snapshot.tail_lines,
        max_bytes: args.snapshot.max_bytes,
    };
    let context = match &reference {
        Some(reference) => {
            let root = Some(reference.root.as_path());
            caller.environment.context(root, None, Needs::Root)?
        }
        None => caller.context(Needs::Root)?,
    };
    Ok(foster_service::wait(&context, &request)?)
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
