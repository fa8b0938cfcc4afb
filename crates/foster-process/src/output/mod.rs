//! What becomes of captured output: pure machines, which neither read nor wait.
//!
//! A [`Hub`] hands one stream to its subscribers, as [`CaptureSettings`] say. Each is told
//! [`StreamEvent`]s, and may give them to a [`ChunkVisitor`]: one that keeps a bounded part
//! ([`CollectBytes`], [`CollectLines`]), one that cuts lines for a [`LineVisitor`] ([`Lines`]), or
//! one that waits for a [`Pattern`] ([`Find`]). Whatever is missing is counted: no machine drops a
//! byte without saying so.

mod copy;
mod event;
mod hub;
mod kept;
mod kept_lines;
mod line;
mod lines;
mod literals;
mod log;
mod matcher;
mod pattern;
mod ring;
mod settings;
mod visit;
mod visitors;

pub use event::{Gap, StdStream, StreamEnd, StreamEvent};
pub use hub::{Hub, SubscribeError, SubscriberId};
pub use kept::{Gaps, Keep, Kept};
pub use kept_lines::{KeepLines, KeptLine, KeptLines, LineBound};
pub use line::{
    DEFAULT_MAX_LINE, InvalidLineOptions, Line, LineEnding, LineOptions, LineOverflow, MIN_MAX_LINE,
};
pub use lines::LineParser;
pub use matcher::{Find, MATCH_WINDOW, Match, Matcher};
pub use pattern::{InvalidPattern, Pattern, PatternSet};
pub use settings::{
    CaptureSettings, CaptureSettingsBuilder, Consumers, DEFAULT_BUFFER, DEFAULT_READ_SIZE,
    Delivery, InvalidCapture, Replay,
};
pub use visit::{ChunkVisitor, LineVisitor};
pub use visitors::{CollectBytes, CollectLines, Discard, InspectChunks, InspectLines, Lines, Tee};
