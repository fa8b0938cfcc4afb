use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use foster_model::{
    DEFAULT_NOTIFY_INTERVAL, Frequency, MatchKind, MatchStream, NativeString, Notifications,
    OutputRule, Sink,
};
use foster_supervisor::check_patterns;

use crate::context::Context;
use crate::defining::environment::from_os;
use crate::error::ServiceError;

/// Whom a job is to tell of itself, as the caller says it.
#[derive(Clone, PartialEq, Eq)]
pub struct NotifySettings {
    /// Programs with their arguments.
    pub commands: Vec<Vec<NativeString>>,
    /// Lines for `sh -c`.
    pub shells: Vec<NativeString>,
    /// Files, relative to the caller's directory.
    pub files: Vec<PathBuf>,
    /// Addresses, `http` or `https`.
    pub urls: Vec<String>,
    /// What is looked for in the output.
    pub patterns: Vec<(MatchKind, String)>,
    /// On which stream.
    pub stream: MatchStream,
    /// How often it is told.
    pub every: Frequency,
    /// The least time between two notifications of a pattern.
    pub interval: Duration,
}

impl fmt::Debug for NotifySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address is often the key to what it leads to.
        f.debug_struct("NotifySettings")
            .field("files", &self.files)
            .field("patterns", &self.patterns)
            .finish_non_exhaustive()
    }
}

impl Default for NotifySettings {
    /// Returns the defaults of the command line: nobody is told.
    fn default() -> Self {
        Self {
            commands: Vec::new(),
            shells: Vec::new(),
            files: Vec::new(),
            urls: Vec::new(),
            patterns: Vec::new(),
            stream: MatchStream::default(),
            every: Frequency::default(),
            interval: DEFAULT_NOTIFY_INTERVAL,
        }
    }
}

impl NotifySettings {
    /// Returns what a job keeps of it: every sink is told of the end, and of each pattern.
    ///
    /// # Errors
    /// Whatever can't be carried out: [`InvalidNotification`](foster_model::InvalidNotification).
    pub(crate) fn resolve(&self, ctx: &Context) -> Result<Notifications, ServiceError> {
        let sinks = self.sinks(ctx);
        let rule = |(kind, pattern): &(MatchKind, String)| OutputRule {
            pattern: pattern.clone(),
            kind: *kind,
            stream: self.stream,
            every: self.every,
            interval_ms: u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX),
            sinks: sinks.clone(),
        };
        let notify = Notifications {
            output: self.patterns.iter().map(rule).collect(),
            finish: sinks,
        };
        notify.check()?;
        check_patterns(&notify)?;
        Ok(notify)
    }

    fn sinks(&self, ctx: &Context) -> Vec<Sink> {
        let commands = self.commands.iter().cloned();
        let commands = commands.map(|argv| Sink::Command { argv });
        let shells = self.shells.iter().cloned();
        let shells = shells.map(|line| Sink::Shell { line });
        let files = self.files.iter().map(|path| Sink::File {
            path: from_os(ctx.absolute(path)),
        });
        let urls = self.urls.iter().cloned().map(|url| Sink::Url { url });
        commands.chain(shells).chain(files).chain(urls).collect()
    }
}
