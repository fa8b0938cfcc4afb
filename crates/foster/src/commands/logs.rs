use foster_api::Failure;
use foster_api::args::Format;
use foster_api::args::logs::Args;
use foster_model::Exit;
use foster_model::answer::{LogLine, LogsAnswer};
use foster_service::{Context, LogItem, LogsRequest, Outcome};

use super::lines::Lines;
use super::{Caller, Unread, say, say_failure};
use crate::environment::Needs;
use crate::exit::Status;
use crate::output;
use crate::render::{self, text};

const KIND: &str = "logs";
const LINE_KIND: &str = "log_line";

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Status {
    let one_document = caller.style.format != Format::Text && !args.follow;
    let (groups, timestamps) = (args.lines.has_context(), args.timestamps);
    let prepared = args
        .request(one_document)
        .and_then(|request| Ok((request, caller.context(Needs::Root)?)));
    let (request, context) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => return say_failure(caller.style, KIND, &failure),
    };
    if one_document {
        say(caller, KIND, Unread::Fine, collect(&context, &request))
    } else {
        let as_text = text::LogText::new(caller.style.terminal, timestamps, groups);
        stream(&context, &request, as_text, caller)
    }
}

/// Returns the answer with all its lines in it.
fn collect(context: &Context, request: &LogsRequest) -> Result<Outcome<LogsAnswer>, Failure> {
    let mut lines: Vec<LogLine> = Vec::new();
    let mut answer = foster_service::logs(context, request, &mut |item| {
        lines.push(item.line);
        Ok(())
    })?;
    answer.lines = lines;
    Ok(answer.into())
}

/// Writes each line as it comes.
fn stream(
    context: &Context,
    request: &LogsRequest,
    mut as_text: text::LogText,
    caller: &Caller<'_>,
) -> Status {
    let format = caller.style.format;
    let mut lines = Lines::new(request.follow);
    let result = foster_service::logs(context, request, &mut |item: LogItem| {
        lines.write(&match format {
            Format::Json => render::json_line(LINE_KIND, &item.line),
            Format::Yaml => render::yaml_item(LINE_KIND, &item.line),
            Format::Text => as_text.line(&item),
        })
    });
    if as_text.is_open() && output::is_terminal() {
        // So that a person's prompt begins a line of its own.
        let _ = lines.write(b"\n");
    }
    let flushed = lines.end(format);
    if lines.is_closed() {
        return Exit::Ok.into();
    }
    // What follows the lines is one more document, on one line.
    let mut style = caller.style;
    style.pretty = false;
    match result {
        Err(error) => say_failure(style, KIND, &error.into()),
        Ok(_) if flushed.is_err() => {
            let failure = Failure::with_hint(
                foster_model::ErrorCode::Io,
                "standard output can't be written",
                None,
            );
            say_failure(style, KIND, &failure)
        }
        Ok(answer) if format == Format::Text => {
            output::write_err(text::logs_end(&answer).as_bytes());
            Exit::Ok.into()
        }
        Ok(answer) => {
            let last = Caller { style, ..*caller };
            say(&last, KIND, Unread::Fine, Ok(answer.into()))
        }
    }
}
