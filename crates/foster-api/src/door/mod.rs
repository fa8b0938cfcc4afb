//! How programs call the verbs.

mod answer;
mod dispatch;

use std::time::Duration;

use foster_model::GcRules;
use foster_model::answer::{ConfigFileView, RulesFrom};
use foster_service::config::Config;
use foster_service::{Containment, Context, EventsRequest, ListRequest, LogsRequest, ServiceError};

use crate::args;
use crate::failure::Failure;
use crate::fields::{Fields, arguments, in_fields};
use crate::verbs::{EVENTS, Verb};

pub use answer::Answer;

/// What front ends for programs call the verbs through: each call gets the configuration's defaults, and is
/// answered with the document that the command line prints.
///
/// A call blocks its thread until it is answered.
#[derive(Debug)]
pub struct Door {
    /// Who calls: the root, the directory, the environment that jobs inherit, and how keepers come into being.
    pub context: Context,
    /// What is configured.
    pub config: Config,
    /// The configuration file, for `config` and `doctor`.
    pub file: ConfigFileView,
    /// The rules by which old jobs are deleted, and where they came from.
    pub rules: (GcRules, RulesFrom),
    /// The version of the program.
    pub version: &'static str,
    /// How long a call stays with a job at most; `None` for as long as it is asked to.
    pub longest_wait: Option<Duration>,
}

impl Door {
    /// Calls a verb, and returns its answer. Whatever goes wrong is told in it.
    pub fn call(&self, context: &Context, verb: &Verb, fields: Fields) -> Answer {
        match self.read(verb, fields) {
            Ok(asked) => self.dispatch(context, verb, asked),
            Err(failure) => Answer::refused(verb.name, &failure),
        }
    }

    /// Returns what the service is asked for by a request for output, line by line.
    ///
    /// # Errors
    /// What is asked for is no such request.
    pub fn logs_request(&self, fields: Fields) -> Result<LogsRequest, Failure> {
        match self.read_named("logs", fields)? {
            args::Verb::Logs(args) => args.request(false),
            _ => Err(unreadable()),
        }
    }

    /// Returns what the service is asked for by a request for events.
    ///
    /// # Errors
    /// What is asked for is no such request.
    pub fn events_request(&self, fields: Fields) -> Result<EventsRequest, Failure> {
        match self.read(&EVENTS, fields)? {
            args::Verb::Events(args) => args.request(),
            _ => Err(unreadable()),
        }
    }

    /// Returns what the service is asked for by a request for a listing.
    ///
    /// # Errors
    /// What is asked for is no such request.
    pub fn list_request(&self, fields: Fields) -> Result<ListRequest, Failure> {
        match self.read_named("list", fields)? {
            args::Verb::List(args) => Ok(args.request()),
            _ => Err(unreadable()),
        }
    }

    fn read_named(&self, name: &'static str, fields: Fields) -> Result<args::Verb, Failure> {
        let verb = crate::verbs::verb(name).ok_or_else(unreadable)?;
        self.read(verb, fields)
    }

    /// Reads a request by the definition of its verb.
    fn read(&self, verb: &Verb, fields: Fields) -> Result<args::Verb, Failure> {
        let words = arguments(verb, fields)?;
        args::read_verb(&words, &self.config).map_err(|refusal| match refusal {
            args::Refusal::Configuration(error) => ServiceError::from(error).into(),
            args::Refusal::Words(error) => said_of_fields(verb, &error),
        })
    }

    /// Returns the context for a verb that launches with this containment, if one was asked for.
    fn launching(
        &self,
        context: &Context,
        containment: Option<Containment>,
    ) -> Result<Context, Failure> {
        if containment.is_none() {
            self.config
                .value("containment")
                .map_err(ServiceError::from)?;
        }
        let mut context = context.clone();
        context.containment = containment.unwrap_or(context.containment);
        Ok(context)
    }
}

/// Returns a refusal of the parser's, in the words of those who see no command line.
fn said_of_fields(verb: &Verb, error: &clap::Error) -> Failure {
    let failure = args::failure(error, Some(verb.name));
    let body = failure.body();
    let Some(command) = verb.command() else {
        return failure;
    };
    let call = format!("`foster {} --help` tells", verb.name);
    let hint = body.hint.as_deref().map(|hint| {
        in_fields(
            &hint.replace(&call, "the schema of its request tells"),
            &command,
        )
    });
    Failure::usage(in_fields(&body.message, &command), hint)
}

fn unreadable() -> Failure {
    Failure::usage("the request can't be read", None)
}
