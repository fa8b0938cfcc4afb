use std::time::Duration;

use super::value::{self, Limit};

/// Serve a language model's client by MCP, on standard input and output
///
/// The client starts it: it reads JSON-RPC line by line, and ends when its standard input does. Its tools are
/// the verbs, its resources the jobs (foster://jobs/ID), and no job ends with it. docs/agents.md tells how to
/// set up each client.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Have calls come back from jobs after this time: most clients give up after a minute
    #[arg(
        long,
        value_name = "DURATION|none",
        default_value = "50s",
        value_parser = value::deadline
    )]
    pub max_wait: Limit<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  foster mcp
  claude mcp add foster -- foster mcp
  foster mcp --max-wait 5m";
