use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::error::ServeError;

/// The path of a unix socket that is ours; dropped, it is removed.
#[derive(Debug)]
pub struct UnixPath {
    path: PathBuf,
    /// Device and inode: another server may have taken the path meanwhile.
    file: (u64, u64),
}

impl UnixPath {
    /// Binds a socket there, for our user alone.
    ///
    /// # Errors
    /// The path is in use, or can't be written.
    pub fn bind(path: &Path) -> Result<(Self, UnixListener), ServeError> {
        let failed = |source| ServeError::Unix {
            path: path.to_owned(),
            source,
        };
        make_room(path).map_err(failed)?;
        // Under another name until its mode is right: nobody else can connect in between.
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let temporary = path.with_file_name(name);
        let listener = UnixListener::bind(&temporary).map_err(failed)?;
        let prepared = fs::set_permissions(&temporary, Permissions::from_mode(0o600))
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| fs::symlink_metadata(path));
        match prepared {
            Ok(meta) => Ok((
                Self {
                    path: path.to_owned(),
                    file: (meta.dev(), meta.ino()),
                },
                listener,
            )),
            Err(error) => {
                // What can't be removed now is not what went wrong.
                let _ = fs::remove_file(&temporary);
                Err(failed(error))
            }
        }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for UnixPath {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|meta| (meta.dev(), meta.ino()) == self.file);
        if ours {
            // Nobody is left to be told; the next server makes room.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the socket of a server that is gone; refuses anything else that lies there.
fn make_room(path: &Path) -> io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        meta => meta?,
    };
    if !meta.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}
