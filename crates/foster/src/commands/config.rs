use foster_api::args::config::Args;
use foster_model::answer::ConfigAnswer;
use foster_service::Outcome;

use super::Caller;

pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Outcome<ConfigAnswer> {
    let configuration = caller.configuration;
    args.answer(&configuration.file, &configuration.config)
}
