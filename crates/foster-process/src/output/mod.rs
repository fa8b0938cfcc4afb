//! What becomes of captured output: pure machines, which neither read nor wait.
//!
//! A [`Hub`] hands one stream to its subscribers, as [`CaptureSettings`] say. Each is told
//! [`StreamEvent`]s, and may give them to a [`ChunkVisitor`]: one that keeps a bounded part
//! ([`CollectBytes`], [`CollectLines`]), one that cuts lines for a [`LineVisitor`] ([`Lines`]), or
//! one that waits for a [`Pattern`] ([`Find`]). Whatever is missing is counted: no machine drops a
//! byte without saying so.
//!
//! ```
//! use foster_process::output::{
//!     CaptureSettings, ChunkVisitor as _, CollectBytes, Find, Hub, Keep, Pattern, PatternSet,
//!     StreamEnd, StreamEvent, Tee,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut hub = Hub::new(CaptureSettings::builder().buffer(4 * 1024 * 1024).build()?);
//! let reader = hub.subscribe()?;
//!
//! // What the driver of a pipe does.
//! for read in ["starting\nlistening on po", "rt 8080\n"] {
//!     assert!(hub.wants_input());
//!     hub.push(read.into());
//! }
//! hub.finish(StreamEnd::Eof);
//!
//! // What a consumer does.
//! let port = PatternSet::new([Pattern::regex(r"port \d+")?, Pattern::substring("error")])?;
//! let mut visitor = Tee::new(Find::new(port), CollectBytes::new(Keep::Tail(5)));
//! while let Some(event) = hub.next(reader) {
//!     match event {
//!         StreamEvent::Chunk(bytes) => drop(visitor.chunk(&bytes)),
//!         StreamEvent::Gap(gap) => visitor.gap(gap),
//!         StreamEvent::End(end) => {
//!             let (found, kept) = visitor.finish(&end);
//!             assert_eq!(found.map(|found| found.text).as_deref(), Some("port 8080"));
//!             assert_eq!((kept.to_vec(), kept.omitted_bytes()), (b"8080\n".to_vec(), 27));
//!             break;
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod buffer;
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
mod tee;
mod visit;
mod visitors;
mod write;

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
pub use tee::Tee;
pub use visit::{ChunkVisitor, LineVisitor};
pub use visitors::{CollectBytes, CollectLines, Discard, InspectChunks, InspectLines, Lines};
pub(crate) use write::Writing;
pub use write::{Ask, OnWriteError, WriteFailed, Written};
