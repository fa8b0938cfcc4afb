use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use foster_model::{
    Frequency, InvalidDuration, InvalidSelector, InvalidSize, JobName, JobSelector, MatchStream,
    NativeString, PhaseSpec, State, Stragglers, Tag, Target, parse_duration, parse_size,
};
use foster_service::{Containment, EnvSetting, ServiceError, Since};

pub use super::choice::{
    cause, count, cursor, listen, moment, name_pattern, sort_by, stream, tag_pattern,
};
use crate::args::form::{Format, When};

/// A value was refused: why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// What `none` can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<T> {
    /// `none`
    None,
    /// A value.
    At(T),
}

impl<T> From<Limit<T>> for Option<T> {
    fn from(limit: Limit<T>) -> Self {
        match limit {
            Limit::None => None,
            Limit::At(value) => Some(value),
        }
    }
}

/// Returns a refusal with what to write instead.
pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Refused {
    Refused {
        message: message.into(),
        hint: Some(hint.into()),
    }
}

/// Reads a duration with its unit.
pub fn duration(text: &str) -> Result<Duration, Refused> {
    parse_duration(text).map_err(|error| match error {
        InvalidDuration::NoUnit(n) => refused(
            format!("{n:?} has no unit"),
            format!("write {n}s, {n}ms, {n}m or {n}h"),
        ),
        InvalidDuration::Malformed(text) => refused(
            format!("{text:?} is not a duration"),
            "write 500ms, 5s, 2m or 1h",
        ),
    })
}

/// Reads a size with its unit.
pub fn size(text: &str) -> Result<u64, Refused> {
    parse_size(text).map_err(|error| match error {
        InvalidSize::NoUnit(n) => refused(
            format!("{n:?} has no unit"),
            format!("write {n}B, {n}KiB or {n}MiB"),
        ),
        InvalidSize::Malformed(text) => refused(
            format!("{text:?} is not a size"),
            "write 512B, 64KiB, 10MiB or 1GiB",
        ),
    })
}

/// Reads a deadline: a duration, or `none`.
pub fn deadline(text: &str) -> Result<Limit<Duration>, Refused> {
    match text {
        "none" => Ok(Limit::None),
        _ => duration(text).map(Limit::At),
    }
}

/// Reads a job's timeout: a duration that is not zero, or `none`.
pub fn timeout(text: &str) -> Result<Limit<Duration>, Refused> {
    match deadline(text)? {
        Limit::At(Duration::ZERO) => {
            let message = "it would end the job as soon as it starts";
            Err(refused(message, "write none for a job without a timeout"))
        }
        limit => Ok(limit),
    }
}

/// Reads how long a job may print nothing: a duration that is not zero, or `none`.
pub fn idle_timeout(text: &str) -> Result<Limit<Duration>, Refused> {
    match deadline(text)? {
        Limit::At(Duration::ZERO) => {
            let message = "no job prints without a pause";
            Err(refused(message, "write none for a job that may be silent"))
        }
        limit => Ok(limit),
    }
}

/// The shortest interval at which something is refreshed for no other reason.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Reads how often something is refreshed: a duration that is not too short, or `none`.
pub fn interval(text: &str) -> Result<Limit<Duration>, Refused> {
    match deadline(text)? {
        Limit::At(every) if every < SHORTEST_INTERVAL => Err(refused(
            "that is too often",
            "write 100ms or more, or none for only when something happens",
        )),
        limit => Ok(limit),
    }
}

/// Reads a cap: a size, or `none`.
pub fn cap(text: &str) -> Result<Limit<u64>, Refused> {
    match text {
        "none" => Ok(Limit::None),
        _ => size(text).map(Limit::At),
    }
}

/// Reads where `logs` begins: an offset in the stream, or a moment.
pub fn since(text: &str) -> Result<Since, Refused> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let hint = "write an offset in bytes, such as 4096, a duration with its unit, such as 5m, or a \
                time, such as 2026-11-20T08:00:00Z";
    if digits {
        let offset = text.parse().map(Since::Offset);
        return offset.map_err(|_| refused(format!("{text:?} is too large"), hint));
    }
    let moment = text.parse().map(Since::Moment);
    moment.map_err(|_| {
        let message = format!("{text:?} is neither an offset nor a duration nor a time");
        refused(message, hint)
    })
}

/// Reads the phases of an escalation, such as `INT:2s,TERM:5s`.
pub fn escalation(text: &str) -> Result<Vec<PhaseSpec>, Refused> {
    text.split(',').map(phase).collect()
}

fn phase(text: &str) -> Result<PhaseSpec, Refused> {
    match text.split_once(':') {
        Some((signal, grace)) if !signal.trim().is_empty() => Ok(PhaseSpec {
            signal: signal.trim().to_owned(),
            grace: duration(grace)?,
        }),
        _ => Err(refused(
            format!("{text:?} is not a signal with a grace period"),
            "write phases such as INT:2s,TERM:5s; KILL follows the last one",
        )),
    }
}

/// Reads a tag.
pub fn tag(text: &str) -> Result<Tag, Refused> {
    Tag::try_from(text.to_owned()).map_err(|error| label(&error))
}

/// Reads a job's name.
pub fn name(text: &str) -> Result<JobName, Refused> {
    JobName::try_from(text.to_owned()).map_err(|error| label(&error))
}

/// Returns the refusal of a name or of a tag.
pub fn label(error: &foster_model::InvalidLabel) -> Refused {
    let text = error.to_string();
    match text.split_once(": use ") {
        Some((message, rest)) => refused(message, format!("use {rest}")),
        None => Refused {
            message: text,
            hint: None,
        },
    }
}

/// Reads `NAME=VALUE`, or `NAME` for the caller's value; neither need be UTF-8.
pub fn variable() -> impl TypedValueParser<Value = EnvSetting> {
    OsStringValueParser::new().try_map(|text| {
        let bytes = text.as_bytes();
        let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
            None => (bytes, None),
        };
        if name.is_empty() {
            let hint = "write NAME=VALUE, or NAME for the value that it has here";
            return Err(refused("the variable has no name", hint));
        }
        let own = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        Ok(EnvSetting {
            name: own(name),
            value: value.map(own),
        })
    })
}

/// Reads one of a few words.
pub fn words<T: Copy + Send + Sync + 'static>(
    table: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(table.iter().map(|(word, _)| *word)).try_map(|text| {
        let found = table.iter().find(|(word, _)| *word == text);
        // The parser before has let nothing else through.
        found.map(|(_, value)| *value).ok_or(Refused {
            message: "unknown".to_owned(),
            hint: None,
        })
    })
}

/// Reads a containment.
pub fn containment() -> impl TypedValueParser<Value = Containment> {
    words(&[
        ("auto", Containment::Auto),
        ("cgroup", Containment::Cgroup),
        ("subreaper", Containment::Subreaper),
        ("group", Containment::Group),
        ("pidns", Containment::PidNamespace),
    ])
}

/// Reads the form of an answer.
pub fn format() -> impl TypedValueParser<Value = Format> {
    words(&Format::WORDS)
}

/// Reads when colours are used.
pub fn when() -> impl TypedValueParser<Value = When> {
    words(&When::WORDS)
}

/// Reads what of the configuration is shown.
pub fn config_part() -> impl TypedValueParser<Value = super::config::Part> {
    words(&[
        ("show", super::config::Part::Show),
        ("path", super::config::Part::Path),
    ])
}

/// Reads the name of a shell.
pub fn shell() -> impl TypedValueParser<Value = &'static str> {
    words(&[
        ("bash", "bash"),
        ("zsh", "zsh"),
        ("fish", "fish"),
        ("powershell", "powershell"),
    ])
}

/// Reads a job's state.
pub fn state() -> impl TypedValueParser<Value = State> {
    words(&[
        ("created", State::Created),
        ("running", State::Running),
        ("exited", State::Exited),
        ("killed", State::Killed),
        ("failed", State::Failed),
        ("lost", State::Lost),
    ])
}

/// Reads what happens to stragglers.
pub fn stragglers() -> impl TypedValueParser<Value = Stragglers> {
    words(&[
        ("kill", Stragglers::Kill),
        ("wait", Stragglers::Wait),
        ("leave", Stragglers::Leave),
    ])
}

/// Reads the words of a command as a JSON array.
pub fn argv(text: &str) -> Result<Vec<NativeString>, Refused> {
    let words: Option<Vec<String>> = serde_json::from_str(text).ok();
    match words {
        Some(words) if words.first().is_some_and(|word| !word.is_empty()) => {
            Ok(words.into_iter().map(NativeString::from).collect())
        }
        _ => Err(refused(
            "it is not a JSON array of words",
            "write '[\"prog\",\"arg\"]', or give a shell's line by --notify-shell",
        )),
    }
}

/// Reads which stream is looked at.
pub fn match_stream() -> impl TypedValueParser<Value = MatchStream> {
    words(&[
        ("stdout", MatchStream::Stdout),
        ("stderr", MatchStream::Stderr),
        ("either", MatchStream::Either),
    ])
}

/// Reads how often a pattern is told of.
pub fn frequency() -> impl TypedValueParser<Value = Frequency> {
    words(&[("once", Frequency::Once), ("every", Frequency::Every)])
}

/// Reads whom a signal goes to.
pub fn target() -> impl TypedValueParser<Value = Target> {
    words(&[
        ("leader", Target::Leader),
        ("group", Target::Group),
        ("tree", Target::Tree),
    ])
}

/// Returns the job that is named so. This is no parser of the command line's: what can't name a job
/// has an error code of its own.
pub fn selector(text: &OsStr) -> Result<JobSelector, ServiceError> {
    match text.to_str() {
        Some(text) => Ok(text.parse()?),
        None => Err(InvalidSelector(text.to_string_lossy().into_owned()).into()),
    }
}

/// Returns the jobs that are named so.
pub fn selectors(texts: &[OsString]) -> Result<Vec<JobSelector>, ServiceError> {
    texts.iter().map(|text| selector(text)).collect()
}
