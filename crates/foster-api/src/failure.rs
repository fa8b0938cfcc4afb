use foster_model::{ErrorBody, ErrorCode};
use foster_service::ServiceError;

/// The error of an answer. Whatever goes wrong, in the service or before it, becomes one of these.
#[derive(Debug)]
pub struct Failure(Box<ErrorBody>);

impl Failure {
    /// Returns the error of a call that is wrong.
    pub fn usage(message: impl Into<String>, hint: Option<String>) -> Self {
        Self::with_hint(ErrorCode::InvalidArgument, message, hint)
    }

    /// Returns an error; `hint` takes the place of the code's own, if there is one.
    pub fn with_hint(code: ErrorCode, message: impl Into<String>, hint: Option<String>) -> Self {
        let mut body = code.body(message);
        body.hint = hint.or(body.hint);
        Self(Box::new(body))
    }

    /// Returns it with another hint.
    #[must_use]
    pub fn hinting(mut self, change: impl FnOnce(Option<String>) -> Option<String>) -> Self {
        self.0.hint = change(self.0.hint.take());
        self
    }

    /// Returns what is shown of it.
    pub fn body(&self) -> &ErrorBody {
        &self.0
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self(Box::new(error.body()))
    }
}
