//! Durations, sizes and moments as they are typed: refused, or what they say.

use foster_model::{Moment, Time, parse_duration, parse_size};

/// A hundred years and a bit, which clocks can count.
const LONGEST: u64 = 101 * 366 * 24 * 3600;

pub(super) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let bare = !text.trim().is_empty() && text.trim().bytes().all(|byte| byte.is_ascii_digit());
    if let Ok(duration) = parse_duration(&text) {
        assert!(
            !bare && duration.as_secs() < LONGEST,
            "{text}: {duration:?}"
        );
        let exact = format!("{}s {}ns", duration.as_secs(), duration.subsec_nanos());
        assert_eq!(parse_duration(&exact), Ok(duration));
    }
    if let Ok(size) = parse_size(&text) {
        assert!(!bare, "{text}: {size}");
        assert_eq!(parse_size(&format!("{size}B")), Ok(size), "{text}");
    }
    if let Ok(moment) = text.parse::<Moment>() {
        let now = Time::from_unix_ms(1_795_132_800_000);
        let time = moment.time(now);
        assert!(matches!(moment, Moment::At(_)) || time <= now);
        assert_eq!(time.to_string().parse(), Ok(Moment::At(time)), "{text}");
    }
}
