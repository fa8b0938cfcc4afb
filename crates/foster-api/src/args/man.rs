use std::path::PathBuf;

/// Print a page of the manual, or write them all
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The verb [default: the page of foster itself]
    #[arg(value_name = "VERB", conflicts_with = "dir")]
    pub verb: Option<String>,
    /// Write all pages to this directory; it is made if it is missing
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  foster man | man -l -
  foster man run | man -l -
  foster man --dir ~/.local/share/man/man1";
