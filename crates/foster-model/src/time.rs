use std::fmt;
use std::time::SystemTime;

use jiff::{Timestamp, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment in UTC, kept and written to the millisecond: `2026-11-20T23:04:34.123Z`.
///
/// It is what clocks on walls show, so it may jump; what Foster measures (`duration_ms`) it
/// measures with a monotonic clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

impl Time {
    /// Returns the moment `ms` milliseconds after 1970 began, or the nearest that can be written.
    pub fn from_unix_ms(ms: i64) -> Self {
        let end = if ms < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        Self(Timestamp::from_millisecond(ms).unwrap_or(end))
    }

    /// Returns the milliseconds since 1970 began.
    pub fn unix_ms(&self) -> i64 {
        self.0.as_millisecond()
    }

    /// Returns the day in UTC, `2026-11-20`.
    pub fn day(&self) -> String {
        self.0.strftime("%Y-%m-%d").to_string()
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let ms = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Self::from_unix_ms(ms)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = self.0.round(Unit::Millisecond).unwrap_or(self.0);
        write!(f, "{rounded:.3}")
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stamp = Timestamp::deserialize(deserializer)?;
        Ok(Self::from_unix_ms(stamp.as_millisecond()))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, UTC, with milliseconds.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_always_written() {
        assert_eq!(
            Time::from_unix_ms(0).to_string(),
            "1970-01-01T00:00:00.000Z"
        );
        assert_eq!(
            Time::from_unix_ms(1_795_000_000_120).to_string(),
            "2026-11-18T11:06:40.120Z"
        );
    }

    #[test]
    fn extremes_are_kept_in_range() {
        assert!(Time::from_unix_ms(i64::MAX) > Time::from_unix_ms(0));
        assert!(Time::from_unix_ms(i64::MIN) < Time::from_unix_ms(0));
    }
}
