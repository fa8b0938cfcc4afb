use std::fmt;
use std::str::FromStr;

use crate::sys;

/// A signal of this system. The constants are those that this crate has a use for; any other is had by
/// its name (`"USR1".parse()`) or by its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(i32);

/// The system has no signal of this name or number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this system has no signal {0:?}")]
pub struct UnknownSignal(pub String);

impl Signal {
    /// Ends a process that doesn't care.
    pub const TERM: Self = Self(libc::SIGTERM);
    /// Ends a process, whatever it cares.
    pub const KILL: Self = Self(libc::SIGKILL);
    /// What Ctrl-C sends.
    pub const INT: Self = Self(libc::SIGINT);
    /// What Ctrl-\ sends.
    pub const QUIT: Self = Self(libc::SIGQUIT);
    /// The terminal is gone.
    pub const HUP: Self = Self(libc::SIGHUP);
    /// Lets a stopped process go on.
    pub const CONT: Self = Self(libc::SIGCONT);
    /// Stops a process, whatever it cares.
    pub const STOP: Self = Self(libc::SIGSTOP);
    /// Nobody reads any more what was written to a pipe or a socket.
    pub const PIPE: Self = Self(libc::SIGPIPE);
    /// A file would become longer than the limit of file sizes allows.
    pub const XFSZ: Self = Self(libc::SIGXFSZ);
    /// A child has changed.
    pub const CHLD: Self = Self(libc::SIGCHLD);

    /// Returns the signal of this number, if the system has one.
    ///
    /// # Errors
    /// [`UnknownSignal`] for 0, negative numbers, and what the C library keeps for itself.
    pub fn from_number(number: i32) -> Result<Self, UnknownSignal> {
        let known = sys::SIGNALS.iter().any(|(_, n)| *n == number);
        if known || sys::realtime_signals().contains(&number) {
            Ok(Self(number))
        } else {
            Err(UnknownSignal(number.to_string()))
        }
    }

    /// Returns the signal that the kernel says ended a process: one that the C library keeps for
    /// itself (32 and 33 on Linux) can't be asked for, but any process can be killed by it.
    pub(crate) fn from_kernel(number: i32) -> Self {
        Self(number)
    }

    /// Returns its number on this system.
    pub fn number(self) -> i32 {
        self.0
    }

    /// Returns its canonical name without `SIG`, such as `TERM` or `RTMIN+3`; its number if it has
    /// none.
    pub fn name(self) -> String {
        match sys::SIGNALS.iter().find(|(_, n)| *n == self.0) {
            Some((name, _)) => (*name).to_owned(),
            None if sys::realtime_signals().contains(&self.0) => {
                format!("RTMIN+{}", self.0 - sys::realtime_signals().start())
            }
            None => self.0.to_string(),
        }
    }
}

impl FromStr for Signal {
    type Err = UnknownSignal;

    /// Reads a name in any case, with or without `SIG`, or a number.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownSignal(text.to_owned());
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::from_number(text.parse().map_err(|_| unknown())?).map_err(|_| unknown());
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        if let Some((_, number)) = sys::SIGNALS.iter().find(|(known, _)| *known == name) {
            return Ok(Self(*number));
        }
        if let Some(alias) = sys::SIGNAL_ALIASES.iter().find(|(known, _)| *known == name) {
            return Ok(Self(alias.1));
        }
        realtime(name).ok_or_else(unknown)
    }
}

fn realtime(name: &str) -> Option<Signal> {
    let range = sys::realtime_signals();
    let number = if let Some(up) = name.strip_prefix("RTMIN") {
        let offset = if up.is_empty() {
            0
        } else {
            up.strip_prefix('+')?.parse().ok()?
        };
        range.start().checked_add(offset)?
    } else {
        let down = name.strip_prefix("RTMAX")?;
        let offset: i32 = if down.is_empty() {
            0
        } else {
            down.strip_prefix('-')?.parse().ok()?
        };
        range.end().checked_sub(offset)?
    };
    range.contains(&number).then_some(Signal(number))
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_spelling_are_one_signal() {
        for text in ["TERM", "term", "SIGTERM", "sigterm", "15"] {
            assert_eq!(text.parse(), Ok(Signal::TERM), "{text}");
        }
        assert_eq!(
            "usr1".parse::<Signal>().map(Signal::name),
            Ok("USR1".to_owned())
        );
    }

    #[test]
    fn what_the_system_lacks_is_refused() {
        for text in [
            "",
            "TREM",
            "0",
            "-1",
            "-9",
            "999",
            "SIG",
            "SIGSIGTERM",
            "RTMIN+99",
            "9 ",
        ] {
            assert!(text.parse::<Signal>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_name_reads_back() {
        for (_, number) in sys::SIGNALS {
            let signal = Signal::from_number(*number).unwrap();
            assert_eq!(signal.name().parse(), Ok(signal));
        }
    }
}
