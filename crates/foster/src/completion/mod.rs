//! What a shell is told when it asks what could be typed next.
//!
//! The definition of the command line is what help is made of; here each argument whose values only the
//! jobs, the system or the directory know gets somebody who knows them, by the name of its value: a new
//! verb with a JOB is completed without another word. A shell that asks must never be disturbed: whatever
//! goes wrong, the answer is that nothing is known.

mod values;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::Shells;
use foster_api::args;
use foster_model::Exit;
use foster_service::{Containment, Context};

use crate::configuration::Configuration;
use crate::environment::{COMPLETE, Environment, Needs};
use crate::exit::Status;
use crate::output;

/// Returns what the shell is to read at its start. `program` is how it is to call this one.
pub fn script(shell: &str, program: &str) -> io::Result<Vec<u8>> {
    let unknown = || io::Error::other(format!("unknown shell {shell:?}"));
    let shells = Shells::builtins();
    let shell = shells.completer(shell).ok_or_else(unknown)?;
    let mut script = Vec::new();
    shell.write_registration(COMPLETE, "foster", "foster", program, &mut script)?;
    Ok(script)
}

/// Tells the shell what could be typed: `typed` is this program, `--`, and the words so far.
pub fn answer(shell: &OsStr, typed: &[OsString], environment: &Environment) -> Status {
    let mut words = typed
        .iter()
        .skip_while(|word| *word != "--")
        .skip(1)
        .cloned();
    let words: Vec<_> = words.by_ref().collect();
    let mut told = Vec::new();
    let shells = Shells::builtins();
    let shell = Path::new(shell)
        .file_stem()
        .unwrap_or(shell)
        .to_string_lossy();
    if let Some(shell) = shells.completer(&shell).filter(|_| !words.is_empty()) {
        let directory = std::env::current_dir().ok();
        let mut command = definition(Arc::new(Asker::new(&words, environment)));
        let written = shell.write_complete(&mut command, words, directory.as_deref(), &mut told);
        if written.is_err() {
            told.clear();
        }
    }
    // Nobody who completes wants to hear why not.
    let _ = output::write_out(&told);
    Exit::Ok.into()
}

/// Who asks, and of which jobs.
struct Asker {
    /// Nothing, if it can't be found out.
    context: Option<Context>,
    variables: Vec<OsString>,
}

impl Asker {
    fn new(words: &[OsString], environment: &Environment) -> Self {
        let file = option(words, "--config");
        let root = option(words, "--root").or_else(|| {
            let configuration = Configuration::read(file.as_deref(), &[], environment).ok()?;
            configuration.config.settings.general.root
        });
        let containment = Containment::default();
        let context = |root| {
            environment
                .context(root, containment, None, Needs::Root)
                .ok()
        };
        let names = environment.variables().iter().map(|(name, _)| name.clone());
        Self {
            context: root.and_then(context),
            variables: names.collect(),
        }
    }
}

/// Returns the value of an option among words that need not be a whole command line.
fn option(words: &[OsString], name: &str) -> Option<PathBuf> {
    let with_value = format!("{name}=");
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == name {
            return words.next().map(PathBuf::from);
        }
        let value = word
            .to_str()
            .and_then(|word| word.strip_prefix(&with_value));
        if let Some(value) = value {
            return Some(value.into());
        }
    }
    None
}

fn definition(asker: Arc<Asker>) -> Command {
    let command = args::command();
    let verbs: Vec<_> = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .map(|verb| verb.get_name().to_owned())
        .collect();
    command.mut_subcommands(|verb| {
        let name = verb.get_name().to_owned();
        verb.mut_args(|arg| completed(arg, &name, &asker, &verbs))
    })
}

/// Gives an argument somebody who knows its values, if there is one.
fn completed(arg: Arg, verb: &str, asker: &Arc<Asker>, verbs: &[String]) -> Arg {
    let asker = Arc::clone(asker);
    let value = arg.get_value_names().and_then(<[_]>::first);
    let value = value.map(|name| name.as_str().to_owned());
    let completer = match (arg.get_id().as_str(), value.as_deref()) {
        (_, Some("JOB")) => {
            let verb = verb.to_owned();
            ArgValueCompleter::new(move |typed: &OsStr| values::jobs(&asker, &verb, typed))
        }
        (_, Some("TAG")) => {
            ArgValueCompleter::new(move |typed: &OsStr| values::tags(&asker, typed))
        }
        ("signal", _) => ArgValueCompleter::new(values::signals),
        ("name", _) if matches!(verb, "list" | "ps") => {
            ArgValueCompleter::new(move |typed: &OsStr| values::names(&asker, typed))
        }
        ("group", _) => ArgValueCompleter::new(move |typed: &OsStr| values::groups(&asker, typed)),
        ("mask" | "redact" | "env", _) => {
            ArgValueCompleter::new(move |typed: &OsStr| values::variables(&asker, typed))
        }
        (_, Some("VERB")) => {
            let verbs = verbs.to_vec();
            ArgValueCompleter::new(move |typed: &OsStr| values::plain(&verbs, typed))
        }
        (_, Some("DIR")) => return arg.value_hint(ValueHint::DirPath),
        (_, Some("PATH" | "FILE" | "CMD")) => return arg.value_hint(ValueHint::AnyPath),
        _ => return arg,
    };
    arg.add(completer)
}
