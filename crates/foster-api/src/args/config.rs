use foster_model::answer::{ConfigAnswer, ConfigFileView};
use foster_service::Outcome;
use foster_service::config::Config;

/// Tell what is set, and where each value came from
///
/// What is typed goes before the environment, that before the file, that before the default. This verb
/// answers also if the file is broken, and tells what is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to tell: all values, or where the file is
    #[arg(
        value_name = "WHAT",
        default_value = "show",
        value_parser = super::value::config_part()
    )]
    pub part: Part,
}

/// What of the configuration is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Show,
    /// The place of the file.
    Path,
}

const EXAMPLES: &str = "\
Examples:
  foster config
  foster config path
  FOSTER_RUN_DRAIN=1s foster config show --output text";

impl Args {
    /// Returns the answer. A broken file is what this verb is asked about: it is told of, and the answer is not
    /// `ok`.
    pub fn answer(&self, file: &ConfigFileView, config: &Config) -> Outcome<ConfigAnswer> {
        let settings = (self.part == Part::Show).then(|| config.shown());
        Outcome {
            error: file.problem.clone(),
            answer: ConfigAnswer {
                file: file.clone(),
                settings,
            },
        }
    }
}
