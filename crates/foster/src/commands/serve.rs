use foster_api::Failure;
use foster_api::args::serve::Args;
use foster_http::{ServeError, Server, Settings};
use foster_model::ErrorBody;
use foster_model::answer::ServeAnswer;
use foster_service::Outcome;

use super::{Caller, Unread, say, say_failure};
use crate::exit::Status;

const KIND: &str = "serve";

/// Serves until it is told to end. The answer comes when it listens.
pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Status {
    let server = Settings::new(&args.server).and_then(|settings| bind(&settings, caller));
    let server = match server {
        Ok(server) => server,
        Err(failure) => return say_failure(caller.style, KIND, &failure),
    };
    let answer: Outcome<ServeAnswer> = server.answer().clone().into();
    // Whoever started it may not care where it listens.
    let said = say(caller, KIND, Unread::Fine, Ok(answer));
    run(server).map_or(said, |error| Status::of(Some(&error)))
}

/// Returns a server that listens.
pub fn bind(settings: &Settings, caller: &Caller<'_>) -> Result<Server, Failure> {
    let door = caller.door(None)?;
    Ok(Server::bind(door, settings)?)
}

/// Serves to the end, and returns what went wrong then, which is said on standard error: the answer was given.
pub fn run(server: Server) -> Option<ErrorBody> {
    let failed = |error: ServeError| {
        let body = Failure::from(error).body().clone();
        crate::output::write_err(format!("error: {}\n", body.message).as_bytes());
        body
    };
    server.run().err().map(failed)
}
