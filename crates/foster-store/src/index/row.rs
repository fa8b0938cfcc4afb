use std::io;

use foster_model::{Cause, CommandLine, Definition, JobId, JobName, JobRecord, State, Tag, Time};
use serde::{Deserialize, Serialize};

use crate::JobFolder;

/// The length of a record in the index, in bytes, with the newline.
pub(crate) const LENGTH: usize = 512;
/// A command is cut to that many bytes before anything else has to give way.
const SHORTEST_COMMAND: usize = 64;

/// One job, as the index remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub name: Option<JobName>,
    /// Its marks.
    pub tags: Vec<Tag>,
    /// The group that it belongs to.
    pub group: Option<JobName>,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub cause: Option<Cause>,
    /// The leader's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended the leader.
    pub signal: Option<String>,
    /// The command, joined by spaces, lossy; it ends in `…` where it was cut.
    pub command: String,
    /// Where it runs, lossy.
    pub cwd: String,
    /// When it was defined.
    pub created_at: Time,
    /// When it started.
    pub started_at: Option<Time>,
    /// When it was over.
    pub finished_at: Option<Time>,
    /// From the leader's start to its exit, in milliseconds.
    pub duration_ms: Option<u64>,
    /// How many bytes of disk its folder took when it was over; `None` if that was not looked at.
    pub disk_bytes: Option<u64>,
    /// Whether something did not fit, or the job's files could not be read when the row was made:
    /// what is empty here has then to be looked up in the job's folder.
    pub more: bool,
    /// Whether somebody began to remove the job: its folder may have gone.
    pub leaving: bool,
}

/// A row in the file. The names are short so that more of the values fits; the id comes first, so
/// that it is found without parsing.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    // By this name in the row of a job that is leaving.
    #[serde(alias = "l")]
    i: JobId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<JobName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<Tag>,
    #[serde(rename = "G", default, skip_serializing_if = "Option::is_none")]
    group: Option<JobName>,
    s: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<Cause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    g: Option<String>,
    a: std::borrow::Cow<'a, str>,
    d: std::borrow::Cow<'a, str>,
    #[serde(rename = "C")]
    created: i64,
    #[serde(rename = "S", default, skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    #[serde(rename = "F", default, skip_serializing_if = "Option::is_none")]
    finished: Option<i64>,
    #[serde(rename = "D", default, skip_serializing_if = "Option::is_none")]
    duration: Option<u64>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    disk_bytes: Option<u64>,
    /// The last, since the sieve looks for it there.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

impl IndexRow {
    /// Returns the row of a job.
    pub fn from_parts(definition: &Definition, record: &JobRecord) -> Self {
        Self {
            job_id: definition.job_id,
            name: definition.name.clone(),
            tags: definition.tags.clone(),
            group: definition.group.clone(),
            state: record.state,
            cause: record.cause,
            exit_code: record.exit_code,
            signal: record.signal.clone(),
            command: command_text(&definition.command),
            cwd: definition.cwd.to_lossy().into_owned(),
            created_at: definition.created_at,
            started_at: record.started_at,
            finished_at: record.finished_at,
            duration_ms: record.duration_ms,
            disk_bytes: None,
            more: false,
            leaving: false,
        }
    }

    /// Returns the row with what the folder takes on disk, if the job is over.
    #[must_use]
    pub fn with_disk_bytes(mut self, folder: &JobFolder) -> Self {
        if self.state.is_final() {
            self.disk_bytes = folder.disk_use().ok();
        }
        self
    }

    /// Returns the row of a job whose files can't be read: it is to be listed all the same.
    pub(crate) fn unreadable(id: JobId, record: Option<JobRecord>) -> Self {
        let record = record.unwrap_or_else(|| JobRecord::new(id));
        Self {
            job_id: id,
            name: None,
            tags: Vec::new(),
            group: None,
            state: record.state,
            cause: record.cause,
            exit_code: record.exit_code,
            signal: record.signal,
            command: String::new(),
            cwd: String::new(),
            created_at: record.created_at.unwrap_or_else(|| id.time()),
            started_at: record.started_at,
            finished_at: record.finished_at,
            duration_ms: record.duration_ms,
            disk_bytes: None,
            more: true,
            leaving: false,
        }
    }

    /// Returns the record for the file. What does not fit gives way in this order: the end of the
    /// command, the directory, the tags; the id, the name, the group and the state always fit.
    pub(crate) fn encode(&self) -> io::Result<[u8; LENGTH]> {
        let mut row = self.clone();
        let gives_way: [fn(&mut Self); 4] = [
            |row| row.cwd.clear(),
            |row| row.tags.clear(),
            |row| row.signal = None,
            |row| row.command.clear(),
        ];
        let mut json = row.cut_to_fit()?;
        for give_way in gives_way {
            if json.len() < LENGTH {
                break;
            }
            row.more = true;
            give_way(&mut row);
            row.command.clone_from(&self.command);
            json = row.cut_to_fit()?;
        }
        let mut record = [b' '; LENGTH];
        record[LENGTH - 1] = b'\n';
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the row is too long");
        record[..LENGTH - 1]
            .get_mut(..json.len())
            .ok_or_else(too_long)?
            .copy_from_slice(&json);
        Ok(record)
    }

    /// Returns the row as JSON, with the command cut as far as needed and allowed.
    fn cut_to_fit(&mut self) -> io::Result<Vec<u8>> {
        cut(&mut self.command, LENGTH);
        loop {
            let json = serde_json::to_vec(&self.wire())?;
            if json.len() < LENGTH || self.command.len() <= SHORTEST_COMMAND {
                return Ok(json);
            }
            // Each byte of the command is at least one in the JSON.
            let excess = json.len() - LENGTH + 1;
            let len = self.command.len().saturating_sub(excess);
            cut(&mut self.command, len.max(SHORTEST_COMMAND));
        }
    }

    fn wire(&self) -> Wire<'_> {
        Wire {
            i: self.job_id,
            n: self.name.clone(),
            t: self.tags.clone(),
            group: self.group.clone(),
            s: self.state,
            c: self.cause,
            x: self.exit_code,
            g: self.signal.clone(),
            a: (&self.command).into(),
            d: (&self.cwd).into(),
            created: self.created_at.unix_ms(),
            started: self.started_at.map(|time| time.unix_ms()),
            finished: self.finished_at.map(|time| time.unix_ms()),
            duration: self.duration_ms,
            disk_bytes: self.disk_bytes,
            more: self.more,
        }
    }

    /// Reads a record; `None` if it is none.
    pub(crate) fn decode(record: &[u8]) -> Option<Self> {
        let wire: Wire<'_> = serde_json::from_slice(record).ok()?;
        Some(Self {
            job_id: wire.i,
            name: wire.n,
            tags: wire.t,
            group: wire.group,
            state: wire.s,
            cause: wire.c,
            exit_code: wire.x,
            signal: wire.g,
            command: wire.a.into_owned(),
            cwd: wire.d.into_owned(),
            created_at: Time::from_unix_ms(wire.created),
            started_at: wire.started.map(Time::from_unix_ms),
            finished_at: wire.finished.map(Time::from_unix_ms),
            duration_ms: wire.duration,
            disk_bytes: wire.disk_bytes,
            more: wire.more,
            leaving: record.starts_with(LEAVING),
        })
    }
}

/// Returns the id in a record without parsing the rest; `None` if it does not begin like one.
pub(crate) fn id_in(record: &[u8]) -> Option<&str> {
    let (start, rest) = record.split_at_checked(START.len())?;
    let id = rest.get(..JobId::LENGTH)?;
    (start == START || start == LEAVING).then_some(())?;
    std::str::from_utf8(id).ok()
}

/// How a record begins, and how that of a job does that is leaving. One byte makes the difference, so that
/// it can be written over: whoever dies then leaves a record that can be read.
const START: &[u8] = br#"{"i":""#;
const LEAVING: &[u8] = br#"{"l":""#;

/// The byte that marks a record as that of a job that is leaving, and where in it it stands.
pub(crate) const LEAVING_MARK: (u8, u64) = (b'l', 2);

/// What stands in the record of a removed job behind its id.
const REMOVED: &[u8] = br#"","removed":true}"#;

/// Returns the record of a job that was removed: its id alone, so that others are still found by
/// the order of theirs.
pub(crate) fn removed_record(id: JobId) -> [u8; LENGTH] {
    let mut record = [b' '; LENGTH];
    record[LENGTH - 1] = b'\n';
    let text = [START, id.to_string().as_bytes(), REMOVED].concat();
    record[..text.len()].copy_from_slice(&text);
    record
}

/// Returns whether a record is that of a removed job.
pub(crate) fn is_removed(record: &[u8]) -> bool {
    let behind = record.get(START.len() + JobId::LENGTH..);
    behind.is_some_and(|rest| rest.starts_with(REMOVED))
}

fn command_text(command: &CommandLine) -> String {
    match command {
        CommandLine::Shell(line) => line.to_lossy().into_owned(),
        CommandLine::Argv(argv) => {
            let words: Vec<_> = argv.iter().map(|word| word.to_lossy()).collect();
            words.join(" ")
        }
    }
}

/// Cuts a text to `len` bytes at most, the mark of the cut included.
fn cut(text: &mut String, len: usize) {
    const MARK: char = '…';

    if text.len() > len {
        text.truncate(text.floor_char_boundary(len.saturating_sub(MARK.len_utf8())));
        text.push(MARK);
    }
}
