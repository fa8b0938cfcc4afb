use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use foster_model::Stragglers;
use foster_process::Containment;

use super::error::ConfigError;
use super::kind::{
    ADDRESS_OR_NONE, ANSWER_FORM, AnswerForm, CONTAINMENT, COUNT, COUNT_OR_NONE, DURATION,
    DURATION_OR_NONE, Form, PATH, SIZE, SIZE_OR_NONE, STRAGGLERS, SWITCH,
};

/// The section whose keys stand at the top of the file, under no heading.
const TOP: &str = "general";

/// One setting: the row of the table.
pub struct Key {
    /// The section that it stands in; the first is the top of the file.
    section: &'static str,
    /// Its name within the section.
    pub name: &'static str,
    /// What it is, for people.
    pub meaning: &'static str,
    /// The value that it has if nobody says otherwise; `None` where the caller knows it.
    pub default: Option<&'static str>,
    /// What can be given, for people.
    pub expects: &'static str,
    pub(super) form: Form,
    pub(super) check: fn(&OsStr) -> Result<(), String>,
}

impl Key {
    /// Returns the section, if it stands in one.
    pub fn section(&self) -> Option<&'static str> {
        (self.section != TOP).then_some(self.section)
    }

    /// Returns how it is called: `output`, `run.drain`.
    pub fn path(&self) -> String {
        match self.section() {
            Some(section) => format!("{section}.{}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Returns the name of its variable: `FOSTER_OUTPUT`, `FOSTER_RUN_DRAIN`.
    pub fn variable(&self) -> String {
        format!("FOSTER_{}", self.path().replace('.', "_").to_uppercase())
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path())
    }
}

/// Returns the key that is called so: `output`, `run.drain`.
pub fn key(path: &str) -> Option<&'static Key> {
    let (section, name) = match path.split_once('.') {
        Some((section, name)) => (Some(section), name),
        None => (None, path),
    };
    KEYS.iter()
        .find(|key| key.name == name && key.section() == section)
}

/// Makes the settings' types and the table of their keys from one list.
macro_rules! settings {
    ($(
        $(#[doc = $about:literal])+
        $section:ident: $Section:ident {
            $(
                $(#[doc = $meaning:literal])+
                $name:ident: $type:ty, $kind:ident, $default:expr;
            )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $Section {
                $($(#[doc = $meaning])+ pub $name: $type,)+
            }
        )+

        /// What is set, whichever way. The defaults of options that were not typed.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $($(#[doc = $about])+ pub $section: $Section,)+
        }

        /// Every setting, in the order in which they are shown.
        pub static KEYS: &[Key] = &[
            $($(Key {
                section: stringify!($section),
                name: stringify!($name),
                meaning: concat!($($meaning),+),
                default: $default,
                expects: $kind.expects,
                form: $kind.form,
                check: |text| ($kind.read)(text).map(drop),
            },)+)+
        ];

        impl Settings {
            /// Reads the values that `text` returns, one for each key in their order.
            pub(super) fn read<'a>(
                mut text: impl FnMut(&'static Key) -> Result<&'a OsStr, ConfigError>,
            ) -> Result<Self, ConfigError> {
                let mut keys = KEYS.iter();
                let mut next = move || {
                    let key = keys.next().ok_or_else(|| unreadable("?", String::new()))?;
                    Ok::<_, ConfigError>((key, text(key)?))
                };
                Ok(Self {
                    $($section: $Section {
                        $($name: {
                            let (key, text) = next()?;
                            ($kind.read)(text).map_err(|reason| unreadable(&key.path(), reason))?
                        },)+
                    },)+
                })
            }
        }
    };
}

/// Says that a value can't be read: only what was typed can come so far unchecked.
fn unreadable(key: &str, reason: String) -> ConfigError {
    ConfigError::Variable {
        variable: key.to_owned(),
        reason,
    }
}

settings! {
    /// What concerns every verb.
    general: General {
        /// Where the jobs are kept
        root: Option<PathBuf>, PATH, None;
        /// In which form answers are written; `auto` is text on a terminal, else JSON
        output: AnswerForm, ANSWER_FORM, Some("auto");
        /// How the trees of new jobs are held
        containment: Containment, CONTAINMENT, Some("auto");
    }
    /// How jobs are run, and how much of their output answers hold.
    run: Run {
        /// How long `run` stays with the job
        snapshot_after: Duration, DURATION, Some("10s");
        /// How many of the last lines of each stream an answer holds at most
        tail_lines: usize, COUNT, Some("50");
        /// How much of each stream an answer holds at most
        max_bytes: u64, SIZE, Some("64KiB");
        /// How long a tree is given between TERM and KILL
        kill_after: Duration, DURATION, Some("5s");
        /// How long output is read after the leader's exit, while somebody holds it
        drain: Duration, DURATION, Some("10s");
        /// How much of each stream is kept on disk
        log_cap: Option<u64>, SIZE_OR_NONE, Some("1GiB");
        /// What happens to processes that the command leaves behind
        stragglers: Stragglers, STRAGGLERS, Some("kill");
    }
    /// How jobs are waited for.
    wait: Wait {
        /// How long `wait` waits at most
        timeout: Option<Duration>, DURATION_OR_NONE, Some("none");
    }
    /// How jobs are listed.
    list: List {
        /// How many jobs a listing has at most
        limit: usize, COUNT, Some("50");
    }
    /// How language models' clients are served.
    mcp: Mcp {
        /// How long a call stays with a job at most; most clients give up after a minute
        max_wait: Option<Duration>, DURATION_OR_NONE, Some("50s");
    }
    /// How jobs are served over HTTP.
    serve: Serve {
        /// Where `serve` listens: an address with a port, or `none` for no TCP
        listen: Option<SocketAddr>, ADDRESS_OR_NONE, Some("127.0.0.1:7878");
    }
    /// Which old jobs are deleted.
    gc: Gc {
        /// Whether old jobs are deleted without being asked for
        auto: bool, SWITCH, Some("true");
        /// How long ago a job must have ended to be deleted
        older_than: Option<Duration>, DURATION_OR_NONE, Some("30d");
        /// How many finished jobs are kept at most
        max_jobs: Option<usize>, COUNT_OR_NONE, Some("none");
        /// How much all finished jobs may hold at most
        max_bytes: Option<u64>, SIZE_OR_NONE, Some("none");
    }
}
