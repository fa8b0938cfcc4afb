use std::collections::VecDeque;

use bytes::Bytes;

use super::reader::Reader;
use super::source::{Interest, Pull, Reach};
use crate::output::{Match, Matcher, PatternSet, StdStream, StreamEnd, StreamEvent};

/// How many chunks are searched before the clock is looked at, and other tasks have their turn: more
/// may come than can be searched.
const TURN: usize = 4;

/// What was waited for in the output, and came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The stream in which it was found.
    pub stream: StdStream,
    /// What was found, and where.
    pub what: Match,
}

/// What waiting for a pattern came to.
#[derive(Debug, Clone)]
pub enum WaitedFor {
    /// One of the patterns came. What follows it is still to be read.
    Found(Found),
    /// The output came to its end without it.
    Ended(StreamEnd),
    /// Time was up. What came until then is taken, but for the line that is not finished: the next
    /// who looks may find that it is the beginning of a match.
    Deadline,
}

/// One stream that is searched. What was read and lies behind the match is handed back.
struct Hunt<'a> {
    reader: &'a mut Reader,
    matcher: Matcher,
    /// What was taken and may yet turn out to lie behind a match, with where it begins.
    undecided: VecDeque<(u64, Bytes)>,
    end: Option<StreamEnd>,
}

/// What came of looking.
enum Hunted {
    /// There may be more already.
    More,
    Found(Found),
    Wait(Interest),
    Ended(StreamEnd),
}

impl<'a> Hunt<'a> {
    fn new(reader: &'a mut Reader, patterns: &PatternSet) -> Self {
        Self {
            matcher: Matcher::starting_at(patterns.clone(), reader.offset()),
            reader,
            undecided: VecDeque::new(),
            end: None,
        }
    }

    /// Looks at what there is.
    fn turn(&mut self) -> Hunted {
        if let Some(end) = &self.end {
            return Hunted::Ended(end.clone());
        }
        for _ in 0..TURN {
            let (found, then) = match self.reader.pull(Reach::Pipe) {
                Pull::Wait(interest) => (self.matcher.settle(), Some(Hunted::Wait(interest))),
                Pull::Event(StreamEvent::Gap(gap)) => (self.matcher.gap(gap), None),
                Pull::Event(StreamEvent::Chunk(chunk)) => (self.look_at(chunk), None),
                Pull::Event(StreamEvent::End(end)) => {
                    self.end = Some(end.clone());
                    (self.matcher.settle(), Some(Hunted::Ended(end)))
                }
            };
            if let Some(what) = found {
                return Hunted::Found(self.found(what));
            }
            if let Some(then) = then {
                return then;
            }
        }
        Hunted::More
    }

    fn look_at(&mut self, chunk: Bytes) -> Option<Match> {
        let found = self.matcher.advance(&chunk);
        let begins = self.reader.offset() - chunk.len() as u64;
        self.undecided.push_back((begins, chunk));
        if found.is_none() {
            let from = self.matcher.undecided_from();
            self.undecided
                .retain(|(begins, chunk)| begins + chunk.len() as u64 > from);
        }
        found
    }

    /// Hands back what lies behind the match.
    fn found(&mut self, what: Match) -> Found {
        while let Some((begins, chunk)) = self.undecided.pop_back() {
            let taken = what.range.end.saturating_sub(begins) as usize;
            self.reader.hand_back(chunk.slice(taken.min(chunk.len())..));
        }
        let stream = self.reader.source.stream;
        Found { stream, what }
    }
}

impl Drop for Hunt<'_> {
    /// Hands back the unfinished line, whether time was up, another stream had what was searched for,
    /// or the future was dropped: half a prompt would be lost. After the end nothing can complete it.
    fn drop(&mut self) {
        if self.end.is_some() {
            return;
        }
        let from = self.matcher.undecided_from();
        while let Some((begins, chunk)) = self.undecided.pop_back() {
            let decided = from.saturating_sub(begins).min(chunk.len() as u64) as usize;
            self.reader.hand_back(chunk.slice(decided..));
        }
    }
}

/// Several streams that are searched for the same patterns.
pub(crate) struct Hunts<'a>(Vec<Hunt<'a>>);

/// What is to be done next.
pub(crate) enum HuntsTurn {
    /// Wait for one of these readers.
    Wait(Vec<(usize, Interest)>),
    /// Take another turn.
    Again,
    /// It is over.
    Done(WaitedFor),
}

impl<'a> Hunts<'a> {
    pub fn new(readers: impl Iterator<Item = &'a mut Reader>, patterns: &PatternSet) -> Self {
        Self(readers.map(|reader| Hunt::new(reader, patterns)).collect())
    }

    pub fn reader(&self, index: usize) -> &Reader {
        self.0[index].reader
    }

    /// Looks at what there is in each.
    pub fn turn(&mut self) -> HuntsTurn {
        let mut waiting = Vec::new();
        let mut ends = Vec::new();
        let mut more = false;
        for (index, hunt) in self.0.iter_mut().enumerate() {
            match hunt.turn() {
                Hunted::Found(found) => return HuntsTurn::Done(WaitedFor::Found(found)),
                Hunted::More => more = true,
                Hunted::Wait(interest) => waiting.push((index, interest)),
                Hunted::Ended(end) => ends.push(end),
            }
        }
        if more {
            return HuntsTurn::Again;
        }
        if !waiting.is_empty() {
            return HuntsTurn::Wait(waiting);
        }
        let failed = ends.iter().find(|end| !end.is_eof());
        let end = failed.or(ends.first()).cloned();
        HuntsTurn::Done(WaitedFor::Ended(end.unwrap_or(StreamEnd::Eof)))
    }
}
