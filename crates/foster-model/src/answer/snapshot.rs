use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Digest;

/// The newest output of a job, bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Whether the job is over and its output closed, so that nothing will be added.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// How bytes became text: always `utf-8-lossy`.
    pub encoding: String,
    /// Standard output.
    pub stdout: Excerpt,
    /// Standard error.
    pub stderr: Excerpt,
}

/// A part of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// The text, cut on character borders, with U+FFFD for bytes that are not UTF-8; `null` where a
    /// digest was asked for: an answer never holds both.
    pub tail: Option<String>,
    /// The digest, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The offsets in the stream of the text's first byte and of the byte after its last; of a
    /// digest, those of the first byte that was read for it and of the byte after the last.
    pub range: [u64; 2],
    /// All bytes that the command has written so far.
    pub observed_bytes: u64,
    /// How many bytes the text stands for; of a digest, how many were read for it.
    pub included_bytes: u64,
    /// The ranges that a cap or a full disk dropped, or that somebody took away, as offsets in the stream.
    pub omitted: Vec<[u64; 2]>,
    /// How many bytes those ranges hold.
    pub omitted_bytes: u64,
    /// Whether there is more in the stream than the text shows. What a digest folds counts as
    /// shown.
    pub truncated: bool,
    /// With `tail --grep`: the offsets of the lines that match. The text has only these and their
    /// context then, while `range` and `included_bytes` tell what was looked at. Left out without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Vec<u64>>,
    /// Why nothing of the stream can be read, if something else stands in its files' place. Left out
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}
