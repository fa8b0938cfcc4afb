use super::definition::DefinitionArgs;

/// Define a job, for `start` to execute it
///
/// The values of variables, environment files and standard input are taken in now. The environment
/// that the job inherits is that of whoever starts it, unless --keep-env keeps this one.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "foster create [OPTIONS] [--] CMD [ARGS]...\n       \
                      foster create [OPTIONS] --shell LINE",
    after_help = EXAMPLES
)]
pub struct Args {
    #[command(flatten)]
    pub definition: DefinitionArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster create --name tests -- cargo test
  foster start tests
  foster create --name nightly --keep-env --env-file .env -- ./nightly.sh";
