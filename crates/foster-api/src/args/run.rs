use foster_service::RunRequest;

use super::definition::DefinitionArgs;
use super::input::Dash;
use super::observation::ObservationArgs;
use crate::Failure;

/// Start a command as a job
///
/// Returns when the job is over, or after --snapshot-after, whichever is first; the job goes on. The
/// answer names the job, tells where it stands, and shows its newest output.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "foster run [OPTIONS] [--] CMD [ARGS]...\n       \
                      foster run [OPTIONS] --shell LINE",
    after_help = EXAMPLES
)]
pub struct Args {
    #[command(flatten)]
    pub definition: DefinitionArgs,
    #[command(flatten)]
    pub observation: ObservationArgs,
}

const EXAMPLES: &str = "\
Examples:
  foster run -- cargo build
  foster run --no-wait --name web -- npm run dev
  foster run --shell 'make 2>&1 | tee build.txt' --timeout 30m
  git diff | foster run --stdin - -- ./review
  foster run --wait --env-file .env --mask API_KEY -- ./deploy production";

impl Args {
    /// Returns what the service is asked for.
    ///
    /// # Errors
    /// The command is empty; standard input is asked for and can't be had.
    pub fn request(self, dash: Dash) -> Result<RunRequest, Failure> {
        Ok(RunRequest {
            job: self.definition.request(dash)?,
            observation: self.observation.observation(),
        })
    }
}
