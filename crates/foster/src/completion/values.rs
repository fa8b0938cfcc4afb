use std::ffi::OsStr;

use clap_complete::CompletionCandidate;
use foster_model::State;
use foster_service::{Labels, Signal};

use super::Asker;
use crate::render::text;

/// The longest command that is shown beside a job, in characters.
const LONGEST: usize = 60;

/// Those beyond it have numbers for names.
const LAST_NAMED_SIGNAL: i32 = 31;

/// Returns the states of the jobs that a verb can do something with; none for all of them.
fn states(verb: &str) -> &'static [State] {
    match verb {
        "kill" | "send" | "deadline" | "processes" | "attach" => &[State::Running],
        "start" => &[State::Created],
        "wait" => &[State::Created, State::Running],
        "delete" => &[
            State::Created,
            State::Exited,
            State::Killed,
            State::Failed,
            State::Lost,
        ],
        _ => &[],
    }
}

/// Returns what jobs can be called by, those of the asker's directory first.
pub fn jobs(asker: &Asker, verb: &str, typed: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(context), Some(typed)) = (&asker.context, typed.to_str()) else {
        return Vec::new();
    };
    let found = foster_service::callable(context, states(verb), typed);
    let in_order = found.unwrap_or_default().into_iter().enumerate();
    in_order
        .map(|(order, job)| {
            let mut command: String = text::plain(&job.command).chars().take(LONGEST).collect();
            if command.len() < job.command.len() && !command.ends_with('…') {
                command.push('…');
            }
            CompletionCandidate::new(job.text)
                .help(Some(format!("{}: {command}", job.state).into()))
                .display_order(Some(order))
        })
        .collect()
}

/// Returns the marks that jobs bear.
pub fn tags(asker: &Asker, typed: &OsStr) -> Vec<CompletionCandidate> {
    plain(&labels(asker).tags, typed)
}

/// Returns the names that jobs have.
pub fn names(asker: &Asker, typed: &OsStr) -> Vec<CompletionCandidate> {
    plain(&labels(asker).names, typed)
}

/// Returns the groups that jobs are in.
pub fn groups(asker: &Asker, typed: &OsStr) -> Vec<CompletionCandidate> {
    plain(&labels(asker).groups, typed)
}

fn labels(asker: &Asker) -> Labels {
    let labels = asker.context.as_ref().map(foster_service::labels);
    labels.and_then(Result::ok).unwrap_or_default()
}

/// Returns the signals of the system, as they are spelled by whoever asks: `sigt` is `SIGTERM`.
pub fn signals(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str().map(str::to_ascii_uppercase) else {
        return Vec::new();
    };
    let prefix = if typed.starts_with("SIG") { "SIG" } else { "" };
    let known = (1..=LAST_NAMED_SIGNAL).filter_map(|number| Signal::from_number(number).ok());
    let named = known.map(|signal| (format!("{prefix}{}", signal.name()), signal));
    named
        .filter(|(name, _)| name.starts_with(&typed))
        .enumerate()
        .map(|(order, (name, signal))| {
            CompletionCandidate::new(name)
                .help(Some(signal.number().to_string().into()))
                .display_order(Some(order))
        })
        .collect()
}

/// Returns the variables that the asker has.
pub fn variables(asker: &Asker, typed: &OsStr) -> Vec<CompletionCandidate> {
    let names = asker.variables.iter().filter_map(|name| name.to_str());
    let names: Vec<_> = names.map(str::to_owned).collect();
    plain(&names, typed)
}

/// Returns those of the words that begin as what was typed.
pub fn plain(words: &[String], typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else {
        return Vec::new();
    };
    let begun = words.iter().filter(|word| word.starts_with(typed));
    begun.map(CompletionCandidate::new).collect()
}
