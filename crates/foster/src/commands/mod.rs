//! What is done for each verb: arguments become a request, and the service's answer is handed on.

mod create;
mod doctor;
mod events;
mod exec;
mod kill;
mod lines;
mod list;
mod logs;
mod recover;
mod restart;
mod run;
mod schema;
mod start;
mod status;
mod supervise;
mod tag;
mod tail;
mod wait;

use std::ffi::OsString;
use std::io;

use clap::Parser as _;
use clap::error::ErrorKind;
use foster_model::Exit;
use foster_service::{Containment, Context, Outcome};
use serde::Serialize;

use crate::args::{self, Cli, Common, Typed, Verb};
use crate::environment::{Environment, Needs};
use crate::exit::Status;
use crate::failure::Failure;
use crate::output;
use crate::render::{self, Format, Rendered, Style, Text};

/// Who calls, and how answers are to look.
struct Caller<'a> {
    common: &'a Common,
    environment: &'a Environment,
    style: Style,
}

impl Caller<'_> {
    fn context(&self, needs: Needs) -> Result<Context, Failure> {
        self.environment
            .context(self.common.root.as_deref(), None, needs)
    }

    fn launching_context(&self, containment: Option<Containment>) -> Result<Context, Failure> {
        let root = self.common.root.as_deref();
        self.environment.context(root, containment, Needs::Launch)
    }
}

/// What becomes of an answer that nobody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// Nothing: nobody wanted to know more.
    Fine,
    /// It is told: something was done, and the caller doesn't know what.
    Told,
}

/// Carries out what was typed, and returns how the program is to end.
pub fn carry_out(typed: &[OsString], environment: &Environment) -> Status {
    let cli = match Cli::try_parse_from(typed) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, typed, environment),
    };
    let asked = cli.common.format();
    // A command and its secrets are in nobody's list of processes for longer than it takes to read
    // them. Where the system shows them all the same, it is said in docs/platforms.md.
    let _ = foster_service::hide_arguments(&format!("foster {}", cli.verb.name()));
    match cli.verb {
        Verb::Supervise => return supervise::carry_out(),
        Verb::Exec(args) => return exec::carry_out(args, &cli.common, environment),
        _ => {}
    }
    let style = asked.and_then(|asked| style(asked, environment));
    let caller = Caller {
        common: &cli.common,
        environment,
        style: match style {
            Ok(style) => style,
            Err(failure) => return say_failure(guessed_style(None), cli.verb.name(), &failure),
        },
    };
    dispatch(cli.verb, &caller)
}

fn dispatch(verb: Verb, caller: &Caller<'_>) -> Status {
    let kind = verb.name();
    match verb {
        Verb::Run(args) => say(caller, kind, Unread::Told, run::carry_out(*args, caller)),
        Verb::Create(args) => say(caller, kind, Unread::Told, create::carry_out(*args, caller)),
        Verb::Start(args) => say(caller, kind, Unread::Told, start::carry_out(&args, caller)),
        Verb::Restart(args) => say(caller, kind, Unread::Told, restart::carry_out(args, caller)),
        Verb::Tag(args) => say(caller, kind, Unread::Told, tag::carry_out(args, caller)),
        Verb::Status(args) => say(caller, kind, Unread::Fine, status::carry_out(&args, caller)),
        Verb::List(args) => say(caller, kind, Unread::Fine, list::carry_out(args, caller)),
        Verb::Ps(args) => say(caller, kind, Unread::Fine, list::carry_out_ps(args, caller)),
        Verb::Tail(args) => say(caller, kind, Unread::Fine, tail::carry_out(args, caller)),
        Verb::Logs(args) => logs::carry_out(args, caller),
        Verb::Events(args) => events::carry_out(&args, caller),
        Verb::Wait(args) => say(caller, kind, Unread::Fine, wait::carry_out(args, caller)),
        Verb::Kill(args) => say(caller, kind, Unread::Told, kill::carry_out(args, caller)),
        Verb::Schema(args) => say(caller, kind, Unread::Fine, schema::carry_out(&args)),
        Verb::Recover(args) => say(
            caller,
            kind,
            Unread::Told,
            recover::carry_out(&args, caller),
        ),
        Verb::Doctor(args) => say(caller, kind, Unread::Fine, doctor::carry_out(&args, caller)),
        Verb::Exec(_) | Verb::Supervise => Exit::Usage.into(),
    }
}

fn style(asked: Option<Format>, environment: &Environment) -> Result<Style, Failure> {
    let format = match asked {
        Some(format) => Some(format),
        None => environment.format()?,
    };
    Ok(guessed_style(format))
}

fn guessed_style(format: Option<Format>) -> Style {
    let terminal = output::is_terminal();
    let guess = if terminal { Format::Text } else { Format::Json };
    Style {
        format: format.unwrap_or(guess),
        pretty: terminal,
        width: if terminal { output::width() } else { None },
    }
}

/// Answers a command line that could not be understood, or that asks for help.
fn refuse(error: &clap::Error, typed: &[OsString], environment: &Environment) -> Status {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let text = error.render();
        let text = if output::is_terminal() && !environment.no_color() {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        return write(&text.into_bytes().into(), Exit::Ok.into(), Unread::Fine);
    }
    let typed = Typed::new(typed);
    let verb = typed.verb.as_deref();
    let failure = args::failure(error, verb);
    if verb == Some("exec") {
        return exec::say_failure(typed.format, &failure);
    }
    // What `FOSTER_OUTPUT` says wrongly is not what is wrong here.
    let style = style(typed.format, environment).unwrap_or_else(|_| guessed_style(None));
    let bare = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if bare && style.format == Format::Text {
        output::write_err(error.render().to_string().as_bytes());
        return Exit::Usage.into();
    }
    say_failure(style, verb.unwrap_or("foster"), &failure)
}

/// Writes an answer, and returns how the program is to end.
fn say<T: Serialize + Text>(
    caller: &Caller<'_>,
    kind: &str,
    unread: Unread,
    result: Result<Outcome<T>, Failure>,
) -> Status {
    match result {
        Ok(outcome) => {
            let rendered = render::answer(caller.style, kind, &outcome);
            write(&rendered, Status::of(outcome.error.as_ref()), unread)
        }
        Err(failure) => say_failure(caller.style, kind, &failure),
    }
}

fn say_failure(style: Style, kind: &str, failure: &Failure) -> Status {
    let rendered = render::failure(style, kind, failure.body());
    write(&rendered, Status::of(Some(failure.body())), Unread::Told)
}

fn write(rendered: &Rendered, status: Status, unread: Unread) -> Status {
    let written = output::write_out(&rendered.out);
    output::write_err(&rendered.err);
    match written {
        Err(error) if !(unread == Unread::Fine && error.kind() == io::ErrorKind::BrokenPipe) => {
            output::write_err(format!("error: the answer can't be written: {error}\n").as_bytes());
            if unread == Unread::Told {
                // Something was done, and whoever asked must be able to find it again.
                output::write_err(&rendered.out);
            }
            status.or_failure()
        }
        _ => status,
    }
}
