use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{InvalidNotification, NativeString, Secrets};

/// How many sinks and how many rules a job may have each: a notifier tells them side by side.
pub const MOST_SINKS: usize = 16;

/// The time between two notifications of a rule that names none.
pub const DEFAULT_NOTIFY_INTERVAL: Duration = Duration::from_secs(1);

/// The longest pattern of a rule, in bytes.
pub const LONGEST_PATTERN: usize = 4096;

/// Whom a job tells of itself, and of what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notifications {
    /// Who is told that a run of the job is over.
    #[serde(default)]
    pub finish: Vec<Sink>,
    /// Of what in its output somebody is told.
    #[serde(default)]
    pub output: Vec<OutputRule>,
}

/// Where an event goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "sink", rename_all = "snake_case")]
pub enum Sink {
    /// A program gets it on standard input.
    Command {
        /// The program and its arguments. Never empty.
        argv: Vec<NativeString>,
    },
    /// A line for `sh -c` gets it on standard input.
    Shell {
        /// The line.
        line: NativeString,
    },
    /// It is appended to a file, as one line.
    File {
        /// The file, absolute.
        path: NativeString,
    },
    /// It is posted to a server.
    Url {
        /// The address, `http` or `https`.
        url: String,
    },
}

/// When somebody is told of output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputRule {
    /// What is looked for in each line.
    pub pattern: String,
    /// How.
    pub kind: MatchKind,
    /// On which stream.
    pub stream: MatchStream,
    /// How often it is told.
    pub every: Frequency,
    /// The least time between two notifications, in milliseconds. What matches in between is
    /// counted.
    pub interval_ms: u64,
    /// Who is told.
    pub sinks: Vec<Sink>,
}

/// How a pattern is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchKind {
    /// A line holds this text.
    Contains,
    /// A line matches this regular expression (the syntax of Rust's `regex`).
    Regex,
}

/// Which stream is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchStream {
    /// Standard output alone.
    Stdout,
    /// Standard error alone.
    Stderr,
    /// Both, each by itself.
    #[default]
    Either,
}

/// How often a rule tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    /// Of the first match of a run.
    Once,
    /// Of each, as far as its interval allows.
    #[default]
    Every,
}

/// Which notifications are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationParts {
    /// Those of a run's end.
    pub finish: bool,
    /// Those of output.
    pub output: bool,
}

impl Notifications {
    /// Returns whether nobody is told of anything.
    pub fn is_empty(&self) -> bool {
        self.finish.is_empty() && self.output.is_empty()
    }

    /// Returns all sinks, those of the rules included.
    pub fn sinks(&self) -> impl Iterator<Item = &Sink> {
        let of_rules = self.output.iter().flat_map(|rule| &rule.sinks);
        self.finish.iter().chain(of_rules)
    }

    /// Takes some of them away.
    pub fn clear(&mut self, parts: NotificationParts) {
        if parts.finish {
            self.finish.clear();
        }
        if parts.output {
            self.output.clear();
        }
    }

    /// Returns the same as it may be shown: without masked values, and without what of an address
    /// may be a secret.
    #[must_use]
    pub fn concealed(&self, secrets: &Secrets) -> Self {
        let sinks = |sinks: &[Sink]| sinks.iter().map(|sink| sink.concealed(secrets)).collect();
        let rule = |rule: &OutputRule| OutputRule {
            pattern: secrets.conceal_text(&rule.pattern),
            sinks: sinks(&rule.sinks),
            ..rule.clone()
        };
        Self {
            finish: sinks(&self.finish),
            output: self.output.iter().map(rule).collect(),
        }
    }

    /// Returns why they can't be carried out, if they can't. Regular expressions are for those to
    /// check who look for them.
    ///
    /// # Errors
    /// Too many; an empty command, line, pattern or path; an address that is none; a rule without
    /// anybody to tell.
    pub fn check(&self) -> Result<(), InvalidNotification> {
        if self.finish.len() > MOST_SINKS || self.output.len() > MOST_SINKS {
            return Err(InvalidNotification::TooMany { most: MOST_SINKS });
        }
        for rule in &self.output {
            if rule.sinks.is_empty() {
                return Err(InvalidNotification::NoSink);
            }
            if rule.pattern.is_empty() {
                return Err(InvalidNotification::EmptyPattern);
            }
            if rule.pattern.len() > LONGEST_PATTERN || rule.sinks.len() > MOST_SINKS {
                return Err(InvalidNotification::TooLong {
                    most: LONGEST_PATTERN,
                });
            }
        }
        self.sinks().try_for_each(Sink::check)
    }
}

impl Sink {
    /// Returns the word for its kind in answers.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::Shell { .. } => "shell",
            Self::File { .. } => "file",
            Self::Url { .. } => "url",
        }
    }

    /// Returns what it is called in answers. Of a sink that is concealed this
    /// may be shown.
    pub fn target(&self) -> String {
        match self {
            Self::Command { argv } => {
                let words: Vec<_> = argv.iter().map(NativeString::to_lossy).collect();
                words.join(" ")
            }
            Self::Shell { line } => line.to_lossy().into_owned(),
            Self::File { path } => path.to_lossy().into_owned(),
            Self::Url { url } => url.clone(),
        }
    }

    fn concealed(&self, secrets: &Secrets) -> Self {
        let native = |text: &NativeString| secrets.conceal(text.as_bytes());
        match self {
            Self::Command { argv } => Self::Command {
                argv: argv.iter().map(native).collect(),
            },
            Self::Shell { line } => Self::Shell { line: native(line) },
            Self::File { path } => Self::File { path: native(path) },
            Self::Url { url } => Self::Url {
                url: secrets.conceal_text(&conceal_url(url)),
            },
        }
    }

    fn check(&self) -> Result<(), InvalidNotification> {
        let has_nul = |text: &NativeString| text.as_bytes().contains(&0);
        let well = match self {
            Self::Command { argv } => {
                let named = argv.first().is_some_and(|word| !word.as_bytes().is_empty());
                named && !argv.iter().any(has_nul)
            }
            Self::Shell { line } => !line.as_bytes().is_empty() && !has_nul(line),
            Self::File { path } => path.as_bytes().starts_with(b"/") && !has_nul(path),
            Self::Url { url } => return check_url(url),
        };
        let kind = self.kind();
        well.then_some(())
            .ok_or(InvalidNotification::Empty { kind })
    }
}

/// Returns where the parts of an address begin and end: the authority, and the query or fragment.
fn parts(url: &str) -> Option<(usize, usize, usize)> {
    let begin = url.find("://")? + 3;
    let rest = &url[begin..];
    let authority = begin + rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let query = begin + rest.find(['?', '#']).unwrap_or(rest.len());
    Some((begin, authority, query))
}

/// Returns the address without name and password, and without its query, where tokens stand.
fn conceal_url(url: &str) -> String {
    let Some((begin, authority, query)) = parts(url) else {
        return "***".to_owned();
    };
    let host = &url[begin..authority];
    let host = match host.rfind('@') {
        Some(at) => format!("***{}", &host[at..]),
        None => host.to_owned(),
    };
    let tail = if query < url.len() { "?***" } else { "" };
    format!(
        "{}{host}{}{tail}",
        &url[..begin],
        &url[authority..query.max(authority)]
    )
}

fn check_url(url: &str) -> Result<(), InvalidNotification> {
    let lower = url.to_ascii_lowercase();
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        return Err(InvalidNotification::Scheme);
    }
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    let host = parts(url).map(|(begin, authority, _)| &url[begin..authority]);
    let host = host.map(|host| host.rsplit('@').next().unwrap_or_default());
    let named = host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'));
    (printable && named)
        .then_some(())
        .ok_or(InvalidNotification::Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(url: &str) -> Sink {
        Sink::Url {
            url: url.to_owned(),
        }
    }

    #[test]
    fn what_may_be_a_secret_of_an_address_is_concealed() {
        let rows = [
            ("http://h/p", "http://h/p"),
            ("https://u:p@h:1/p?t=s#f", "https://***@h:1/p?***"),
            ("http://h?t", "http://h?***"),
            ("http://h/p#token", "http://h/p?***"),
            ("http://a@b@h/x@y", "http://***@h/x@y"),
            ("nonsense", "***"),
        ];
        for (from, to) in rows {
            let shown = url(from).concealed(&Secrets::default());
            assert_eq!(shown.target(), to);
        }
        let secrets = Secrets::new([b"s3cret".as_slice()]);
        let sink = Sink::Shell {
            line: "curl -H s3cret".into(),
        };
        assert_eq!(sink.concealed(&secrets).target(), "curl -H ***");
        assert_eq!(
            url("http://h/s3cret").concealed(&secrets).target(),
            "http://h/***"
        );
    }

    #[test]
    fn what_can_not_be_told_is_refused() {
        let check = |sink: Sink| {
            Notifications {
                finish: vec![sink],
                output: vec![],
            }
            .check()
        };
        for good in ["http://h", "HTTPS://h:8/p?q", "http://u:p@[::1]:9/"] {
            assert_eq!(check(url(good)), Ok(()), "{good}");
        }
        for bad in [
            "ftp://h",
            "h/p",
            "http://",
            "http:///p",
            "http://u@/",
            "http://a b",
            "http://:8",
            "",
        ] {
            assert!(check(url(bad)).is_err(), "{bad}");
        }
        assert!(check(Sink::Command { argv: vec![] }).is_err());
        assert!(check(Sink::Shell { line: "".into() }).is_err());
        assert!(
            check(Sink::File {
                path: "relative".into()
            })
            .is_err()
        );
        let many = Notifications {
            finish: vec![url("http://h"); MOST_SINKS + 1],
            output: vec![],
        };
        assert!(many.check().is_err());
    }
}
