use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer of `man --dir`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManAnswer {
    /// The pages that were written, by their paths.
    pub files: Vec<String>,
}
