use std::borrow::Cow;
use std::time::Duration;

use bytesize::ByteSize;
use foster_api::acts_on_a_terminal;
use foster_model::{ProcessInfo, Time};

/// Returns `text` with everything escaped that a terminal would act on.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(acts_on_a_terminal) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts_on_a_terminal(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Returns a command as it could be typed.
pub fn command(words: &[String], shell: bool) -> String {
    match words {
        // `sh -c LINE`: what was given is the line.
        [.., line] if shell => plain(line).into_owned(),
        _ => {
            let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
            words.join(" ")
        }
    }
}

fn quoted(word: &str) -> Cow<'_, str> {
    let safe = |c: char| c.is_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", plain(word).replace('\'', r"'\''")))
}

/// Returns a measured time, such as `350ms`, `12.3s` or `1h 2m 5s`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms}ms"),
        1_000..60_000 => format!("{}.{}s", ms / 1_000, ms % 1_000 / 100),
        _ => humantime::format_duration(Duration::from_secs(ms / 1_000)).to_string(),
    }
}

/// Returns how long ago a moment was, in its largest unit alone.
pub fn age(then: Time, now: Time) -> String {
    let ms = u64::try_from(now.unix_ms() - then.unix_ms()).unwrap_or(0);
    let text = humantime::format_duration(Duration::from_secs(ms / 1_000)).to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Returns a number of bytes, such as `512 B` or `1.5 KiB`.
pub fn bytes(count: u64) -> String {
    ByteSize(count).to_string()
}

/// Returns the end of an id, by which a job can be named.
pub fn short(job_id: &str) -> &str {
    let at = job_id.len().saturating_sub(8);
    job_id.get(at..).unwrap_or(job_id)
}

/// Returns a process as it is shown.
pub fn process(process: &ProcessInfo) -> String {
    let name = plain(&process.command);
    match &process.reason {
        Some(reason) => format!("{} ({name}): {}", process.pid, plain(reason)),
        None => format!("{} ({name})", process.pid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_that_it_would_act_on() {
        assert_eq!(plain("é ok"), "é ok");
        assert_eq!(
            plain("a\x1b[2J\n\u{9b}\u{202e}"),
            "a\\u{1b}[2J\\n\\u{9b}\\u{202e}"
        );
        let typed = ["sh", "it's", "", "a b"].map(str::to_owned);
        assert_eq!(command(&typed, false), r"sh 'it'\''s' '' 'a b'");
        let line = ["sh", "-c", "a | b"].map(str::to_owned);
        assert_eq!(command(&line, true), "a | b");
    }

    #[test]
    fn times_are_short() {
        let rows = [
            (0, "0ms"),
            (999, "999ms"),
            (12_345, "12.3s"),
            (3_725_000, "1h 2m 5s"),
        ];
        for (ms, text) in rows {
            assert_eq!(duration(ms), text);
        }
        let at = Time::from_unix_ms;
        assert_eq!(age(at(0), at(7_260_000)), "2h");
        assert_eq!(age(at(5), at(0)), "0s");
    }
}
