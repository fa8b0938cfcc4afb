use foster_api::Failure;
use foster_api::args::ui::Args;
use foster_http::{Server, Settings};
use foster_model::ErrorCode;
use foster_model::answer::{ServeAnswer, UiAnswer};

use super::{Caller, Unread, say, say_failure, serve};
use crate::environment::{Needs, open_in_browser};
use crate::exit::Status;

const KIND: &str = "ui";

/// Opens the page of the server that runs; where none does, becomes it.
pub fn carry_out(args: &Args, caller: &Caller<'_>) -> Status {
    match prepare(args, caller) {
        Ok((answer, server)) => {
            let said = say(caller, KIND, Unread::Fine, Ok(answer.into()));
            let failed = server.and_then(serve::run);
            failed.map_or(said, |error| Status::of(Some(&error)))
        }
        Err(failure) => say_failure(caller.style, KIND, &failure),
    }
}

fn prepare(args: &Args, caller: &Caller<'_>) -> Result<(UiAnswer, Option<Server>), Failure> {
    let context = caller.context(Needs::Directory)?;
    if let Some(running) = foster_http::running(&context)? {
        let answer = show(
            args,
            caller,
            &running.answer,
            running.page.as_deref(),
            false,
        )?;
        return Ok((answer, None));
    }
    let server = serve::bind(&Settings::new(&args.server)?, caller)?;
    let answer = show(args, caller, server.answer(), server.page(), true)?;
    Ok((answer, Some(server)))
}

fn show(
    args: &Args,
    caller: &Caller<'_>,
    server: &ServeAnswer,
    page: Option<&str>,
    serving: bool,
) -> Result<UiAnswer, Failure> {
    let (Some(page), Some(bare)) = (page, &server.url) else {
        let hint = Some("start it with --listen ADDRESS".to_owned());
        let message = "the server of this root has a unix socket alone, which no browser opens";
        return Err(Failure::with_hint(
            ErrorCode::InvalidArgument,
            message,
            hint,
        ));
    };
    // Where no browser can be told, the server is of use all the same.
    let opened = !args.print && open_in_browser(caller.environment, page);
    Ok(UiAnswer {
        url: if args.print { page } else { bare }.to_owned(),
        opened,
        serving,
        pid: server.pid,
    })
}
