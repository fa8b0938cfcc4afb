use foster_model::ErrorBody;

/// An answer that can be complete and yet tell of something that could not be done: survivors of a
/// kill, or one of several jobs that was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// The answer.
    pub answer: T,
    /// What could not be done; with it the answer has `ok: false`.
    pub error: Option<ErrorBody>,
}

impl<T> From<T> for Outcome<T> {
    fn from(answer: T) -> Self {
        Self {
            answer,
            error: None,
        }
    }
}
