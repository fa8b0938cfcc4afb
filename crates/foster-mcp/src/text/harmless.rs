use std::borrow::Cow;

/// Returns what was printed as a model and a client that renders text may have it: colours are gone, and everything else
/// that does something instead of being read is escaped; a carriage return ends a line.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let keeps = |c: char| matches!(c, '\n' | '\t') || !acts(c);
    if text.chars().all(keeps) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = without_color(rest) {
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\r' if rest.starts_with('\n') => {}
            '\r' => shown.push('\n'),
            c if keeps(c) => shown.push(c),
            c => shown.extend(c.escape_default()),
        }
    }
    Cow::Owned(shown)
}

/// Returns a text on one line, cut.
pub fn one_line(text: &str, longest: usize) -> String {
    let line = harmless(text).replace(['\n', '\t'], " ");
    let end = line
        .char_indices()
        .find(|(at, c)| at + c.len_utf8() > longest);
    match end {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Returns whether a character is acted upon, or unseen by people and read by models: control characters, marks that
/// turn the direction of writing, and tags.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(
            c,
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Returns what follows the sequence at the beginning of `text` if it sets how characters look (SGR of ECMA-48).
fn without_color(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\x1b[")?;
    let is_parameter = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
    parameters
        .trim_start_matches(is_parameter)
        .strip_prefix('m')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_text_is_left() {
        let rows = [
            ("é\ttext 👩‍👩‍👧\n", "é\ttext 👩‍👩‍👧\n"),
            ("\x1b[1;38:5:9mred\x1b[m", "red"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("\x1b[2J\x1b[31", "\\u{1b}[2J\\u{1b}[31"),
            (
                "\u{9b}31m\u{202e}\x08\u{e0041}",
                "\\u{9b}31m\\u{202e}\\u{8}\\u{e0041}",
            ),
            ("one\r\ntwo\rthree\r", "one\ntwo\nthree\n"),
        ];
        for (printed, shown) in rows {
            assert_eq!(harmless(printed), shown, "{printed:?}");
        }
        assert_eq!(one_line("a\nb\x07", 99), "a b\\u{7}");
        assert_eq!(one_line("éé", 3), "é…");
    }
}
