use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer of `serve`: given when it listens. The server then runs until it is ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServeAnswer {
    /// The process.
    pub pid: u32,
    /// Where it listens for TCP; `null` if it does not.
    pub address: Option<String>,
    /// The web page, without the token; `null` without TCP.
    pub url: Option<String>,
    /// The path of the unix socket, if there is one.
    pub unix: Option<String>,
    /// Whether TCP is spoken within TLS.
    pub tls: bool,
    /// The file that holds the token.
    pub token_file: String,
}
