use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use foster_model::{Frequency, MatchKind, MatchStream, NativeString};
use foster_service::NotifySettings;

use super::value;

/// Whom a job tells of itself: the same for `run`, `create` and `notify set`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Notifications")]
pub struct NotifyFlags {
    /// Give the event of the job's end to this command, a JSON array of words (repeatable)
    ///
    /// The event is on its standard input, and in the file FOSTER_EVENT_PATH. If it fails it is run
    /// again, three times in all; FOSTER_NOTIFY_ATTEMPT says which time it is.
    #[arg(long, value_name = "JSON", value_parser = value::argv)]
    pub notify_command: Vec<Argv>,
    /// Give it to this line, by `sh -c` (repeatable)
    #[arg(long, value_name = "LINE")]
    pub notify_shell: Vec<String>,
    /// Append it to this file as one line of JSON (repeatable)
    #[arg(long, value_name = "PATH")]
    pub notify_file: Vec<PathBuf>,
    /// Post it to this address, http or https (repeatable)
    #[arg(long, value_name = "URL")]
    pub notify_url: Vec<String>,
    /// Tell them also of each line of output that holds this text (repeatable)
    #[arg(long, value_name = "TEXT")]
    pub on_output: Vec<String>,
    /// Tell them also of each line that this regular expression matches (repeatable)
    #[arg(long, value_name = "RE")]
    pub on_output_regex: Vec<String>,
    /// Look on this stream alone: stdout, stderr or either
    #[arg(long, value_name = "STREAM", default_value = "either", value_parser = value::match_stream())]
    pub on_output_stream: MatchStream,
    /// Tell of the first such line of a run, or of every one
    #[arg(long, value_name = "once|every", default_value = "every", value_parser = value::frequency())]
    pub on_output_every: Frequency,
    /// Leave this much time between two of them; what comes in between is counted
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = value::duration)]
    pub on_output_interval: Duration,
}

/// The words of a command. (An alias, so that they are read as one value, not as several.)
pub type Argv = Vec<NativeString>;

impl NotifyFlags {
    /// Returns what the service is told.
    pub fn settings(self) -> NotifySettings {
        let contains = self.on_output.into_iter();
        let regex = self.on_output_regex.into_iter();
        NotifySettings {
            commands: self.notify_command,
            shells: self.notify_shell.into_iter().map(Into::into).collect(),
            files: self.notify_file,
            urls: self.notify_url,
            patterns: contains
                .map(|text| (MatchKind::Contains, text))
                .chain(regex.map(|expression| (MatchKind::Regex, expression)))
                .collect(),
            stream: self.on_output_stream,
            every: self.on_output_every,
            interval: self.on_output_interval,
        }
    }
}
