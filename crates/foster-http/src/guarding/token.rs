use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use axum::http::{HeaderMap, header};
use rustix::fs::OFlags;
use rustix::rand::{GetRandomFlags, getrandom};
use subtle::ConstantTimeEq as _;

use super::key::hex;
use crate::error::ServeError;

/// How many random bytes a token is made of.
const BYTES: usize = 32;
/// How long a token may be that somebody else has made.
const LENGTHS: std::ops::RangeInclusive<usize> = 32..=1024;

/// What a client has to show: whoever has it can run commands as us.
#[derive(Clone)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// Reads the token, or makes one if there is no file.
    ///
    /// # Errors
    /// The file can't be read or written, is another user's, or may be read by others.
    pub fn keep(path: &Path) -> Result<Self, ServeError> {
        if let Some(token) = Self::read(path)? {
            return Ok(token);
        }
        make(path).map_err(failed(path))?;
        let missing = || failed(path)(io::ErrorKind::NotFound.into());
        Self::read(path)?.ok_or_else(missing)
    }

    /// Reads the token; `None` if there is no file.
    ///
    /// # Errors
    /// Those of [`Token::keep`].
    pub fn read(path: &Path) -> Result<Option<Self>, ServeError> {
        let untrusted = |reason: String| ServeError::TokenUntrusted {
            path: path.to_owned(),
            reason,
        };
        // Never through a link, and never waiting for a FIFO.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
        let file = File::options()
            .read(true)
            .custom_flags(flags.cast_signed())
            .open(path);
        let file = match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(untrusted("it is a symbolic link".to_owned()));
            }
            file => file.map_err(failed(path))?,
        };
        let meta = file.metadata().map_err(failed(path))?;
        let mode = meta.mode() & 0o7777;
        if !meta.is_file() {
            return Err(untrusted("it is not a regular file".to_owned()));
        }
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(untrusted(format!("it belongs to user {}", meta.uid())));
        }
        if mode & 0o077 != 0 {
            return Err(untrusted(format!(
                "others may read or write it (mode {mode:04o})"
            )));
        }
        let mut text = String::new();
        let read = file
            .take(*LENGTHS.end() as u64 + 2)
            .read_to_string(&mut text);
        read.map_err(failed(path))?;
        let token = text.trim_end_matches('\n');
        let fits =
            LENGTHS.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(untrusted(
                "it is none: 32 to 1024 visible ASCII characters on one line".to_owned(),
            ));
        }
        Ok(Some(Self(token.to_owned())))
    }

    /// Returns it as it is sent.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Returns whether a request has it. How long that takes tells nothing of it but its length.
    pub fn is_shown_by(&self, headers: &HeaderMap) -> bool {
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(one), None) = (shown.next(), shown.next()) else {
            return false;
        };
        let Some((scheme, token)) = one.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return false;
        };
        let same: bool = token.trim().as_bytes().ct_eq(self.0.as_bytes()).into();
        scheme.eq_ignore_ascii_case("bearer") && same
    }
}

/// Makes the file with a new token, in one step: of two who make it at once one does, and both read that.
fn make(path: &Path) -> io::Result<()> {
    let mut bytes = [0; BYTES];
    random(&mut bytes)?;
    let mut name = [0; 8];
    random(&mut name)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!(".http-token.{}", hex(&name)));
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    let written = file
        .write_all(format!("{}\n", hex(&bytes)).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&temporary, path));
    // It was only ever the other name of the file.
    let removed = fs::remove_file(&temporary);
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => removed,
        written => written.and(removed),
    }
}

fn random(bytes: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty())?;
    }
    Ok(())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ServeError {
    move |source| ServeError::File {
        path: path.to_owned(),
        source,
    }
}
