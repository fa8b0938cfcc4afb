mod looks;
mod places;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use foster_model::{
    Frequency, InvalidNotification, MatchCount, MatchStream, Notifications, OutputRule,
};
use foster_process::output::{
    Line, LineEnding, LineOptions, LineOverflow, LineParser, MATCH_WINDOW,
};
use foster_store::Stream;

use looks::Looks;
use places::Places;

/// How much of a line is told, in bytes.
const SHOWN: usize = 4096;

/// How long a line that has no end yet must have been still before it is looked at: a prompt never
/// ends its line, and a line that is being printed is better told of whole.
const REST: Duration = Duration::from_millis(250);

/// How many lines of a run are told of at most. What else matches is counted.
const MOST_TOLD: u32 = 10_000;

/// Looks for what somebody is to be told of in a job's output.
///
/// Pure: it is given the bytes as they come, and the time. Each byte is searched once for each rule; the
/// lines in which that meets something are looked at once more, and so are lines that are still. A line that is longer than
/// [`MATCH_WINDOW`] is looked at in pieces of that size, and a text that goes over the border of two
/// is found; a regular expression sees each piece as a line.
pub struct Matching {
    rules: Vec<Rule>,
    lines: [StreamLines; 2],
    found: Vec<Found>,
    told: u32,
}

/// A line that somebody is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which rule, counted from 0.
    pub rule: usize,
    /// Where.
    pub stream: Stream,
    /// The line, cut to what is told.
    pub line: String,
    /// Whether it was cut.
    pub truncated: bool,
    /// Where it begins in the stream.
    pub offset: u64,
    /// How many matches of this rule were not told since the one before.
    pub suppressed: u64,
}

struct StreamLines {
    parser: LineParser,
    /// When bytes came that ended no line, and were not looked at since.
    unrested: Option<Instant>,
    /// The end of a piece, where the line goes on in the next.
    border: Vec<u8>,
}

struct Rule {
    looks: Looks,
    stream: MatchStream,
    every: Frequency,
    interval: Duration,
    pattern: String,
    matched: u64,
    told: u64,
    suppressed: u64,
    last_told: Option<Instant>,
    /// The line in each stream that was counted before it had an end.
    counted: [Option<u64>; 2],
}

/// Finds out whether everything that is looked for can be.
///
/// # Errors
/// An expression that is none, or takes too much memory.
pub fn check_patterns(notify: &Notifications) -> Result<(), InvalidNotification> {
    notify
        .output
        .iter()
        .try_for_each(|rule| Looks::new(rule).map(drop))
}

impl Matching {
    /// Returns what looks for these rules from these offsets of the streams on; `None` if there are
    /// none. A rule that can't be looked for is left out: it was refused when it was given.
    pub fn new(notify: &Notifications, offsets: [u64; 2]) -> Option<Self> {
        let rules: Vec<Rule> = notify.output.iter().filter_map(Rule::new).collect();
        (!rules.is_empty()).then(|| Self {
            rules,
            lines: offsets.map(StreamLines::new),
            found: Vec::new(),
            told: 0,
        })
    }

    /// Takes in that a predecessor had a match of a rule told, and how many it had counted before that.
    pub fn remember(&mut self, rule: usize, suppressed: u64) {
        if let Some(rule) = self.rules.get_mut(rule) {
            rule.matched += 1 + suppressed;
            rule.told += 1;
            self.told += 1;
        }
    }

    /// Takes bytes of a stream that begin at this offset.
    pub fn take(&mut self, stream: Stream, offset: u64, bytes: &[u8], now: Instant) {
        let lines = &mut self.lines[stream.index()];
        if lines.parser.position() != offset {
            // Bytes that nobody could read are between.
            *lines = StreamLines::new(offset);
        }
        let mut looking = Looking {
            rules: &mut self.rules,
            stream,
            lines,
            now,
            told: &mut self.told,
            found: &mut self.found,
        };
        looking.take(bytes);
        let unfinished = !lines.parser.partial().bytes.is_empty();
        lines.unrested = unfinished.then_some(now);
    }

    /// Looks at lines that have no end and have been still for long enough.
    pub fn rest(&mut self, now: Instant) {
        for stream in Stream::ALL {
            let since = self.lines[stream.index()].unrested;
            if since.is_some_and(|since| now.saturating_duration_since(since) >= REST) {
                self.look_at_partial(stream, now);
            }
        }
    }

    /// Returns when [`Matching::rest`] has something to look at.
    pub fn due(&self) -> Option<Instant> {
        let since = self.lines.iter().filter_map(|lines| lines.unrested);
        since.min().and_then(|since| since.checked_add(REST))
    }

    /// Looks at lines that will have no end any more.
    pub fn finish(&mut self, now: Instant) {
        for stream in Stream::ALL {
            self.look_at_partial(stream, now);
        }
    }

    /// Returns what is to be told since the last call.
    pub fn take_found(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.found)
    }

    /// Returns how often each rule was met.
    pub fn counts(&self) -> Vec<MatchCount> {
        let count = |rule: &Rule| MatchCount {
            pattern: rule.pattern.clone(),
            matched: rule.matched,
            notified: rule.told,
        };
        self.rules.iter().map(count).collect()
    }

    fn look_at_partial(&mut self, stream: Stream, now: Instant) {
        let lines = &mut self.lines[stream.index()];
        if lines.unrested.take().is_none() {
            return;
        }
        let line = lines.parser.partial();
        let (rules, border) = (&mut self.rules, &lines.border);
        let (told, found) = (&mut self.told, &mut self.found);
        look(rules, stream, line, border, now, told, found);
        for rule in rules
            .iter_mut()
            .filter(|rule| rule.meets(stream, line, border))
        {
            rule.counted[stream.index()] = Some(line.offset);
        }
    }
}

/// Bytes of a stream on their way through its rules.
struct Looking<'a> {
    rules: &'a mut [Rule],
    stream: Stream,
    lines: &'a mut StreamLines,
    now: Instant,
    told: &'a mut u32,
    found: &'a mut Vec<Found>,
}

impl Looking<'_> {
    fn take(&mut self, bytes: &[u8]) {
        if bytes.len() > MATCH_WINDOW {
            // Lines in it may have to be looked at in pieces.
            return self.look_at_each(bytes);
        }
        let begun = if self.lines.is_at_a_beginning() {
            0
        } else {
            memchr::memchr2(b'\n', b'\r', bytes).map_or(bytes.len(), |at| at + 1)
        };
        let (begun, rest) = bytes.split_at(begun);
        self.look_at_each(begun);
        let whole = memchr::memrchr2(b'\n', b'\r', rest).map_or(0, |at| at + 1);
        let (whole, unfinished) = rest.split_at(whole);
        self.look_at_places(whole);
        self.look_at_each(unfinished);
    }

    /// Looks at those of these lines that may have something.
    fn look_at_places(&mut self, lines: &[u8]) {
        let stream = self.stream;
        let mut places = Places::new(lines, self.rules, |rule| rule.looks_on(stream));
        loop {
            let part = places.next(self.rules);
            self.lines.parser.skip(part.without);
            if part.perhaps.is_empty() {
                return;
            }
            self.look_at_each(part.perhaps);
        }
    }

    /// Looks at every line.
    fn look_at_each(&mut self, bytes: &[u8]) {
        let StreamLines { parser, border, .. } = &mut *self.lines;
        let _ = parser.feed(bytes, |line| {
            look(
                self.rules,
                self.stream,
                line,
                border,
                self.now,
                self.told,
                self.found,
            );
            keep_border(line, border);
            ControlFlow::Continue(())
        });
    }
}

impl StreamLines {
    fn new(offset: u64) -> Self {
        let options = LineOptions::default()
            .with_ending(LineEnding::AnyCr)
            .with_overflow(LineOverflow::Split);
        // The window is above the least bound, so this can't be refused.
        let options = options.with_max_length(MATCH_WINDOW).unwrap_or(options);
        Self {
            parser: LineParser::starting_at(options, offset),
            unrested: None,
            border: Vec::new(),
        }
    }

    /// Returns whether the next byte begins a line.
    fn is_at_a_beginning(&self) -> bool {
        self.parser.partial().bytes.is_empty() && self.border.is_empty()
    }
}

/// Keeps as much of a piece's end as a text may have of its beginning there.
fn keep_border(line: Line<'_>, border: &mut Vec<u8>) {
    border.clear();
    if !line.ended {
        let from = line
            .bytes
            .len()
            .saturating_sub(foster_model::LONGEST_PATTERN);
        border.extend_from_slice(&line.bytes[from..]);
    }
}

fn look(
    rules: &mut [Rule],
    stream: Stream,
    line: Line<'_>,
    border: &[u8],
    now: Instant,
    told: &mut u32,
    found: &mut Vec<Found>,
) {
    for (index, rule) in rules.iter_mut().enumerate() {
        if rule.counted[stream.index()] == Some(line.offset) || !rule.meets(stream, line, border) {
            continue;
        }
        if !rule.tells(now, *told < MOST_TOLD) {
            continue;
        }
        *told += 1;
        let shown = &line.bytes[..line.bytes.len().min(SHOWN)];
        found.push(Found {
            rule: index,
            stream,
            line: String::from_utf8_lossy(shown).into_owned(),
            truncated: shown.len() < line.bytes.len(),
            offset: line.offset,
            suppressed: std::mem::take(&mut rule.suppressed),
        });
    }
}

impl Rule {
    fn new(rule: &OutputRule) -> Option<Self> {
        Some(Self {
            looks: Looks::new(rule).ok()?,
            stream: rule.stream,
            every: rule.every,
            interval: Duration::from_millis(rule.interval_ms),
            pattern: rule.pattern.clone(),
            matched: 0,
            told: 0,
            suppressed: 0,
            last_told: None,
            counted: [None, None],
        })
    }

    fn looks_on(&self, stream: Stream) -> bool {
        match self.stream {
            MatchStream::Stdout => stream == Stream::Stdout,
            MatchStream::Stderr => stream == Stream::Stderr,
            MatchStream::Either => true,
        }
    }

    /// Returns whether a line, or the piece of one that follows `border`, is what is looked for.
    fn meets(&self, stream: Stream, line: Line<'_>, border: &[u8]) -> bool {
        self.looks_on(stream) && self.looks.meets(line.bytes, border)
    }

    /// Counts a match. Returns whether somebody is to be told of it.
    fn tells(&mut self, now: Instant, may: bool) -> bool {
        self.matched += 1;
        let waits = |last: Instant| now.saturating_duration_since(last) < self.interval;
        let once = self.every == Frequency::Once && self.told > 0;
        if !may || once || self.last_told.is_some_and(waits) {
            self.suppressed += 1;
            return false;
        }
        self.last_told = Some(now);
        self.told += 1;
        true
    }
}

#[cfg(test)]
mod tests;
