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
mod ends;
mod excerpt;
mod folder;
mod gc_turn;
mod index;
mod index_iter;
mod index_lock;
mod index_oldest;
mod index_rebuild;
mod index_removal;
mod index_row;
mod index_sieve;
mod index_watch;
mod input;
mod journal;
mod journal_reader;
mod lane;
mod lock;
mod merger;
mod notices;
mod open;
mod record_format;
mod removal;
mod resolve;
mod root;
mod run_folder;
mod segments;
mod socket;
mod state_file;
mod stream;
mod stream_log;
mod stream_writer;
mod sweep;
mod sys;
mod text;
mod timeline_reader;
mod timeline_writer;
mod tree_removal;
mod usage;

pub use changes::{Change, Changes};
pub use create::CreateError;
pub use damage::{DamageError, Problem};
pub use ends::Part;
pub use folder::JobFolder;
pub use gc_turn::GcTurn;
pub use index::Index;
pub use index_iter::{IndexIter, IndexOrder};
pub use index_row::IndexRow;
pub use index_sieve::Sieve;
pub use index_watch::IndexWatch;
pub use input::{Input, InputError};
pub use journal::JournalWriter;
pub use journal_reader::{JournalPlace, JournalReader};
pub use lock::{Lock, Turn};
pub use merger::{LineMerger, RawLine};
pub use notices::{LineWriter, RunWatch};
pub use open::OpenError;
pub use removal::{Removal, RemovalError};
pub use resolve::ResolveError;
pub use root::{Root, RootError};
pub use run_folder::{FIRST_RUN, RunFolder};
pub use stream::Stream;
pub use stream_log::StreamLog;
pub use stream_writer::StreamWriter;
pub use sweep::Swept;
pub use timeline_reader::{Chunk, TimelineReader};
pub use timeline_writer::TimelineWriter;
pub use usage::Leftovers;
