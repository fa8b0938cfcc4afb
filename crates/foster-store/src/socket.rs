use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use rustix::fs::{AtFlags, FileType};

use crate::dir::FILE_MODE;
use crate::{JobFolder, sys};

const NAME: &str = "sock";

impl JobFolder {
    /// Makes the control socket, in the place of one that a dead process left behind. To be called
    /// by the lock's holder only. The listener blocks.
    pub fn bind(&self) -> io::Result<UnixListener> {
        foster_fault::attempt("store.socket.bind")?;
        self.unlink_socket()?;
        let listener = self.reach(|path| UnixListener::bind(path))?;
        foster_fault::step("store.socket.bound");
        // The folder keeps others out already; this is for those who look at the mode.
        rustix::fs::chmodat(self.dir(), NAME, FILE_MODE, AtFlags::empty())?;
        Ok(listener)
    }

    /// Connects to the job's supervisor.
    ///
    /// # Errors
    ///
    /// `NotFound` or `ConnectionRefused` if there is none.
    pub fn connect(&self) -> io::Result<UnixStream> {
        match self.files().stat(NAME)? {
            (FileType::Socket, _) => self.reach(|path| UnixStream::connect(path)),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the control socket is no socket",
            )),
        }
    }

    /// Returns whether there is a control socket, or something in its place. Where nobody holds the lock
    /// it was left behind by a dead process.
    pub fn has_socket(&self) -> bool {
        self.files().stat(NAME).is_ok()
    }

    /// Removes the control socket; that there is none is no error.
    pub fn unlink_socket(&self) -> io::Result<()> {
        match self.files().unlink(NAME) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn reach<T>(&self, call: impl Fn(&PathBuf) -> io::Result<T>) -> io::Result<T> {
        let mut result = Err(io::ErrorKind::NotFound.into());
        for path in sys::socket_paths(self.files().as_fd(), self.path(), NAME) {
            result = call(&path);
            match &result {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                _ => break,
            }
        }
        result
    }
}
