use std::ffi::OsString;

use clap::Subcommand;
use foster_model::NotificationParts;
use foster_service::{NotifyAction, NotifyRequest};

use super::notify_flags::NotifyFlags;
use super::selector;
use crate::Failure;

/// Show or change whom a job tells of itself
///
/// At any time: before its start, while it runs, and afterwards. Who is named when the job is over
/// is told of its end at once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show who is told, of what, and how telling them went
    Show {
        /// The job
        job: OsString,
    },
    /// Tell these from now on, and nobody else
    Set {
        /// The job
        job: OsString,
        #[command(flatten)]
        flags: Box<NotifyFlags>,
    },
    /// Tell nobody any more
    Clear {
        /// The job
        job: OsString,
        /// Of the job's end alone
        #[arg(long)]
        finish: bool,
        /// Of its output alone
        #[arg(long)]
        on_output: bool,
    },
}

const EXAMPLES: &str = "\
Examples:
  foster notify set @1 --notify-command '[\"notify-send\",\"done\"]'
  foster notify set web --on-output-regex '(?i)error' --notify-file errors.ndjson
  foster notify show web
  foster notify clear web --on-output";

impl Args {
    /// Returns what the service is asked for.
    pub fn request(self) -> Result<NotifyRequest, Failure> {
        let (job, action) = match self.action {
            Action::Show { job } => (job, NotifyAction::Show),
            Action::Set { job, flags } => (job, NotifyAction::Set(flags.settings())),
            Action::Clear {
                job,
                finish,
                on_output,
            } => {
                let all = !finish && !on_output;
                let parts = NotificationParts {
                    finish: finish || all,
                    output: on_output || all,
                };
                (job, NotifyAction::Clear(parts))
            }
        };
        Ok(NotifyRequest {
            job: selector(&job)?,
            action,
        })
    }
}
