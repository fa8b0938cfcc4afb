//! The memory of Foster: one folder per job, and a cache over all of them.
//!
//! Theory of operation. A job is a folder, and the folder is the whole truth about it: what it was
//! asked to do (`meta.json`, written once), what happened to it (`events.ndjson`, only ever
//! appended to), and what it printed (`runs/1`). Everything else can be thrown away: `state.json`
//! is the fold of the journal, and the index over all jobs is made anew from the folders whenever
//! it is in doubt.
//!
//! Who holds a folder's [`Lock`] is the only one who writes in it. Readers take no lock: the
//! journal grows by whole lines, the state is replaced by a rename, logs only grow, and a segment
//! of a capped log that is deleted under a reader is a gap like any other.
//!
//! Output is stored per stream with logical offsets: byte 7 of standard error is byte 7 for ever,
//! whatever a cap or a full disk dropped before or after it. The timeline tells when which bytes
//! came, from which [`LineMerger`] makes lines in the order in which they were completed.
//!
//! All files of a folder are opened relative to the descriptor of its directory, without following
//! symbolic links and without blocking, and must be regular files: whatever else was put in their
//! place is an error, never a way out of the folder and never a hang.
//!
//! Nothing here starts a process, prints, reads the environment or a clock.

mod changes;
mod create;
mod damage;
mod dir;
mod folder;
mod index;
mod index_watch;
mod input;
mod journal;
mod journal_reader;
mod lock;
mod notices;
mod open;
mod output;
mod removing;
mod reserve;
mod resolve;
mod root;
mod run_folder;
mod socket;
mod state_file;
mod sys;

pub use changes::{Change, Changes};
pub use create::CreateError;
pub use damage::{DamageError, Problem};
pub use folder::JobFolder;
pub use index::Index;
pub use index::iter::{IndexIter, IndexOrder};
pub use index::row::IndexRow;
pub use index::sieve::Sieve;
pub use index_watch::IndexWatch;
pub use input::{Input, InputError};
pub use journal::JournalWriter;
pub use journal_reader::{JournalPlace, JournalReader};
pub use lock::{Lock, Turn};
pub use notices::{LineWriter, RunWatch};
pub use open::OpenError;
pub use output::ends::Part;
pub use output::merger::{LineMerger, RawLine};
pub use output::stream::Stream;
pub use output::stream_log::StreamLog;
pub use output::stream_writer::StreamWriter;
pub use output::timeline_reader::{Chunk, TimelineReader};
pub use output::timeline_writer::TimelineWriter;
pub use removing::gc_turn::GcTurn;
pub use removing::removal::{Removal, RemovalError};
pub use removing::sweep::Swept;
pub use removing::usage::Leftovers;
pub use resolve::ResolveError;
pub use root::{Root, RootError};
pub use run_folder::{FIRST_RUN, RunFolder};
