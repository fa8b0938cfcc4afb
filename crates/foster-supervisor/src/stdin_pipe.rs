use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use foster_process::pipe;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The pipe to a command's open standard input.
///
/// Its writing end has to outlive the supervisor, or the command would read an end of file that
/// nobody sent; and it has to be closed by the supervisor alone when the end is meant. So the keeper
/// holds no copy of it: a copy lies on the *shelf*, in flight in a socket that both hold
/// ([unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html), `SCM_RIGHTS`). While either lives
/// the pipe is open; whoever takes the copy off the shelf can close it, at once and for good, without
/// waking the keeper, and also if that one was stopped or is gone.
///
/// Refused: a copy in the keeper, which would have to be told, and could not be if it is stopped; a
/// socket pair in the pipe's place with `shutdown`, since a command can't open `/dev/stdin` if that is
/// a socket (`ENXIO`, so `cat /dev/stdin` fails) and finds other sizes and errors than of a pipe; and
/// to have the successor open the pipe anew through `/proc`, which is too late for a command that
/// sleeps in `read`: it sees the end in between.
///
/// What is in flight counts for all processes of a user together, one for each running job of this
/// kind, and whoever is not privileged may put no more there than its own `RLIMIT_NOFILE`.
#[derive(Debug)]
pub struct StdinPipe {
    /// The command's end, until it has it.
    reader: Option<OwnedFd>,
    /// Our end; it does not block.
    writer: Option<OwnedFd>,
    shelf: UnixStream,
}

impl StdinPipe {
    /// Makes the pipe, and puts a copy of its writing end on the shelf.
    ///
    /// # Errors
    /// No descriptor is left, or too many are in flight.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = pipe()?;
        set_blocking(&reader, true)?;
        set_blocking(&writer, false)?;
        Ok(Self {
            reader: Some(reader),
            shelf: shelf_with(&writer)?,
            writer: Some(writer),
        })
    }

    /// Puts a copy of the writing end on a new shelf, if it is not closed: before another process
    /// shares it that holds nothing else.
    ///
    /// # Errors
    /// As for [`StdinPipe::new`].
    pub fn put_back(&mut self) -> io::Result<()> {
        if let Some(writer) = &self.writer {
            self.shelf = shelf_with(writer)?;
        }
        Ok(())
    }

    /// Returns the command's end, once.
    pub fn take_reader(&mut self) -> Option<OwnedFd> {
        self.reader.take()
    }

    /// Lets go of both ends: of the reading one, so that a command that closes its input is noticed,
    /// and of the writing one, since that lies on the shelf.
    pub fn leave_to_shelf(&mut self) {
        self.reader = None;
        self.writer = None;
    }

    /// Takes the writing end off the shelf, for a successor.
    ///
    /// # Errors
    /// The socket's. That it was taken off and closed before is none.
    pub fn take_back(&mut self) -> io::Result<()> {
        self.writer = self.take_off()?;
        Ok(())
    }

    /// Returns the writing end, unless it is closed.
    pub fn writer(&self) -> Option<BorrowedFd<'_>> {
        self.writer.as_ref().map(|fd| fd.as_fd())
    }

    /// Closes the writing end for good: the command reads the end of file behind what is in the pipe.
    pub fn close(&mut self) {
        self.writer = None;
        // Where no descriptor is left to take it with, the kernel lets it go all the same.
        drop(self.take_off());
    }

    fn take_off(&self) -> io::Result<Option<OwnedFd>> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut rights = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let received = rustix::net::recvmsg(
            &self.shelf,
            &mut [IoSliceMut::new(&mut byte)],
            &mut rights,
            RecvFlags::CMSG_CLOEXEC,
        );
        match received {
            Err(Errno::AGAIN) => return Ok(None),
            received => received?,
        };
        let mut fds = rights.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        });
        Ok(fds.next())
    }
}

/// Returns the socket in which a copy of `writer` is in flight.
fn shelf_with(writer: &OwnedFd) -> io::Result<UnixStream> {
    let (put, shelf) = UnixStream::pair()?;
    shelf.set_nonblocking(true)?;
    match put_in_flight(&put, writer) {
        Err(Errno::TOOMANYREFS) => with_highest_limit(|| put_in_flight(&put, writer))?,
        done => done?,
    }
    Ok(shelf)
}

fn put_in_flight(put: &UnixStream, fd: &OwnedFd) -> rustix::io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let fds = [fd.as_fd()];
    rights.push(SendAncillaryMessage::ScmRights(&fds));
    let byte = [IoSlice::new(b"W")];
    rustix::net::sendmsg(put, &byte, &mut rights, SendFlags::NOSIGNAL).map(drop)
}

/// Does something with the hard limit of descriptors as the soft one: that is low for the sake of
/// programs with `select`, and what is in flight is no number that they could meet.
fn with_highest_limit<T>(what: impl FnOnce() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    let before = getrlimit(Resource::Nofile);
    let highest = Rlimit {
        current: before.maximum,
        ..before
    };
    setrlimit(Resource::Nofile, highest)?;
    let done = what();
    setrlimit(Resource::Nofile, before)?;
    done
}

fn set_blocking(fd: &OwnedFd, blocking: bool) -> io::Result<()> {
    let mut flags = fcntl_getfl(fd)?;
    flags.set(OFlags::NONBLOCK, !blocking);
    Ok(fcntl_setfl(fd, flags)?)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};

    use super::*;

    fn read(reader: OwnedFd) -> Vec<u8> {
        let mut bytes = Vec::new();
        File::from(reader).read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn write(pipe: &StdinPipe, bytes: &[u8]) {
        let writer = pipe.writer().unwrap().try_clone_to_owned().unwrap();
        File::from(writer).write_all(bytes).unwrap();
    }

    #[test]
    fn one_who_closes_it_closes_it_for_all() {
        let mut ours = StdinPipe::new().unwrap();
        let reader = ours.take_reader().unwrap();
        // As after a fork: another holds the shelf and nothing else.
        let mut keepers = StdinPipe {
            reader: None,
            writer: None,
            shelf: ours.shelf.try_clone().unwrap(),
        };
        write(&ours, b"all");
        ours.close();
        assert_eq!(read(reader), b"all");
        keepers.take_back().unwrap();
        assert!(keepers.writer().is_none());
    }

    #[test]
    fn it_stays_open_on_the_shelf_alone() {
        let mut pipe = StdinPipe::new().unwrap();
        let reader = pipe.take_reader().unwrap();
        write(&pipe, b"before ");
        for _ in 0..2 {
            pipe.leave_to_shelf();
            pipe.take_back().unwrap();
            pipe.put_back().unwrap();
        }
        write(&pipe, b"after");
        pipe.close();
        assert_eq!(read(reader), b"before after");
    }
}
