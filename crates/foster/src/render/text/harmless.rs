use std::borrow::Cow;

use foster_api::acts_on_a_terminal;

/// Returns what a job printed as a terminal may have it: text, line ends, tabs and colours. Anything
/// else that a terminal would act on is escaped, and a lone carriage return, which would write over what
/// stands before it, ends a line.
///
/// A job may print what somebody else has written; a title, a clipboard or a key's meaning is not for
/// that one to set. Colours are let through since people want them.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let harms = |c: char| acts_on_a_terminal(c) && !matches!(c, '\n' | '\t');
    if !text.contains(harms) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = color(rest).map_or(c.len_utf8(), str::len);
        let (taken, after) = rest.split_at(length);
        match c {
            '\r' if after.starts_with('\n') => {}
            '\r' => shown.push('\n'),
            c if length == c.len_utf8() && harms(c) => shown.extend(c.escape_default()),
            _ => shown.push_str(taken),
        }
        rest = after;
    }
    Cow::Owned(shown)
}

/// Returns the sequence at the beginning of `text` if it sets how characters look, and does nothing else
/// (SGR of ECMA-48).
fn color(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\x1b[")?;
    let is_parameter = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
    let rest = parameters.trim_start_matches(is_parameter);
    rest.starts_with('m')
        .then(|| &text[..=text.len() - rest.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_colours_pass_and_nothing_else_does() {
        let rows = [
            ("é\ttext\n", "é\ttext\n"),
            ("\x1b[1;38:5:9mred\x1b[m", "\x1b[1;38:5:9mred\x1b[m"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("\x1b[2J\x1b[31", "\\u{1b}[2J\\u{1b}[31"),
            ("\x1b[?1m\x1bc", "\\u{1b}[?1m\\u{1b}c"),
            ("\u{9b}31m\u{202e}\x08", "\\u{9b}31m\\u{202e}\\u{8}"),
            ("one\r\ntwo\rthree\r", "one\ntwo\nthree\n"),
        ];
        for (printed, shown) in rows {
            assert_eq!(harmless(printed), shown, "{printed:?}");
        }
    }
}
