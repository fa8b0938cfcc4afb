/// Tell what this machine offers, and whether the root is well
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

const EXAMPLES: &str = "\
Examples:
  foster doctor
  foster doctor --json | jq -r .containment";
