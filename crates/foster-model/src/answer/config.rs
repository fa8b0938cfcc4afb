use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ErrorBody;

/// Where the value of a setting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfigSource {
    /// It was typed with the call.
    Flag,
    /// The environment has it.
    Environment,
    /// The configuration file has it.
    File,
    /// Nobody said anything.
    Default,
}

impl ConfigSource {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// One setting, and where its value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Its name, such as `run.drain`.
    pub key: String,
    /// Its value, as it can be typed.
    pub value: String,
    /// Where that came from.
    pub source: ConfigSource,
    /// The line of the file, if it came from there.
    pub line: Option<usize>,
    /// The variable that sets it.
    pub variable: String,
    /// What it is if nobody says anything; `null` for the root, whose place depends on the system.
    pub default: Option<String>,
    /// What can be given.
    pub expects: String,
    /// What it is.
    pub meaning: String,
    /// What is wrong with its variable, if anything: verbs that use the setting refuse it.
    pub problem: Option<String>,
}

/// The configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigFileView {
    /// Where it is looked for; `null` if there is no home directory to look in.
    pub path: Option<String>,
    /// Whether it was named by `--config` or `FOSTER_CONFIG`: then it has to be there.
    pub named: bool,
    /// Whether it is there.
    pub found: bool,
    /// What is wrong with it, if anything.
    pub problem: Option<ErrorBody>,
}

/// The answer of `config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigAnswer {
    /// The file.
    pub file: ConfigFileView,
    /// The settings, in the order of their documentation; left out by `config path`. Where the file
    /// can't be used they are those without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Vec<Setting>>,
}
