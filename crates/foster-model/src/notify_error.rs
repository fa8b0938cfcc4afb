/// Notifications that can't be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNotification {
    /// More than a notifier tells side by side.
    #[error("there are more than {most} sinks or patterns")]
    TooMany {
        /// How many may be.
        most: usize,
    },
    /// A pattern that nobody would be told of.
    #[error("a pattern is given and nobody to tell of it")]
    NoSink,
    /// It would be found in every line.
    #[error("the pattern is empty")]
    EmptyPattern,
    /// A pattern, or its list of sinks, is too long.
    #[error("a pattern is longer than {most} bytes, or has too many sinks")]
    TooLong {
        /// How many bytes a pattern may have.
        most: usize,
    },
    /// The regular expression is none.
    #[error("the regular expression can't be understood: {reason}")]
    Regex {
        /// What is wrong with it.
        reason: String,
    },
    /// A sink without a program, line or file, or with a NUL in it.
    #[error("the {kind} to notify by is empty, relative, or holds a NUL")]
    Empty {
        /// The kind of sink.
        kind: &'static str,
    },
    /// The address has another scheme.
    #[error("the address to notify is neither http:// nor https://")]
    Scheme,
    /// The address is none.
    #[error("the address to notify has no host, or holds blanks or characters beyond ASCII")]
    Url,
}
