use super::common::CommandArgs;

/// Run a command in the foreground, its whole tree contained
///
/// Input and output pass through untouched, signals are forwarded, and nothing is recorded. The exit
/// status is the command's (128 and more for a signal); 127 if it is not found, 126 if it can't be
/// executed, 125 if Foster fails. Errors of Foster go to standard error.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "foster exec [OPTIONS] [--] CMD [ARGS]...\n       \
                      foster exec [OPTIONS] --shell LINE",
    after_help = EXAMPLES
)]
pub struct Args {
    #[command(flatten)]
    pub command: CommandArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster exec -- make test
  foster exec --shell 'server & run-tests'
  foster exec --kill-after 30s --env LEVEL=debug -- ./worker";
