use crate::Signal;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// It exited by itself, with this code.
    Code(i32),
    /// A signal ended it.
    Signal {
        /// Which.
        signal: Signal,
        /// Whether it left a core.
        core_dumped: bool,
    },
}

impl ExitStatus {
    /// Returns the exit code; `None` if a signal ended the process.
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Signal { .. } => None,
        }
    }

    /// Returns the signal that ended the process, if one did.
    pub fn signal(self) -> Option<Signal> {
        match self {
            Self::Code(_) => None,
            Self::Signal { signal, .. } => Some(signal),
        }
    }

    /// Returns whether the process left a core.
    pub fn core_dumped(self) -> bool {
        matches!(
            self,
            Self::Signal {
                core_dumped: true,
                ..
            }
        )
    }

    /// Returns the status that `wait(2)` encodes in an integer, which is also what the last field
    /// of `/proc/PID/stat` shows of a zombie
    /// ([proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)).
    pub(crate) fn from_wait_word(word: i32) -> Option<Self> {
        if libc::WIFEXITED(word) {
            return Some(Self::Code(libc::WEXITSTATUS(word)));
        }
        if !libc::WIFSIGNALED(word) {
            return None;
        }
        let signal = Signal::from_kernel(libc::WTERMSIG(word));
        Some(Self::Signal {
            signal,
            core_dumped: libc::WCOREDUMP(word),
        })
    }

    /// Returns the word that [`ExitStatus::from_wait_word`] understands.
    pub(crate) fn to_wait_word(self) -> i32 {
        const CORE: i32 = 0x80;
        match self {
            Self::Code(code) => (code & 0xff) << 8,
            Self::Signal {
                signal,
                core_dumped,
            } => signal.number() | if core_dumped { CORE } else { 0 },
        }
    }

    /// Returns the status that `waitid(2)` tells in the two fields of its `siginfo_t`.
    #[cfg_attr(
        foster_portable,
        expect(dead_code, reason = "only Linux asks in this way")
    )]
    pub(crate) fn from_child_info(code: i32, status: i32) -> Option<Self> {
        match code {
            libc::CLD_EXITED => Some(Self::Code(status)),
            libc::CLD_KILLED | libc::CLD_DUMPED => Some(Self::Signal {
                signal: Signal::from_kernel(status),
                core_dumped: code == libc::CLD_DUMPED,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_what_the_status_said() {
        let signal = |signal, core_dumped| ExitStatus::Signal {
            signal,
            core_dumped,
        };
        let told = [
            ExitStatus::Code(0),
            ExitStatus::Code(255),
            signal(Signal::KILL, false),
            signal(Signal::QUIT, true),
        ];
        for status in told {
            let word = status.to_wait_word();
            assert_eq!(ExitStatus::from_wait_word(word), Some(status));
        }
    }
}
