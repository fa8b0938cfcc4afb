use std::error::Error;
use std::io;

/// Why a sink was not told.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For people.
    pub reason: String,
    /// Whether it may go better the next time.
    pub retryable: bool,
}

impl Refusal {
    /// A reason that may be gone the next time.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            retryable: true,
        }
    }

    /// A reason that will be the same the next time.
    pub fn lasting(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            retryable: false,
        }
    }

    /// An error with its causes: a passing one if the system's reason is among `passing`.
    pub fn of(error: &(dyn Error + 'static), passing: &[rustix::io::Errno]) -> Self {
        let mut reason = error.to_string();
        let mut retryable = is_among(error, passing);
        let mut source = error.source();
        while let Some(cause) = source {
            retryable |= is_among(cause, passing);
            let text = cause.to_string();
            if !reason.contains(&text) {
                reason = format!("{reason}: {text}");
            }
            source = cause.source();
        }
        Self { reason, retryable }
    }
}

fn is_among(error: &(dyn Error + 'static), passing: &[rustix::io::Errno]) -> bool {
    let system = error.downcast_ref::<io::Error>();
    let number = system.and_then(io::Error::raw_os_error);
    number.is_some_and(|number| passing.iter().any(|errno| errno.raw_os_error() == number))
}
