use std::borrow::Cow;

use foster_model::answer::LogsAnswer;
use foster_service::LogItem;

use super::harmless::harmless;

/// Writes lines as text: their bytes as they are, or as a terminal may have them.
#[derive(Debug, Default)]
pub struct LogText {
    terminal: bool,
    timestamps: bool,
    /// Whether groups of lines are told apart, as `grep` does it.
    groups: bool,
    /// The stream whose line was begun and has not ended.
    open: Option<String>,
}

impl LogText {
    /// Returns one that writes each line's time and stream before it, if that is wanted.
    pub fn new(terminal: bool, timestamps: bool, groups: bool) -> Self {
        Self {
            terminal,
            timestamps,
            groups,
            open: None,
        }
    }

    /// Returns whether a line was begun and has not ended.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Returns a line, and its end if it has one. A piece of a line that is very long is followed by
    /// its next one, unless the other stream comes between.
    pub fn line(&mut self, item: &LogItem) -> Vec<u8> {
        let mut line = Vec::with_capacity(item.bytes.len() + 48);
        let goes_on = self.open.as_deref() == Some(&item.line.stream);
        // After a gap another line begins, whatever stream it is of.
        let goes_on = goes_on && !item.after_a_gap;
        if self.open.is_some() && !goes_on {
            line.push(b'\n');
        }
        if self.groups && item.after_a_gap {
            line.extend_from_slice(b"--\n");
        }
        if self.timestamps && !goes_on {
            let at = item.line.at.map_or("-".to_owned(), |at| at.to_string());
            let stream = item.line.stream.to_ascii_uppercase();
            line.extend_from_slice(format!("{at} [{stream}] ").as_bytes());
        }
        line.extend_from_slice(&self.shown(item));
        if item.terminated {
            line.push(b'\n');
            self.open = None;
        } else {
            self.open = Some(item.line.stream.clone());
        }
        line
    }

    fn shown<'a>(&self, item: &'a LogItem) -> Cow<'a, [u8]> {
        let bytes = item.bytes.as_slice();
        if !self.terminal {
            return Cow::Borrowed(bytes);
        }
        // What is left of a line end that has two characters.
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        Cow::Owned(harmless(&text).into_owned().into_bytes())
    }
}

/// Returns what is said, beside the lines, when they are over.
pub fn logs_end(answer: &LogsAnswer) -> String {
    if answer.truncated {
        "(cut at --max-bytes or --max-matches)\n".to_owned()
    } else {
        String::new()
    }
}

/// The lines have been written by then.
impl super::Text for LogsAnswer {
    fn text(&self, _: super::Style, _: &mut String) {}
}
