use foster_model::answer::ConfigAnswer;
use foster_service::Outcome;

use super::Caller;
use crate::args::config::{Args, Part};

/// A broken file is what this verb is asked about: it is told of, and the answer is not `ok`.
pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Outcome<ConfigAnswer> {
    let file = caller.configuration.file.clone();
    let error = file.problem.clone();
    let settings = (args.part == Part::Show).then(|| caller.configuration.config.shown());
    Outcome {
        answer: ConfigAnswer { file, settings },
        error,
    }
}
