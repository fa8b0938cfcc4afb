use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer of `install-skill`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstallSkillAnswer {
    /// The file.
    pub path: String,
    /// What was done to it.
    pub outcome: SkillOutcome,
}

/// What became of the skill's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkillOutcome {
    /// There was none, and it was written.
    Written,
    /// It was another version, or `--force` was given, and it was replaced.
    Replaced,
    /// It was there already, in this version, and was not touched.
    Unchanged,
}
