/// Print the JSON Schemas of the answers
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The `type` of an answer [default: all of them]
    #[arg(value_name = "TYPE")]
    pub name: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  foster schema run
  foster schema --json | jq .schemas.error";
