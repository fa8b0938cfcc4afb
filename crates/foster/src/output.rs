use std::io::{self, BufWriter, IsTerminal as _, Write};

use foster_api::args::When;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::environment::Environment;

/// Standard output, without the standard library's buffer: what a line costs is ours to decide.
///
/// A reader that has gone shows as [`io::ErrorKind::BrokenPipe`]; nothing here panics on it.
#[derive(Debug)]
pub struct Stdout(());

impl Stdout {
    /// Returns standard output with a buffer, which the caller flushes.
    pub fn buffered() -> BufWriter<Self> {
        BufWriter::with_capacity(64 * 1024, Self(()))
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stdout = rustix::stdio::stdout();
        loop {
            match rustix::io::write(stdout, bytes) {
                // A reader may have made our end non-blocking: it is the same for both of us.
                Err(Errno::AGAIN) => {
                    match poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], None) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(Errno::INTR) => {}
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all of it on standard output.
pub fn write_out(bytes: &[u8]) -> io::Result<()> {
    Stdout(()).write_all(bytes)
}

/// Writes all of it on standard error. If nobody reads that, nobody can be told so either.
pub fn write_err(bytes: &[u8]) {
    let _ = io::stderr().write_all(bytes);
}

/// Returns whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Which of the two streams takes colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Colors {
    /// Standard output.
    pub out: bool,
    /// Standard error.
    pub err: bool,
}

/// Returns where colours are used. Without a word on it the environment decides, as others read it:
/// `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`, `TERM`.
pub fn colors(when: When, environment: &Environment) -> Colors {
    // The crate takes a terminal of a CI for one with colours, whatever `TERM` says.
    let may = environment.forces_colors() || !environment.dumb_terminal();
    let known = |choice| may && choice != anstream::ColorChoice::Never;
    match when {
        When::Always => Colors {
            out: true,
            err: true,
        },
        When::Never => Colors::default(),
        When::Auto => Colors {
            out: known(anstream::AutoStream::choice(&io::stdout())),
            err: known(anstream::AutoStream::choice(&io::stderr())),
        },
    }
}

/// Returns the columns of the terminal on standard output, if it is one and tells.
pub fn width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}
