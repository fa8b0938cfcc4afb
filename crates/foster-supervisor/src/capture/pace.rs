use std::time::{Duration, Instant};

/// The longest that output which comes all the time waits to be moved.
const LONGEST: Duration = Duration::from_micros(500);

/// A wait that is shorter is none: the timer alone takes as long.
const SHORTEST: Duration = Duration::from_micros(50);

/// How soon after a look the next one must be due to count as one of a burst.
const BURST: Duration = Duration::from_micros(100);

/// How many looks in a row make a burst.
const BURSTS: u32 = 8;

/// When a pipe is looked into: whenever something is written, or, while that happens all the time, every
/// half millisecond.
///
/// Whoever prints line by line wakes his reader with each line, and both spend more on that than on the
/// bytes: a command that writes lines of 80 bytes is twice as fast if it is left alone until many have
/// come. So during a burst the kernel is asked to tell of the end alone, and the pipe is looked into once
/// it should be half full, or after [`LONGEST`]; a look that finds nothing ends the burst. A command that
/// prints now and then is heard at once, and one that prints nothing wakes nobody. Whatever else is heard
/// of is preceded by a look. (It is what network drivers do with interrupts. Refused: the same for every
/// output, which would delay the first line of each.)
///
/// Pure: it is told the time, and what came of each look.
#[derive(Debug, Default)]
pub struct Pace {
    looked: Option<Instant>,
    in_a_row: u32,
    next: Option<Instant>,
}

impl Pace {
    /// Takes in that a look into a pipe of this capacity brought so many bytes.
    pub fn looked(&mut self, now: Instant, bytes: u64, capacity: u64) {
        let since = self.looked.replace(now);
        let since = since.map(|then| now.saturating_duration_since(then));
        let within = if self.next.is_some() {
            LONGEST * 4
        } else {
            BURST
        };
        let Some(since) = since.filter(|since| bytes > 0 && *since < within) else {
            (self.in_a_row, self.next) = (0, None);
            return;
        };
        self.in_a_row = (self.in_a_row + 1).min(BURSTS);
        let pause = until_half_full(since, bytes, capacity).min(LONGEST);
        // One that fills the pipe at once is waiting already.
        let rests = self.in_a_row == BURSTS && pause >= SHORTEST;
        self.next = rests.then(|| now + pause);
    }

    /// Returns when the next look is due; `None` if the kernel is to tell.
    pub fn next_look(&self) -> Option<Instant> {
        self.next
    }
}

/// Returns how long it takes to fill half a pipe, if so many bytes came in the time since the last look.
fn until_half_full(since: Duration, bytes: u64, capacity: u64) -> Duration {
    let nanos = since.as_nanos() * u128::from(capacity / 2) / u128::from(bytes.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: u64 = 256 * 1024;

    /// Returns when a pace is to look again that looked so often, so long apart, and found so many bytes
    /// each time.
    fn rest(looks: u32, apart: Duration, bytes: u64) -> Option<Duration> {
        let mut now = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..looks {
            now += apart;
            pace.looked(now, bytes, CAPACITY);
        }
        pace.next_look().map(|next| next - now)
    }

    #[test]
    fn only_a_burst_that_does_not_fill_the_pipe_is_left_alone() {
        let us = Duration::from_micros;
        let rows = [
            ("the first lines", 8, us(5), 80, None),
            ("line after line", 9, us(5), 80, Some(LONGEST)),
            ("a line each millisecond", 100, us(1000), 80, None),
            ("as fast as memory", 100, us(30), CAPACITY, None),
            (
                "so that it would overflow",
                100,
                us(80),
                CAPACITY / 4,
                Some(us(160)),
            ),
        ];
        for (what, looks, apart, bytes, expected) in rows {
            assert_eq!(rest(looks, apart, bytes), expected, "{what}");
        }
    }

    #[test]
    fn a_look_that_finds_nothing_ends_the_burst() {
        let mut now = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..20 {
            now += Duration::from_micros(5);
            pace.looked(now, 80, CAPACITY);
        }
        now += LONGEST;
        pace.looked(now, 400, CAPACITY);
        assert_eq!(pace.next_look(), Some(now + LONGEST));
        now += LONGEST;
        pace.looked(now, 0, CAPACITY);
        assert_eq!(pace.next_look(), None);
    }
}
