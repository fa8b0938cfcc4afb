use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::Time;

/// The name of a job for ever: a [ULID](https://github.com/ulid/spec) in lower case.
///
/// A ULID was chosen over a random id because its time makes the folder's day readable off the id,
/// and over a counter because two machines that share a home need no agreement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(Ulid);

/// The text is not a job id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a job id")]
pub struct InvalidJobId(pub String);

impl JobId {
    /// The number of characters of an id.
    pub const LENGTH: usize = 26;

    /// Returns the id made of a time (milliseconds since 1970, of which 48 bits are used) and of
    /// 80 random bits.
    pub fn from_parts(unix_ms: u64, random: u128) -> Self {
        Self(Ulid::from_parts(unix_ms, random))
    }

    /// Returns the id of a job that is made at that moment, in nanoseconds since 1970.
    ///
    /// The nanoseconds within the millisecond stand before the random bits (60 of them are left), so
    /// that ids of one millisecond sort in the order in which they were made: a ULID alone would
    /// leave that to chance.
    pub fn made_at(unix_ns: u64, random: u128) -> Self {
        const RANDOM_BITS: u32 = 60;

        let within = u128::from(unix_ns % 1_000_000);
        let random = random & ((1 << RANDOM_BITS) - 1);
        Self::from_parts(unix_ns / 1_000_000, within << RANDOM_BITS | random)
    }

    /// Returns the id as a number; greater ones were made later.
    pub fn as_number(&self) -> u128 {
        self.0.0
    }

    /// Returns the moment at which the id was made, to the millisecond.
    pub fn time(&self) -> Time {
        Time::from_unix_ms(self.0.timestamp_ms() as i64)
    }

    /// Returns the name of the folder in which the job lies: the day of its id, `2026-11-20` (UTC).
    pub fn day(&self) -> String {
        self.time().day()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; Self::LENGTH];
        let text = self.0.array_to_str(&mut buffer);
        text.make_ascii_lowercase();
        f.write_str(text)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    /// Reads an id in either case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidJobId(text.to_owned());
        // Crockford's alphabet also reads `o` as 0 and `i`, `l` as 1; two spellings of one folder
        // are one too many, so only the canonical letters are let in.
        let canonical = text.bytes().all(|b| {
            b.is_ascii_alphanumeric()
                && !matches!(b.to_ascii_lowercase(), b'i' | b'l' | b'o' | b'u')
        });
        // 26 characters hold 130 bits, and two too many would be cut off: a second spelling again.
        let fits = text.starts_with(|c| matches!(c, '0'..='7'));
        if text.len() != Self::LENGTH || !canonical || !fits {
            return Err(invalid());
        }
        Ulid::from_string(text).map(Self).map_err(|_| invalid())
    }
}

impl Serialize for JobId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Reads an id where it stands: a listing has one in each row.
struct Text;

impl serde::de::Visitor<'_> for Text {
    type Value = JobId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a job id")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<JobId, E> {
        text.parse().map_err(E::custom)
    }
}

impl JsonSchema for JobId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JobId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A ULID in lower case.",
            "pattern": "^[0-7][0-9a-hjkmnp-tv-z]{25}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_reads_back_in_either_case(ms in 0u64..(1 << 47), random: u128) {
            let id = JobId::from_parts(ms, random);
            prop_assert_eq!(id.to_string().parse::<JobId>(), Ok(id));
            prop_assert_eq!(id.to_string().to_uppercase().parse::<JobId>(), Ok(id));
        }

        #[test]
        fn noise_never_panics(text: String) {
            let _ = text.parse::<JobId>();
        }

        #[test]
        fn ids_sort_as_they_were_made(ns in 0u64..(1 << 62), later in 1u64..5_000_000, one: u128, two: u128) {
            let (first, second) = (JobId::made_at(ns, one), JobId::made_at(ns + later, two));
            prop_assert!(first < second);
            prop_assert!(first.to_string() < second.to_string());
            prop_assert_eq!(first.time().unix_ms() as u64, ns / 1_000_000);
        }
    }

    #[test]
    fn the_day_is_read_off_the_id() {
        assert_eq!(JobId::from_parts(1_795_651_200_000, 7).day(), "2026-11-26");
    }

    #[test]
    fn a_number_that_is_too_large_is_no_second_spelling() {
        assert!("7zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<JobId>().is_ok());
        assert!("8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<JobId>().is_err());
    }

    #[test]
    fn paths_are_no_ids() {
        for text in [
            "",
            ".",
            "..",
            "../x",
            "/abs",
            "a/b",
            "01hzzzzzzzzzzzzzzzzzzzzzz/",
        ] {
            assert!(text.parse::<JobId>().is_err(), "{text:?}");
        }
    }
}
