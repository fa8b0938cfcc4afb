use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use foster_api::Failure;
use foster_api::args::Format;
use foster_model::answer::ListAnswer;
use foster_model::{ErrorCode, Exit};
use foster_service::{Context, ListChanges, ListRequest, Outcome};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::{Caller, list, say_failure};
use crate::exit::Status;
use crate::output;
use crate::render::text::Listing;
use crate::render::{self, Style};
use crate::terminal::Terminal;

/// When the ages in a listing are told anew, if nothing else changes.
const REFRESH: Duration = Duration::from_secs(10);
/// How long further changes are waited for, so that a hundred jobs that start at once are drawn once.
const GATHER: Duration = Duration::from_millis(30);

/// Shows a listing again whenever it changes: drawn on a terminal, else one document after the other.
pub fn carry_out(
    kind: &str,
    request: &ListRequest,
    ids_alone: bool,
    caller: &Caller<'_>,
) -> Status {
    match watch(kind, request, ids_alone, caller) {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => say_failure(caller.style, kind, &failure),
    }
}

fn watch(
    kind: &str,
    request: &ListRequest,
    ids_alone: bool,
    caller: &Caller<'_>,
) -> Result<(), Failure> {
    let context = caller.context(list::needs(request))?;
    // Before the first look, so that nothing happens between the two.
    let mut changes = ListChanges::begin(&context)?;
    let mut screen = Screen::new(kind, ids_alone, caller.style)?;
    loop {
        match screen.show(&context, request) {
            Err(Stop::Closed) => return Ok(()),
            Err(Stop::Failed(failure)) => return Err(failure),
            Ok(()) => {}
        }
        if wait(&mut changes, &screen)? == Woken::ToEnd {
            return Ok(());
        }
    }
}

/// Why nothing more is shown.
enum Stop {
    /// Nobody reads it.
    Closed,
    /// It can't be had, or not be written.
    Failed(Failure),
}

#[derive(Debug, PartialEq, Eq)]
enum Woken {
    ToShow,
    ToEnd,
}

/// Where the listing is shown.
struct Screen<'a> {
    kind: &'a str,
    ids_alone: bool,
    style: Style,
    terminal: Option<Terminal>,
    last: Option<ListAnswer>,
}

impl<'a> Screen<'a> {
    fn new(kind: &'a str, ids_alone: bool, style: Style) -> Result<Self, Failure> {
        let drawn = style.format == Format::Text && output::is_terminal();
        let terminal = drawn.then(Terminal::take).transpose();
        Ok(Self {
            kind,
            ids_alone,
            // Each document is one line.
            style: Style {
                pretty: false,
                ..style
            },
            terminal: terminal.map_err(|error| failed("the terminal can't be set", &error))?,
            last: None,
        })
    }

    fn show(&mut self, context: &Context, request: &ListRequest) -> Result<(), Stop> {
        let answer = foster_service::list(context, request);
        let answer = answer.map_err(|error| Stop::Failed(error.into()))?;
        // Ages change with the time, and nobody but a person wants to know.
        if self.terminal.is_none() && self.last.as_ref() == Some(&answer) {
            return Ok(());
        }
        if self.terminal.is_some() {
            self.style.width = output::width();
        }
        let ids_alone = self.ids_alone;
        let outcome = Outcome::from(Listing { answer, ids_alone });
        let rendered = render::answer(self.style, self.kind, &outcome).out;
        let written = match &self.terminal {
            Some(terminal) => terminal.draw(&String::from_utf8_lossy(&rendered)),
            None => output::write_out(&[self.between(), &rendered].concat()),
        };
        self.last = Some(outcome.answer.answer);
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::Closed,
            _ => Stop::Failed(failed("standard output can't be written", &error)),
        })
    }

    /// Returns what stands between two documents.
    fn between(&self) -> &'static [u8] {
        match (self.style.format, &self.last) {
            (Format::Yaml, _) => b"---\n",
            (Format::Text, Some(_)) => b"\n",
            _ => b"",
        }
    }
}

/// Sleeps until the listing may have changed, it is time to tell the ages anew, or somebody wants the
/// end.
fn wait(changes: &mut ListChanges, screen: &Screen<'_>) -> Result<Woken, Failure> {
    let mut due = Instant::now() + REFRESH;
    let mut changed = false;
    loop {
        let keyboard = screen.terminal.as_ref().and_then(Terminal::keyboard);
        let stdout = rustix::stdio::stdout();
        let changes_fd = changes.as_fd();
        // A reader who has gone shows without being asked for.
        let mut fds = vec![
            PollFd::new(&changes_fd, PollFlags::IN),
            PollFd::new(&stdout, PollFlags::empty()),
        ];
        fds.extend(keyboard.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        let left = Timespec::try_from(due.saturating_duration_since(Instant::now())).ok();
        match poll(&mut fds, left.as_ref()) {
            Ok(0) => return Ok(Woken::ToShow),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(failed("the listing can't be watched", &error.into())),
        }
        let told: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let keys = told.get(2) == Some(&true);
        let ends = keys
            && screen
                .terminal
                .as_ref()
                .is_some_and(Terminal::asks_for_the_end);
        if told[1] || ends {
            return Ok(Woken::ToEnd);
        }
        if told[0] && changes.take()? && !changed {
            changed = true;
            due = Instant::now() + GATHER;
        }
    }
}

fn failed(what: &str, error: &io::Error) -> Failure {
    Failure::with_hint(ErrorCode::Io, format!("{what}: {error}"), None)
}
