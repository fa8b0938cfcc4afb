use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::refusal::Refusal;

/// What may be over soon that keeps a file from being written: no room, nothing left, or a part of
/// its path that is not there yet, or is something else for now.
const PASSING: [Errno; 13] = [
    Errno::NOSPC,
    Errno::DQUOT,
    Errno::AGAIN,
    Errno::INTR,
    Errno::IO,
    Errno::NOMEM,
    Errno::MFILE,
    Errno::NFILE,
    Errno::STALE,
    Errno::TIMEDOUT,
    Errno::NOENT,
    Errno::NOTDIR,
    Errno::EXIST,
];

/// Without it a FIFO without a reader would hang us.
const NONBLOCKING: i32 = OFlags::NONBLOCK.bits() as i32;

/// Appends an event to a file, as one line by one write, so that several jobs may share it. Folders
/// that are missing are made.
pub fn tell(path: &Path, event: &[u8]) -> Result<(), Refusal> {
    append(path, event).map_err(|error| Refusal::of(&error, &PASSING))
}

fn append(path: &Path, event: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
    }
    let mut options = File::options();
    options
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(NONBLOCKING);
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        let message = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let end: &[u8] = if is_torn(path) { b"\n" } else { b"" };
    file.write_all(&[end, event, b"\n"].concat())
}

/// Returns whether the last line lacks its end, as one does that a full disk has cut. It is left as
/// it is: what is cut off could be another's line that has come meanwhile.
fn is_torn(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        let mut options = File::options();
        let file = options.read(true).custom_flags(NONBLOCKING).open(path)?;
        let mut last = *b"\n";
        if let Some(at) = file.metadata()?.len().checked_sub(1) {
            file.read_exact_at(&mut last, at)?;
        }
        Ok(last[0])
    };
    // What can't be read, as a file that may only be written to, is taken to be whole.
    last().is_ok_and(|last| last != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_appended_and_folders_are_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/events.ndjson");
        tell(&path, b"{\"n\":1}").unwrap();
        tell(&path, b"{\"n\":2}").unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\"n\":1}\n{\"n\":2}\n"
        );
    }

    #[test]
    fn a_line_that_was_cut_swallows_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.ndjson");
        std::fs::write(&path, "{\"cut").unwrap();
        tell(&path, b"{}").unwrap();
        tell(&path, b"{}").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"cut\n{}\n{}\n");
    }

    #[test]
    fn what_may_come_is_worth_another_attempt() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink("not/yet", dir.path().join("link")).unwrap();
        let rows = [
            (dir.path().to_owned(), false),
            ("/dev/null".into(), false),
            (dir.path().join("x".repeat(300)), false),
            (file.join("below/a/file"), true),
            (file.join("below"), true),
            (dir.path().join("link/file"), true),
        ];
        for (path, retryable) in rows {
            let refusal = tell(&path, b"{}").unwrap_err();
            assert_eq!(refusal.retryable, retryable, "{path:?}: {refusal:?}");
        }
    }
}
