use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::{InvalidDuration, Time, parse_duration};

/// A moment as it is typed: so long ago, or at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long before now.
    Ago(Duration),
    /// This one.
    At(Time),
}

/// The text names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoment {
    /// A number without a unit.
    #[error("{0:?} has no unit")]
    NoUnit(String),
    /// Neither a duration nor a time.
    #[error("{0:?} is neither a duration nor a time")]
    Malformed(String),
}

impl Moment {
    /// Returns the time, given what time it is.
    pub fn time(self, now: Time) -> Time {
        match self {
            Self::At(time) => time,
            Self::Ago(ago) => {
                let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
                Time::from_unix_ms(now.unix_ms().saturating_sub(ago))
            }
        }
    }
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    /// Reads a duration with its unit, such as `10m`, or a time after RFC 3339, such as
    /// `2026-11-20T23:04:34Z`. What is finer than a millisecond is dropped.
    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        match parse_duration(text) {
            Ok(ago) => return Ok(Self::Ago(ago)),
            Err(InvalidDuration::NoUnit(text)) => return Err(InvalidMoment::NoUnit(text)),
            Err(InvalidDuration::Malformed(_)) => {}
        }
        let stamp: Result<Timestamp, _> = text.trim().parse();
        let malformed = |_| InvalidMoment::Malformed(text.to_owned());
        let stamp = stamp.map_err(malformed)?;
        Ok(Self::At(Time::from_unix_ms(stamp.as_millisecond())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_and_times_are_read() {
        let now = Time::from_unix_ms(1_795_000_000_000);
        let rows = [
            ("0s", 1_795_000_000_000),
            ("10m", 1_794_999_400_000),
            ("2026-11-18T11:06:40.120Z", 1_795_000_000_120),
            ("2026-11-18T12:06:40.1209+01:00", 1_795_000_000_120),
        ];
        for (text, ms) in rows {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.time(now), Time::from_unix_ms(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        assert_eq!(
            "5".parse::<Moment>(),
            Err(InvalidMoment::NoUnit("5".into()))
        );
        // Without an offset nobody can tell which moment is meant.
        for text in [
            "",
            "yesterday",
            "2026-11-18",
            "2026-11-18T11:06:40",
            "-5m",
            "25:00",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn noise_never_panics(text: String, ms: i64) {
            if let Ok(moment) = text.parse::<Moment>() {
                let _ = moment.time(Time::from_unix_ms(ms));
            }
        }
    }
}
