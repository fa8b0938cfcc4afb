/// Print the JSON Schemas of the answers
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The `type` of an answer [default: all of them]
    #[arg(value_name = "TYPE")]
    pub name: Option<String>,
}
