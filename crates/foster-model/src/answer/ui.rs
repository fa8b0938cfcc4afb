use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer of `ui`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UiAnswer {
    /// The web page: with key and token if `--print` was given, else without.
    pub url: String,
    /// Whether a browser was told to open it.
    pub opened: bool,
    /// Whether this process is the server, and goes on as such.
    pub serving: bool,
    /// The process that serves it.
    pub pid: u32,
}
