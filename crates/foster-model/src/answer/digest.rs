use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An excerpt of a stream that is made for a language model: escape sequences removed, what repeats
/// folded, failures before all else, and every range that is left out marked in its place.
///
/// It is never longer than the plain excerpt, the last `--max-bytes` of the stream, would have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Digest {
    /// The text. Whatever in it is not a mark was printed by the command.
    pub text: String,
    /// How many bytes of the stream were read for it: of a long one the beginning and the end.
    pub original_bytes: u64,
    /// How many lines those bytes hold.
    pub lines_total: u64,
    /// How many of them another line stands for.
    pub lines_folded: u64,
    /// How many of them were left out.
    pub lines_omitted: u64,
    /// What the text is made of, in the order of its importance.
    pub kept: Vec<DigestPart>,
    /// Whether the text is a digest; else it is the plain excerpt, for the reason given.
    pub applied: bool,
    /// Why it was not applied; `null` if it was.
    pub reason: Option<DigestReason>,
}

/// A kind of part that a digest keeps.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DigestPart {
    /// An error that a compiler reports.
    CompilerError,
    /// An error that a linker reports.
    LinkerError,
    /// A test that failed.
    TestFailure,
    /// A panic, or a crash.
    Panic,
    /// An exception with the calls that led to it.
    StackTrace,
    /// A step of a build that failed.
    BuildFailure,
    /// A line that tells of an error, in no form that is known more closely.
    Error,
    /// The end of the output.
    End,
    /// The beginning of the output.
    Beginning,
    /// All lines.
    Whole,
}

/// Why the text of a digest is the plain excerpt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigestReason {
    /// There was nothing to remove, to fold or to leave out.
    Unchanged,
    /// `--max-bytes` has no room for a choice with its marks: the text is the cleaned end.
    NoRoom,
}
