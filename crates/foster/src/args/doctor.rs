/// Tell what this machine offers, and whether the root is well
#[derive(Debug, clap::Args)]
pub struct Args {}
