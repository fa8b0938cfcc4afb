use std::fs::File;
use std::io::{self, Write as _};

use foster_model::{Entry, Event, JobRecord};
use rustix::fs::OFlags;

use crate::reserve::Reserve;
use crate::{DamageError, JobFolder, Problem};

pub(crate) const NAME: &str = "events.ndjson";

/// The longest line that may take of the room that is kept for a job's end. The few that tell of it
/// take less, unless they list many processes.
const LONGEST_OF_THE_END: usize = 1024;

/// Returns the entry as a line of the journal.
pub(crate) fn line(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

/// Returns how much of the journal is whole lines. What follows was being written when the writer
/// died, and counts as not having happened.
fn whole_lines(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1)
}

/// Returns whether an event is one without which the end of a job is not known.
fn tells_of_the_end(event: &Event) -> bool {
    matches!(
        event,
        Event::StartFailed { .. }
            | Event::Exited { .. }
            | Event::Empty {}
            | Event::Closed { .. }
            | Event::Supervision { .. }
            | Event::Finished { .. }
    )
}

/// Appends to a job's journal. To be held by the lock's holder only.
#[derive(Debug)]
pub struct JournalWriter {
    file: File,
    /// Where the last whole line ends.
    end: u64,
    /// Whether a cut line may stand behind `end`, since it could not be taken away at once.
    torn: bool,
    reserve: Reserve,
}

impl JobFolder {
    /// Returns all that happened to the job, in order.
    ///
    /// # Errors
    ///
    /// A line in the middle that is no event. A cut last line is left out.
    pub fn journal(&self) -> Result<Vec<Entry>, DamageError> {
        let bytes = self.files().read(NAME)?;
        let whole = &bytes[..whole_lines(&bytes)];
        let lines = whole.split_inclusive(|&byte| byte == b'\n').enumerate();
        let parse = |(number, line)| {
            serde_json::from_slice(line).map_err(|source| {
                self.files().damage(
                    NAME,
                    Problem::BadLine {
                        line: number + 1,
                        source,
                    },
                )
            })
        };
        lines.map(parse).collect()
    }

    /// Returns the record of the job, made from the journal.
    pub fn replay(&self) -> Result<JobRecord, DamageError> {
        let entries = self.journal()?;
        if entries.is_empty() {
            return Err(self.files().damage(NAME, Problem::Empty));
        }
        JobRecord::replay(self.id(), &entries)
            .map_err(|illegal| self.files().damage(NAME, Problem::Impossible(illegal)))
    }

    /// Opens the journal for appending.
    ///
    /// A cut line at the end is removed: closed with a newline it would be a bad line in the
    /// middle, and readers could no longer tell such a one from real damage. The caller holds the
    /// lock, so nobody is still writing that line.
    pub fn journal_writer(&self) -> io::Result<JournalWriter> {
        foster_fault::attempt("store.journal.open")?;
        let bytes = self.files().read(NAME)?;
        let end = whole_lines(&bytes) as u64;
        let file = self.files().open(NAME, OFlags::RDWR | OFlags::APPEND)?;
        let mut writer = JournalWriter {
            file,
            end,
            torn: end < bytes.len() as u64,
            reserve: Reserve::default(),
        };
        writer.mend()?;
        // Who begins a run has demanded it; who goes on with one does what can be done.
        let _ = writer.reserve.demand(&writer.file, end, 0);
        Ok(writer)
    }

    /// Makes sure that a run can be recorded to its end, however full the disk becomes. To be called by
    /// the lock's holder, before anything of the run is written.
    ///
    /// # Errors
    ///
    /// There is no room on the disk for that, or the journal can't be written.
    pub fn set_room_aside(&self) -> io::Result<()> {
        let mut writer = self.journal_writer()?;
        writer.reserve.demand(&writer.file, writer.end, 0)
    }
}

impl JournalWriter {
    /// Appends one entry with a single write.
    ///
    /// # Errors
    ///
    /// Nothing of the entry stays in the file then (a full disk is the usual case). On a full disk what
    /// does not tell of the job's end is refused while there is still room for that.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        self.mend()?;
        let line = line(entry)?;
        let room = self.reserve.demand(&self.file, self.end, line.len() as u64);
        if !(tells_of_the_end(&entry.event) && line.len() <= LONGEST_OF_THE_END) {
            room?;
        }
        let allowed = foster_fault::attempt("store.journal.append");
        let result = match allowed.and_then(|()| self.file.write(&line)) {
            Ok(written) if written == line.len() => {
                self.end += line.len() as u64;
                foster_fault::step("store.journal.appended");
                return Ok(());
            }
            Ok(_) => Err(io::ErrorKind::StorageFull.into()),
            Err(error) => Err(error),
        };
        self.torn = true;
        let _ = self.mend();
        result
    }

    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
            self.reserve.forget();
            self.torn = false;
        }
        Ok(())
    }

    /// Gives back the room that was set aside: for when the end is written.
    ///
    /// # Errors
    ///
    /// The system's; then it is given back with the job.
    pub fn give_back_room(&mut self) -> io::Result<()> {
        self.reserve.give_back(&self.file, self.end)
    }

    /// Returns when all that was appended is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
