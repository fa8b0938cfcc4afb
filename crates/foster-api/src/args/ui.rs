use super::serve::ServerArgs;

/// Open the web page of a server
///
/// If none serves this root, this process becomes the server, and goes on until TERM, INT or HUP.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Open no browser, and print the address with its key and the token: whoever has it can do all that you can
    #[arg(long)]
    pub print: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster ui
  foster ui --print";
