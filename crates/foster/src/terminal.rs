use std::io::{self, IsTerminal as _};
use std::os::fd::BorrowedFd;

use rustix::stdio::{stdin, stdout};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

use crate::output;

/// To the upper left corner, and nothing of what stood there.
const HOME: &str = "\x1b[H\x1b[2J";
/// The keys that end it: q, and Ctrl-C.
const END: [u8; 3] = [b'q', b'Q', 3];

/// A person's terminal that a listing is drawn on again and again. When it is dropped, the keyboard is as
/// it was.
///
/// Ctrl-C comes as a key meanwhile, not as a signal: one that ended the program would leave a terminal
/// that shows nothing of what is typed.
#[derive(Debug)]
pub struct Terminal {
    screen: BorrowedFd<'static>,
    /// The keyboard, and how it was before.
    keyboard: Option<(BorrowedFd<'static>, Termios)>,
}

impl Terminal {
    /// Takes the terminal on standard output, and the keyboard if that is on standard input.
    ///
    /// # Errors
    /// The keyboard can't be set.
    pub fn take() -> io::Result<Self> {
        let (screen, keyboard) = (stdout(), stdin());
        if !io::stdin().is_terminal() {
            return Ok(Self {
                screen,
                keyboard: None,
            });
        }
        let before = tcgetattr(keyboard)?;
        let mut modes = before.clone();
        modes
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(keyboard, OptionalActions::Now, &modes)?;
        Ok(Self {
            screen,
            keyboard: Some((keyboard, before)),
        })
    }

    /// Returns the keyboard, if there is one.
    pub fn keyboard(&self) -> Option<BorrowedFd<'static>> {
        self.keyboard.as_ref().map(|(keyboard, _)| *keyboard)
    }

    /// Reads what was typed, which must be there, and returns whether it asks for the end.
    pub fn asks_for_the_end(&self) -> bool {
        let Some(keyboard) = self.keyboard() else {
            return false;
        };
        let mut typed = [0; 64];
        match rustix::io::read(keyboard, &mut typed) {
            // Nobody sits there any more.
            Ok(0) | Err(_) => true,
            Ok(length) => typed[..length].iter().any(|key| END.contains(key)),
        }
    }

    /// Draws a text in the place of the one before, as much of it as there are rows.
    ///
    /// # Errors
    /// Nobody reads it any more.
    pub fn draw(&self, text: &str) -> io::Result<()> {
        let rows = tcgetwinsize(self.screen).map_or(0, |size| usize::from(size.ws_row));
        // The cursor stands on one.
        let rows = if rows > 1 { rows - 1 } else { usize::MAX };
        let shown: Vec<_> = text.lines().take(rows).collect();
        output::write_out(format!("{HOME}{}\n", shown.join("\n")).as_bytes())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some((keyboard, before)) = &self.keyboard {
            // A terminal that has gone has no keyboard to set.
            let _ = tcsetattr(keyboard, OptionalActions::Now, before);
        }
    }
}
