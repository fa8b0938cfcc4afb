use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use foster_model::{Stragglers, parse_duration, parse_size};
use foster_process::Containment;

/// In which form answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnswerForm {
    /// Text on a terminal, else JSON.
    #[default]
    Auto,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// Text for people.
    Text,
}

/// How a value is written in TOML; elsewhere all of them are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A string.
    Text,
    /// An integer.
    Integer,
    /// An integer, or the string `none`.
    IntegerOrNone,
    /// `true` or `false`.
    Boolean,
}

/// What a setting can be.
#[derive(Clone, Copy)]
pub(super) struct Kind<T> {
    /// What is expected, for people.
    pub expects: &'static str,
    /// How it is written in TOML.
    pub form: Form,
    /// Reads it.
    pub read: fn(&OsStr) -> Result<T, String>,
}

/// A duration.
pub(super) const DURATION: Kind<Duration> = Kind {
    expects: r#"a duration, such as "5s""#,
    form: Form::Text,
    read: |text| parse_duration(utf8(text)?).map_err(|error| error.to_string()),
};

/// A duration, or `none`.
pub(super) const DURATION_OR_NONE: Kind<Option<Duration>> = Kind {
    expects: r#"a duration, such as "5s", or "none""#,
    form: Form::Text,
    read: |text| or_none(text, DURATION.read),
};

/// A size in bytes.
pub(super) const SIZE: Kind<u64> = Kind {
    expects: r#"a size, such as "64KiB""#,
    form: Form::Text,
    read: |text| parse_size(utf8(text)?).map_err(|error| error.to_string()),
};

/// A size in bytes, or `none`.
pub(super) const SIZE_OR_NONE: Kind<Option<u64>> = Kind {
    expects: r#"a size, such as "1GiB", or "none""#,
    form: Form::Text,
    read: |text| or_none(text, SIZE.read),
};

/// A count.
pub(super) const COUNT: Kind<usize> = Kind {
    expects: "a number, such as 50",
    form: Form::Integer,
    read: |text| {
        let number = utf8(text)?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = || format!("{number:?} is not a number, such as 50");
        if digits {
            number.parse().map_err(|_| wrong())
        } else {
            Err(wrong())
        }
    },
};

/// A count, or `none`.
pub(super) const COUNT_OR_NONE: Kind<Option<usize>> = Kind {
    expects: r#"a number, such as 50, or "none""#,
    form: Form::IntegerOrNone,
    read: |text| or_none(text, COUNT.read),
};

/// An address with a port, or `none`.
pub(super) const ADDRESS_OR_NONE: Kind<Option<SocketAddr>> = Kind {
    expects: r#"an address with a port, such as "127.0.0.1:7878", or "none""#,
    form: Form::Text,
    read: |text| {
        or_none(text, |text| {
            let text = utf8(text)?;
            let wrong = |_| format!("{text:?} is not an address with a port");
            text.parse().map_err(wrong)
        })
    },
};

/// Yes or no.
pub(super) const SWITCH: Kind<bool> = Kind {
    expects: "true or false",
    form: Form::Boolean,
    read: |text| word(text, &[("true", true), ("false", false)]),
};

/// A path; none where the caller knows none.
pub(super) const PATH: Kind<Option<PathBuf>> = Kind {
    expects: "a path",
    form: Form::Text,
    read: |text| Ok((!text.is_empty()).then(|| text.into())),
};

/// A form of answers.
pub(super) const ANSWER_FORM: Kind<AnswerForm> = Kind {
    expects: r#""auto", "json", "yaml" or "text""#,
    form: Form::Text,
    read: |text| {
        let words = [
            ("auto", AnswerForm::Auto),
            ("json", AnswerForm::Json),
            ("yaml", AnswerForm::Yaml),
            ("text", AnswerForm::Text),
        ];
        word(text, &words)
    },
};

/// A containment.
pub(super) const CONTAINMENT: Kind<Containment> = Kind {
    expects: r#""auto", "cgroup", "subreaper", "group" or "pidns""#,
    form: Form::Text,
    read: |text| Containment::from_str(utf8(text)?).map_err(|error| error.to_string()),
};

/// What happens to stragglers.
pub(super) const STRAGGLERS: Kind<Stragglers> = Kind {
    expects: r#""kill", "wait" or "leave""#,
    form: Form::Text,
    read: |text| {
        let words = [
            ("kill", Stragglers::Kill),
            ("wait", Stragglers::Wait),
            ("leave", Stragglers::Leave),
        ];
        word(text, &words)
    },
};

fn utf8(text: &OsStr) -> Result<&str, String> {
    text.to_str()
        .ok_or_else(|| format!("{text:?} is not text in UTF-8"))
}

fn or_none<T>(text: &OsStr, read: fn(&OsStr) -> Result<T, String>) -> Result<Option<T>, String> {
    if text == "none" {
        Ok(None)
    } else {
        read(text).map(Some)
    }
}

fn word<T: Copy>(text: &OsStr, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| text == *word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        format!("{text:?} is none of {}", known.join(", "))
    })
}
