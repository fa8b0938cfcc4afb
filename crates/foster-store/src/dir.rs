use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use crate::{DamageError, Problem, sys};

/// Files are for their owner alone.
pub(crate) const FILE_MODE: Mode = Mode::from_raw_mode(0o600);
/// So are folders.
pub(crate) const FOLDER_MODE: Mode = Mode::from_raw_mode(0o700);
/// The longest file that is read as a whole, in bytes: a journal of more than a million events.
const LONGEST: u64 = 256 << 20;
/// With less room than this, the standard library would look by a small read whether there is more.
const SPARE: usize = 64;

/// An open directory: all names are looked up in it without following links, and its path is kept
/// only for messages.
#[derive(Debug)]
pub(crate) struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    pub fn new(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path }
    }

    /// Opens a path as it stands; a link at its end is not followed, one before it is.
    pub fn open_path(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self::new(fd, path.to_owned()))
    }

    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self::new(self.fd.try_clone()?, self.path.clone()))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn damage(&self, name: &str, problem: impl Into<Problem>) -> DamageError {
        DamageError {
            path: self.path.join(name),
            problem: problem.into(),
        }
    }

    /// Opens a folder within this one.
    pub fn subdir(&self, name: &str) -> Result<Self, DamageError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Self::new(fd, self.path.join(name))),
            Err(errno) => Err(match Problem::from(errno) {
                // A link that is not followed is no directory, whatever it points to.
                Problem::NotRegular => self.damage(name, Problem::NotDirectory),
                problem => self.damage(name, problem),
            }),
        }
    }

    /// Makes a folder within this one, which must be new.
    pub fn make_subdir(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.fd, name, FOLDER_MODE)?)
    }

    /// Makes a folder unless there is one, and opens it.
    pub fn ensure_subdir(&self, name: &str) -> io::Result<Self> {
        match self.make_subdir(name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(self.subdir(name)?),
        }
    }

    /// Opens a regular file. Neither a link nor a FIFO can lead astray or hold it up.
    pub fn open(&self, name: &str, flags: OFlags) -> Result<File, DamageError> {
        let careful = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = rustix::fs::openat(&self.fd, name, flags | careful, FILE_MODE);
        let file = File::from(opened.map_err(|errno| self.damage(name, errno))?);
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => Ok(file),
            Ok(_) => Err(self.damage(name, Problem::NotRegular)),
            Err(error) => Err(self.damage(name, error)),
        }
    }

    /// Returns everything in a file, unless it is longer than any that is read as a whole can be: what has
    /// no room in memory would end its reader, and one that is mostly holes costs who made it nothing.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, DamageError> {
        let file = self.open(name, OFlags::RDONLY)?;
        let length = file.metadata().map_or(u64::MAX, |found| found.len());
        if length > LONGEST {
            return Err(self.damage(name, Problem::TooLong(length)));
        }
        // With room for all of it and a little more, it is read at once, and its end is seen at once.
        let mut bytes = Vec::with_capacity(length as usize + SPARE);
        file.take(LONGEST)
            .read_to_end(&mut bytes)
            .map_err(|error| self.damage(name, error))?;
        Ok(bytes)
    }

    /// Makes a file, which must be new, with this content.
    pub fn create(&self, name: &str, content: &[u8]) -> io::Result<File> {
        let mut file = self.open(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)?;
        file.write_all(content)?;
        Ok(file)
    }

    /// Puts a file in the place of another at once: readers see the old one or the new one.
    pub fn replace(&self, name: &str, temporary: &str, content: &[u8]) -> io::Result<()> {
        let mut file = self.open(temporary, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
        let done = file
            .write_all(content)
            .and_then(|()| foster_fault::attempt("store.replace.rename"))
            .and_then(|()| self.rename(temporary, name))
            .map(|()| foster_fault::step("store.replace.renamed"));
        if done.is_err() {
            let _ = self.unlink(temporary);
        }
        done
    }

    /// Puts a file in the place of another at once, as [`Dir::replace`] does, where it is no loss if a
    /// failure of power leaves it empty or cut.
    ///
    /// The two change places and the old one is removed: a rename over a file makes ext4 put the new one's
    /// content on the disk first (`auto_da_alloc` in [ext4(5)](https://man7.org/linux/man-pages/man5/ext4.5.html)),
    /// which takes several times as long.
    pub fn replace_cache(&self, name: &str, temporary: &str, content: &[u8]) -> io::Result<()> {
        let mut file = self.open(temporary, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
        let done = file
            .write_all(content)
            .and_then(|()| foster_fault::attempt("store.replace.rename"))
            .and_then(|()| match sys::exchange(self.as_fd(), temporary, name) {
                Ok(()) => {
                    // What stays behind is overwritten by the next.
                    let _ = self.unlink(temporary);
                    Ok(())
                }
                // There is none yet, or this file system or kernel can't.
                Err(_) => self.rename(temporary, name),
            })
            .map(|()| foster_fault::step("store.replace.renamed"));
        if done.is_err() {
            let _ = self.unlink(temporary);
        }
        done
    }

    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Gives a folder a name that must be new.
    pub fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        if self.stat(to).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.rename(from, to).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => io::ErrorKind::AlreadyExists.into(),
            _ => error,
        })
    }

    /// The same directory, which bears another name now.
    pub fn renamed(self, name: &str) -> Self {
        let path = self.path.with_file_name(name);
        Self { path, ..self }
    }

    pub fn unlink(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    pub fn remove_subdir(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }

    /// Returns what kind of thing bears the name, and its length in bytes.
    pub fn stat(&self, name: &str) -> io::Result<(FileType, u64)> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((FileType::from_raw_mode(stat.st_mode), stat.st_size as u64))
    }

    /// Returns all that the system tells of what bears the name.
    pub fn raw_stat(&self, name: &str) -> io::Result<Stat> {
        Ok(rustix::fs::statat(
            &self.fd,
            name,
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    /// Returns the length of a regular file.
    pub fn file_len(&self, name: &str) -> Result<u64, DamageError> {
        match self.stat(name) {
            Ok((FileType::RegularFile, len)) => Ok(len),
            Ok(_) => Err(self.damage(name, Problem::NotRegular)),
            Err(error) => Err(self.damage(name, error)),
        }
    }

    /// Returns the names in the directory that are text, in no order. Foster gives no others.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            names.extend(text(entry?.file_name()));
        }
        Ok(names)
    }

    /// As [`Dir::names`], but of folders alone. What each is stands in the directory itself, on nearly every
    /// file system: a look at each of a hundred thousand would take longer than all else.
    pub fn folder_names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let is_folder = |name: &String| match entry.file_type() {
                FileType::Unknown => matches!(self.stat(name), Ok((FileType::Directory, _))),
                kind => kind == FileType::Directory,
            };
            names.extend(text(entry.file_name()).filter(is_folder));
        }
        Ok(names)
    }
}

/// Returns a name in a directory if it is text, and neither the directory itself nor the one above.
fn text(name: &CStr) -> Option<String> {
    let name = name.to_str().ok()?;
    (name != "." && name != "..").then(|| name.to_owned())
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
