use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use foster_model::answer::ServeAnswer;
use foster_service::Context;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::error::ServeError;
use crate::guarding::{PageKey, Token};

/// Where a root's server is told of.
const NAME: &str = "http-server.json";
/// More than any such file holds.
const LONGEST: u64 = 64 * 1024;

/// The file that tells of the server. It is locked as long as the server lives, so nobody who reads it mistakes a
/// stranger at the same address for it.
#[derive(Debug)]
pub struct Announced {
    path: PathBuf,
    file: File,
}

impl Announced {
    /// Writes it, in the place of that of another server of this root.
    ///
    /// # Errors
    /// It can't be written.
    pub fn new(root: &Path, answer: &ServeAnswer) -> Result<Self, ServeError> {
        let path = root.join(NAME);
        let failed = failed(&path);
        let temporary = root.join(format!(".{NAME}.{}", answer.pid));
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(&failed)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|errno| failed(errno.into()))?;
        let text =
            serde_json::to_string_pretty(answer).map_err(|error| failed(error.into()))? + "\n";
        file.write_all(text.as_bytes())
            .and_then(|()| fs::rename(&temporary, &path))
            .map_err(&failed)?;
        Ok(Self { path, file })
    }

    /// Removes it, unless it tells of another server by now.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn withdraw(self) -> Result<(), ServeError> {
        let failed = failed(&self.path);
        let own = self.file.metadata().map_err(&failed)?;
        match fs::symlink_metadata(&self.path) {
            Ok(meta) if (meta.dev(), meta.ino()) == (own.dev(), own.ino()) => {
                fs::remove_file(&self.path).map_err(&failed)
            }
            _ => Ok(()),
        }
    }
}

/// A server of this root that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Where it listens.
    pub answer: ServeAnswer,
    /// Its page, with key and token; `None` without TCP.
    pub page: Option<String>,
}

/// Returns the server of this root, if one runs.
///
/// # Errors
/// What tells of it, or its token, can't be read or trusted.
pub fn running(context: &Context) -> Result<Option<Running>, ServeError> {
    let path = context.cwd.join(&context.root).join(NAME);
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let file = File::options()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(&path);
    let file = match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed(&path))?,
    };
    // Locked: its server lives. Not locked: it was killed, and another may listen there.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => {}
        Err(errno) => return Err(failed(&path)(errno.into())),
        Ok(()) => return Ok(None),
    }
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(failed(&path))?;
    let read: Result<ServeAnswer, _> = serde_json::from_str(&text);
    let answer = read.map_err(|error| failed(&path)(error.into()))?;
    let token = Token::read(Path::new(&answer.token_file))?;
    let page = answer.url.as_deref().zip(token).map(|(url, token)| {
        let port = port_of(&answer);
        with_key(url, &PageKey::new(&token, port), &token)
    });
    Ok(Some(Running { answer, page }))
}

fn port_of(answer: &ServeAnswer) -> u16 {
    let address = answer.address.as_deref().unwrap_or_default();
    let address: Option<std::net::SocketAddr> = address.parse().ok();
    address.map_or(0, |address| address.port())
}

/// Returns the address of a page with what opens it. Browsers send nothing of what follows the `#`.
pub fn with_key(url: &str, key: &PageKey, token: &Token) -> String {
    format!("{url}?key={}#{}", key.secret(), token.secret())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ServeError + use<> {
    let path = path.to_owned();
    move |source| ServeError::File {
        path: path.clone(),
        source,
    }
}
