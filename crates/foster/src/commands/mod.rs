//! What is done for each verb: arguments become a request, and the service's answer is handed on.

mod be_notifier;
mod completions;
mod config;
mod create;
mod deadline;
mod delete;
mod doctor;
mod door;
mod events;
mod exec;
mod gc;
mod install_skill;
mod kill;
mod lines;
mod list;
mod logs;
mod man;
mod next_command;
mod notify;
mod processes;
mod recover;
mod restart;
mod run;
mod schema;
mod send;
mod serve;
mod start;
mod status;
mod supervise;
mod tag;
mod tail;
mod ui;
mod wait;
mod watch;

use std::ffi::OsString;
use std::io;

use clap::ArgMatches;
use clap::error::ErrorKind;
use foster_api::Failure;
use foster_api::args::Format;
use foster_api::args::{self, Cli, Common, Typed, Verb};
use foster_model::Exit;
use foster_service::{Containment, Context, Outcome, ServiceError};
use serde::Serialize;

use crate::completion;
use crate::configuration::Configuration;
use crate::environment::{Environment, Needs};
use crate::exit::Status;
use crate::output::{self, Colors};
use crate::render::{self, Rendered, Style, Text};

/// Who calls, and how answers are to look.
struct Caller<'a> {
    common: &'a Common,
    environment: &'a Environment,
    configuration: &'a Configuration,
    style: Style,
}

impl Caller<'_> {
    fn context(&self, needs: Needs) -> Result<Context, Failure> {
        self.configuration
            .context(self.common, None, self.environment, needs)
    }

    fn launching_context(&self, containment: Option<Containment>) -> Result<Context, Failure> {
        let needs = Needs::Launch;
        self.configuration
            .context(self.common, containment, self.environment, needs)
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
    if let Some(shell) = environment.completing_shell() {
        return completion::answer(shell, typed, environment);
    }
    let parsed = match args::parse(typed) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error, typed, environment),
    };
    let name = parsed.0.verb.name();
    // A command and its secrets are in nobody's list of processes for longer than it takes to read
    // them. Where the system shows them all the same, it is said in docs/platforms.md.
    let _ = foster_service::hide_arguments(&format!("foster {name}"));
    if name != "exec" {
        // Blocked also where no descriptor is left. What `exec` executes gets the signals as they are, and
        // nothing is recorded of it.
        let _ = foster_service::survive_size_limit();
    }
    match parsed.0.verb {
        Verb::Supervise => return supervise::carry_out(),
        Verb::BeNotifier => return be_notifier::carry_out(),
        _ => {}
    }
    let asked = parsed.0.common.format().ok().flatten();
    let colors = output::colors(parsed.0.common.color, environment);
    match configured(parsed, typed, environment) {
        Ok((cli, configuration, style)) => {
            let caller = Caller {
                common: &cli.common,
                environment,
                configuration: &configuration,
                style,
            };
            dispatch(cli.verb, typed, &caller)
        }
        Err(failure) if name == "exec" => exec::say_failure(asked, colors, &failure),
        Err(failure) => say_failure(guessed_style(asked, colors), name, &failure),
    }
}

/// Reads the configuration, and with it what was typed once more.
fn configured(
    parsed: (Cli, ArgMatches),
    typed: &[OsString],
    environment: &Environment,
) -> Result<(Cli, Configuration, Style), Failure> {
    let common = &parsed.0.common;
    let asked = common.format()?;
    let mut configuration = Configuration::load(Some(common), environment)?;
    // They tell what is wrong with the file, or read nothing of it: a shell that sources the
    // completions at its start would have to execute the refusal.
    let tolerant = matches!(
        parsed.0.verb,
        Verb::Config(_) | Verb::Doctor(_) | Verb::Completions(_) | Verb::Man(_)
    );
    if !tolerant {
        configuration.refuse()?;
    }
    let format = match asked {
        // `exec` writes no answer, and says what is wrong as text.
        None if !matches!(parsed.0.verb, Verb::Exec(_)) => configuration.format()?,
        asked => asked,
    };
    let cli =
        args::parse_configured(parsed, typed, &configuration.config).map_err(ServiceError::from)?;
    let style = guessed_style(format, output::colors(cli.common.color, environment));
    Ok((cli, configuration, style))
}

fn dispatch(verb: Verb, typed: &[OsString], caller: &Caller<'_>) -> Status {
    let kind = verb.name();
    match verb {
        Verb::Exec(args) => exec::carry_out(args, caller),
        Verb::Run(args) => say(caller, kind, Unread::Told, run::carry_out(*args, caller)),
        Verb::Create(args) => say(caller, kind, Unread::Told, create::carry_out(*args, caller)),
        Verb::Start(args) => say(caller, kind, Unread::Told, start::carry_out(&args, caller)),
        Verb::Restart(args) => say(caller, kind, Unread::Told, restart::carry_out(args, caller)),
        Verb::Delete(args) => say(caller, kind, Unread::Told, delete::carry_out(args, caller)),
        Verb::Gc(args) => say(caller, kind, Unread::Told, gc::carry_out(&args, caller)),
        Verb::Notify(args) => say(caller, kind, Unread::Told, notify::carry_out(args, caller)),
        Verb::Send(args) => say(caller, kind, Unread::Told, send::carry_out(args, caller)),
        Verb::Deadline(args) => say(
            caller,
            kind,
            Unread::Told,
            deadline::carry_out(args, caller),
        ),
        Verb::Tag(args) => say(caller, kind, Unread::Told, tag::carry_out(args, caller)),
        Verb::Status(args) => say(caller, kind, Unread::Fine, status::carry_out(&args, caller)),
        Verb::Processes(args) => say(
            caller,
            kind,
            Unread::Fine,
            processes::carry_out(&args, caller),
        ),
        Verb::List(args) => list::carry_out(args, caller),
        Verb::Ps(args) => list::carry_out_ps(args, caller),
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
        Verb::Serve(args) => serve::carry_out(&args, caller),
        Verb::Ui(args) => ui::carry_out(&args, caller),
        Verb::InstallSkill(args) => say(
            caller,
            kind,
            Unread::Told,
            install_skill::carry_out(args, caller),
        ),
        Verb::Config(args) => say(
            caller,
            kind,
            Unread::Fine,
            Ok(config::carry_out(&args, caller)),
        ),
        Verb::Completions(args) => {
            let program = typed.first().map(OsString::as_os_str);
            completions::carry_out(&args, program, caller.style)
        }
        Verb::Man(args) => man::carry_out(&args, caller.style),
        Verb::Supervise | Verb::BeNotifier => Exit::Usage.into(),
    }
}

fn guessed_style(format: Option<Format>, colors: Colors) -> Style {
    let terminal = output::is_terminal();
    let guess = if terminal { Format::Text } else { Format::Json };
    Style {
        format: format.unwrap_or(guess),
        pretty: terminal,
        terminal,
        width: if terminal { output::width() } else { None },
        colors,
    }
}

/// Answers a command line that could not be understood, or that asks for help.
fn refuse(error: &clap::Error, typed: &[OsString], environment: &Environment) -> Status {
    let said = Typed::new(typed);
    let colors = output::colors(said.color, environment);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let text = error.render();
        let text = if colors.out {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        return write(&text.into_bytes().into(), Exit::Ok.into(), Unread::Fine);
    }
    let verb = said.verb.as_deref();
    let failure = args::failure(error, verb);
    if verb == Some("exec") {
        return exec::say_failure(said.format, colors, &failure);
    }
    // What is configured wrongly is not what is wrong here.
    let configuration = Configuration::load(None, environment);
    let set = configuration.and_then(|configuration| configuration.format());
    let style = guessed_style(said.format.or(set.ok().flatten()), colors);
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
        Err(failure) => {
            let failure = failure.hinting(|hint| caller.follow_up(hint, None));
            say_failure(caller.style, kind, &failure)
        }
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
