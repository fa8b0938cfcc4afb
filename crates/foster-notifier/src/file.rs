use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Appends an event to a file, as one line by one write, so that several jobs may share it. Folders
/// that are missing are made.
pub fn tell(path: &Path, event: &[u8]) -> Result<(), String> {
    append(path, event).map_err(|error| error.to_string())
}

fn append(path: &Path, event: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
    }
    // Without NONBLOCK a FIFO without a reader would hang us.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let mut options = File::options();
    options
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(nonblocking);
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        let message = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let line = [event, b"\n"].concat();
    file.write_all(&line)
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
        assert!(tell(dir.path(), b"{}").is_err());
        assert!(tell(&path.join("below/a/file"), b"{}").is_err());
    }
}
