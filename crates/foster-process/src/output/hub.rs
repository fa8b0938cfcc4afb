use std::collections::BTreeMap;

use bytes::Bytes;

use super::log::Log;
use super::{CaptureSettings, Consumers, Delivery, Gap, Replay, StreamEnd, StreamEvent};

/// A subscriber of one [`Hub`]. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(u64);

/// A subscription is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// The stream is for one consumer at a time, and has one.
    #[error("the stream has a consumer, and is for one at a time")]
    Busy,
}

/// Hands one stream to any number of subscribers. Pure: it reads nothing and waits for nothing.
///
/// Whoever drives it asks [`Hub::wants_input`], reads the pipe, and calls [`Hub::push`]; each
/// subscriber then takes what is there by [`Hub::next`]. After a call of `next` or `unsubscribe`
/// there may be room again, so the driver asks once more. There is no task in between and no queue
/// per subscriber: all of them read one log, and what nobody can ask for any more is freed.
///
/// Without a subscriber the hub always wants input, so that the process never waits for nobody;
/// what is not for replay is then gone.
#[derive(Debug)]
pub struct Hub {
    settings: CaptureSettings,
    log: Log,
    sealed: bool,
    end: Option<StreamEnd>,
    subscribers: BTreeMap<SubscriberId, Subscriber>,
    next_id: u64,
}

#[derive(Debug)]
struct Subscriber {
    delivery: Delivery,
    /// What was told up to here, lost bytes included.
    told: u64,
    /// Where the next byte is; what lies between is lost.
    cursor: u64,
    ended: bool,
}

impl Hub {
    /// Returns a hub at the start of a stream.
    pub fn new(settings: CaptureSettings) -> Self {
        Self {
            settings,
            log: Log::default(),
            sealed: false,
            end: None,
            subscribers: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// Returns how this stream is captured.
    pub fn settings(&self) -> &CaptureSettings {
        &self.settings
    }

    /// Adds a subscriber. It first gets the replay, then what comes; the end also if that has come
    /// long ago.
    ///
    /// # Errors
    /// [`SubscribeError::Busy`] for [`Consumers::Single`], while another has neither been told the
    /// end nor left.
    pub fn subscribe(&mut self) -> Result<SubscriberId, SubscribeError> {
        self.subscribe_as(self.settings.delivery())
    }

    /// The same, for a subscriber whose delivery differs from the settings: a screen that may lose
    /// bytes beside a log that must not.
    ///
    /// # Errors
    /// As for [`Hub::subscribe`].
    pub fn subscribe_as(&mut self, delivery: Delivery) -> Result<SubscriberId, SubscribeError> {
        if self.settings.consumers() == Consumers::Single && self.has_subscribers() {
            return Err(SubscribeError::Busy);
        }
        let id = SubscriberId(self.next_id);
        self.next_id += 1;
        let start = self.replay_start();
        let subscriber = Subscriber {
            delivery,
            told: start,
            cursor: start,
            ended: false,
        };
        self.subscribers.insert(id, subscriber);
        Ok(id)
    }

    /// Removes a subscriber; returns whether it was there.
    pub fn unsubscribe(&mut self, id: SubscriberId) -> bool {
        let was_there = self.subscribers.remove(&id).is_some();
        self.free();
        was_there
    }

    /// Returns whether anybody still waits for bytes or for the end.
    pub fn has_subscribers(&self) -> bool {
        self.subscribers.values().any(|one| !one.ended)
    }

    /// Returns whether a read of [`CaptureSettings::read_size`] bytes has room with every reliable
    /// subscriber. Never after the end.
    ///
    /// Replayed bytes count as waiting: a late subscriber that has more to catch up with than the
    /// buffer holds makes the process wait.
    pub fn wants_input(&self) -> bool {
        let room = self.settings.buffer() - self.settings.read_size();
        self.end.is_none()
            && self
                .subscribers
                .values()
                .filter(|one| one.delivery == Delivery::Reliable)
                .all(|one| one.ended || self.log.end() - one.cursor <= room as u64)
    }

    /// Adds what was read. Returns whether it was taken: nothing is after the end.
    pub fn push(&mut self, chunk: Bytes) -> bool {
        if self.end.is_some() {
            return false;
        }
        if chunk.is_empty() {
            return true;
        }
        self.log.push(chunk);
        let oldest = self.log.end().saturating_sub(self.settings.buffer() as u64);
        // What is kept for replay is there anyway, and need not be lost.
        let oldest = oldest.min(self.replay_start());
        for one in self.subscribers.values_mut() {
            if one.delivery == Delivery::Lossy {
                one.cursor = one.cursor.max(oldest);
            }
        }
        self.free();
        true
    }

    /// Returns whether what comes next may go to this subscriber past the hub: nobody else wants it,
    /// now or later, and nothing waits before it.
    pub fn may_pass(&self, id: SubscriberId) -> bool {
        let end = self.log.end();
        let up_to_date = |one: &Subscriber| one.told == end && one.cursor == end;
        self.end.is_none()
            && self.replay_start() == end
            && self.subscribers.len() == 1
            && self.subscribers.get(&id).is_some_and(up_to_date)
    }

    /// Counts bytes that went to this subscriber past the hub, as [`Hub::may_pass`] has allowed.
    pub fn pass(&mut self, id: SubscriberId, length: usize) {
        self.log.pass(length);
        let end = self.log.end();
        if let Some(one) = self.subscribers.get_mut(&id) {
            one.told = end;
            one.cursor = end;
        }
    }

    /// Says that nothing follows, and why. The first reason stands.
    pub fn finish(&mut self, end: StreamEnd) {
        self.end.get_or_insert(end);
    }

    /// Returns the end, once it was told.
    pub fn end(&self) -> Option<&StreamEnd> {
        self.end.as_ref()
    }

    /// Returns what is next for this subscriber; `None`: nothing yet, or it is over, or there is no
    /// such subscriber. A lossy subscriber that stays too slow may be told two gaps in a row.
    pub fn next(&mut self, id: SubscriberId) -> Option<StreamEvent> {
        let one = self.subscribers.get_mut(&id)?;
        if one.told < one.cursor {
            let gap = Gap {
                bytes: one.cursor - one.told,
                offset: one.told,
            };
            one.told = one.cursor;
            return Some(StreamEvent::Gap(gap));
        }
        if let Some(chunk) = self.log.read(one.cursor) {
            one.cursor += chunk.len() as u64;
            one.told = one.cursor;
            self.free();
            return Some(StreamEvent::Chunk(chunk));
        }
        let end = self.end.as_ref().filter(|_| !one.ended)?;
        one.ended = true;
        Some(StreamEvent::End(end.clone()))
    }

    /// Returns whether [`Hub::next`] has something for this subscriber.
    pub fn has_next(&self, id: SubscriberId) -> bool {
        self.subscribers
            .get(&id)
            .is_some_and(|one| one.told < self.log.end() || (self.end.is_some() && !one.ended))
    }

    /// Returns the offset in the stream of what this subscriber is told next: for a new one, where
    /// its replay begins.
    pub fn position(&self, id: SubscriberId) -> Option<u64> {
        self.subscribers.get(&id).map(|one| one.told)
    }

    /// Returns how many bytes were pushed.
    pub fn offset(&self) -> u64 {
        self.log.end()
    }

    /// Frees the history, for good: whoever subscribes from now on starts with what comes. Who has
    /// subscribed before still gets its replay, a lossy one as far as its buffer goes.
    pub fn seal_replay(&mut self) {
        self.sealed = true;
        self.free();
    }

    /// Returns whether later subscribers start live.
    pub fn is_replay_sealed(&self) -> bool {
        self.sealed
    }

    fn replay_start(&self) -> u64 {
        let end = self.log.end();
        match self.settings.replay() {
            _ if self.sealed => end,
            Replay::None => end,
            Replay::LastBytes(bytes) => end.saturating_sub(bytes as u64),
            Replay::All => 0,
        }
    }

    fn free(&mut self) {
        let cursors = self.subscribers.values().map(|one| one.cursor);
        let needed = cursors.fold(self.replay_start(), u64::min);
        self.log.forget_before(needed);
    }
}

#[cfg(test)]
mod tests;
