use anstyle::{AnsiColor, Style};
use foster_model::State;

/// Puts colours around words, or leaves them alone.
#[derive(Debug, Clone, Copy)]
pub struct Paint(bool);

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

impl Paint {
    /// Returns one that paints, if that is wanted.
    pub fn new(wanted: bool) -> Self {
        Self(wanted)
    }

    /// Returns the head of an error.
    pub fn error(self, text: &str) -> String {
        self.paint(ERROR, text)
    }

    /// Returns the head of a hint.
    pub fn hint(self, text: &str) -> String {
        self.paint(HINT, text)
    }

    /// Returns what matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint(DIM, text)
    }

    /// Returns how a job stands: `failed` tells whether it ended otherwise than well.
    pub fn state(self, state: State, exit_code: Option<i32>, text: &str) -> String {
        let well = state == State::Exited && exit_code == Some(0);
        let color = match state {
            State::Created => return self.dim(text),
            State::Running => AnsiColor::Blue,
            State::Exited if well => AnsiColor::Green,
            State::Killed => AnsiColor::Yellow,
            State::Exited | State::Failed => AnsiColor::Red,
            State::Lost => AnsiColor::Magenta,
        };
        self.paint(color.on_default(), text)
    }

    fn paint(self, style: Style, text: &str) -> String {
        if self.0 {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_painted_only_if_wanted() {
        assert_eq!(Paint::new(false).error("error:"), "error:");
        assert_eq!(
            Paint::new(true).error("error:"),
            "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m"
        );
        let states = [State::Created, State::Running, State::Exited, State::Killed];
        for state in states.into_iter().chain([State::Failed, State::Lost]) {
            let painted = Paint::new(true).state(state, None, "x");
            assert!(painted.starts_with('\u{1b}') && painted.ends_with("x\u{1b}[0m"));
        }
    }
}
