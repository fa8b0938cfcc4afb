use std::time::Duration;

use foster_api::{Door, Failure};
use foster_model::ErrorCode;
use foster_service::Way;

use super::Caller;
use crate::environment::{self, Needs};

impl Caller<'_> {
    /// Returns what a server calls the verbs through. It has threads, so keepers are executed.
    pub fn door(&self, longest_wait: Option<Duration>) -> Result<Door, Failure> {
        let mut context = self.context(Needs::Launch)?;
        let program = environment::program().ok_or_else(|| {
            let message = "the path of this program can't be found";
            Failure::with_hint(ErrorCode::Io, message, None)
        })?;
        context.way = Way::Exec(program);
        // Settings are read once: what a server does should not depend on when it is asked.
        let configured = self.configuration;
        Ok(Door {
            context,
            config: configured.config.clone(),
            file: configured.file.clone(),
            rules: configured.gc_rules()?,
            version: env!("CARGO_PKG_VERSION"),
            longest_wait,
        })
    }
}
