use std::str::FromStr;
use std::time::Duration;

/// The text is not a duration with a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// A number without a unit, which could mean seconds to one reader and milliseconds to another.
    #[error("{0:?} has no unit: write {0}s, {0}ms, {0}m or {0}h")]
    NoUnit(String),
    /// Not a duration at all, or one that no clock can count.
    #[error("{0:?} is not a duration: write 500ms, 5s, 2m or 1h")]
    Malformed(String),
}

/// The text is not a size with a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSize {
    /// A number without a unit.
    #[error("{0:?} has no unit: write {0}B, {0}KiB or {0}MiB")]
    NoUnit(String),
    /// Not a size at all.
    #[error("{0:?} is not a size: write 512B, 64KiB, 10MiB or 1GiB")]
    Malformed(String),
}

/// The longest duration that is taken for one: a hundred years. Longer ones overflow clocks.
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);

/// Returns the duration that `text` names, such as `500ms`, `5s`, `2m`, `1h30m` or `7d`.
///
/// A unit is required: a bare number is refused, also `0`.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let trimmed = text.trim();
    if is_bare_number(trimmed) {
        return Err(InvalidDuration::NoUnit(trimmed.to_owned()));
    }
    match humantime::parse_duration(trimmed) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        _ => Err(InvalidDuration::Malformed(text.to_owned())),
    }
}

/// Returns the number of bytes that `text` names, such as `512B`, `64KiB` (1024) or `1GB` (1000).
///
/// A unit is required: a bare number is refused, also `0`.
pub fn parse_size(text: &str) -> Result<u64, InvalidSize> {
    let trimmed = text.trim();
    if is_bare_number(trimmed) {
        return Err(InvalidSize::NoUnit(trimmed.to_owned()));
    }
    let malformed = || InvalidSize::Malformed(text.to_owned());
    if !trimmed.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(malformed());
    }
    bytesize::ByteSize::from_str(trimmed)
        .map(|size| size.as_u64())
        .map_err(|_| malformed())
}

fn is_bare_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_read() {
        let rows = [
            ("500ms", 500),
            ("5s", 5_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("0s", 0),
        ];
        for (text, ms) in rows {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(ms)),
                "{text}"
            );
        }
        let rows = [
            ("0B", 0),
            ("64KiB", 65_536),
            ("1GiB", 1 << 30),
            ("1kB", 1_000),
        ];
        for (text, bytes) in rows {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn bare_numbers_and_nonsense_are_refused() {
        assert_eq!(
            parse_duration("5"),
            Err(InvalidDuration::NoUnit("5".into()))
        );
        assert_eq!(
            parse_duration("0"),
            Err(InvalidDuration::NoUnit("0".into()))
        );
        assert_eq!(parse_size("64"), Err(InvalidSize::NoUnit("64".into())));
        for text in ["", "-5s", "5 parsecs", "99999999999999999999h", "s", "1e3s"] {
            assert!(parse_duration(text).is_err(), "{text:?}");
        }
        for text in ["", "-1KiB", "KiB", "1 furlong"] {
            assert!(parse_size(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn noise_never_panics(text: String) {
            let _ = parse_duration(&text);
            let _ = parse_size(&text);
        }
    }
}
