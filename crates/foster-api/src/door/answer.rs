use foster_model::ErrorBody;
use foster_service::Outcome;
use serde::Serialize;
use serde_json::Value;

use crate::envelope::document;
use crate::failure::Failure;

/// What a call is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The verb.
    pub kind: &'static str,
    /// The document that the command line prints.
    pub document: Value,
    /// What went wrong, or could not be done, if anything.
    pub error: Option<Box<ErrorBody>>,
}

impl Answer {
    /// Returns the answer to a call that came to nothing.
    pub fn refused(kind: &'static str, failure: &Failure) -> Self {
        let body = failure.body();
        Self {
            kind,
            document: document::<()>(kind, None, Some(body)),
            error: Some(Box::new(body.clone())),
        }
    }

    pub(super) fn of<T: Serialize>(
        kind: &'static str,
        result: Result<Outcome<T>, Failure>,
    ) -> Self {
        match result {
            Ok(Outcome { answer, error }) => Self {
                kind,
                document: document(kind, Some(&answer), error.as_ref()),
                error: error.map(Box::new),
            },
            Err(failure) => Self::refused(kind, &failure),
        }
    }
}
