use std::collections::VecDeque;

use foster_model::Requester;

/// Input that a client wants written, and how much of it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Pending {
    /// Whose it is.
    pub client: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many of them are in the pipe.
    pub done: usize,
    /// Whether more of the same follows at once.
    pub more: bool,
    /// Whether standard input is to be closed behind them.
    pub eof: bool,
    /// Who asks.
    pub by: Requester,
}

impl Pending {
    /// Returns what is still to be written.
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.done..).unwrap_or_default()
    }
}

/// Who writes next to a command's standard input. Pure.
///
/// Those who came first are served first, and whoever says that more follows keeps the turn until it
/// has come: what one client sends is not mixed with what others do. Each may have one piece here,
/// so that the queue is bounded by the number of clients.
#[derive(Debug, Default)]
pub struct InputQueue {
    waiting: VecDeque<Pending>,
    turn: Option<u64>,
}

impl InputQueue {
    /// Returns whether nothing waits and nobody keeps the turn.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.turn.is_none()
    }

    /// Takes in a piece. Returns whether it was the client's only one; otherwise it is dropped.
    pub fn push(&mut self, piece: Pending) -> bool {
        let first = self.waiting.iter().all(|p| p.client != piece.client);
        if first {
            self.waiting.push_back(piece);
        }
        first
    }

    /// Returns the piece whose turn it is, if it is there.
    pub fn next(&mut self) -> Option<&mut Pending> {
        let at = self.position()?;
        self.waiting.get_mut(at)
    }

    /// Takes the piece out whose turn it was: it is done with.
    pub fn finish(&mut self) -> Option<Pending> {
        let piece = self.waiting.remove(self.position()?)?;
        self.turn = piece.more.then_some(piece.client);
        Some(piece)
    }

    /// Takes a client's piece out as far as it has come, and the turn away from it.
    pub fn withdraw(&mut self, client: u64) -> Option<Pending> {
        self.turn = self.turn.filter(|turn| *turn != client);
        let at = self.waiting.iter().position(|p| p.client == client)?;
        self.waiting.remove(at)
    }

    /// Drops what belongs to clients that are gone: nobody is left to be told of it.
    pub fn keep_only(&mut self, there: impl Fn(u64) -> bool) {
        self.turn = self.turn.filter(|client| there(*client));
        self.waiting.retain(|piece| there(piece.client));
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> VecDeque<Pending> {
        self.turn = None;
        std::mem::take(&mut self.waiting)
    }

    fn position(&self) -> Option<usize> {
        match self.turn {
            Some(client) => self.waiting.iter().position(|p| p.client == client),
            None => (!self.waiting.is_empty()).then_some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(client: u64, text: &str, more: bool) -> Pending {
        Pending {
            client,
            bytes: text.into(),
            done: 0,
            more,
            eof: false,
            by: Requester { pid: 1, uid: 0 },
        }
    }

    fn served(queue: &mut InputQueue) -> Option<u64> {
        queue.finish().map(|piece| piece.client)
    }

    #[test]
    fn first_come_first_served_one_piece_each() {
        let mut queue = InputQueue::default();
        assert!(queue.push(piece(2, "a", false)) && queue.push(piece(1, "b", false)));
        assert!(!queue.push(piece(2, "again", false)));
        assert_eq!(queue.next().map(|p| p.rest().to_vec()), Some(b"a".to_vec()));
        assert_eq!([served(&mut queue), served(&mut queue)], [Some(2), Some(1)]);
        assert!(queue.is_empty() && queue.next().is_none());
    }

    #[test]
    fn whoever_has_more_keeps_the_turn_until_it_is_done_withdrawn_or_gone() {
        let ends: [fn(&mut InputQueue); 3] = [
            |queue| {
                assert!(queue.push(piece(1, "rest", false)));
                assert_eq!(served(queue), Some(1));
            },
            |queue| assert_eq!(queue.withdraw(1), None),
            |queue| queue.keep_only(|client| client != 1),
        ];
        for end in ends {
            let mut queue = InputQueue::default();
            assert!(queue.push(piece(1, "part", true)) && queue.push(piece(2, "x", false)));
            assert_eq!(served(&mut queue), Some(1));
            assert_eq!(queue.next(), None, "the other one waits");
            assert!(!queue.is_empty());
            end(&mut queue);
            assert_eq!(served(&mut queue), Some(2));
        }
    }

    #[test]
    fn what_is_withdrawn_tells_how_far_it_came() {
        let mut queue = InputQueue::default();
        assert!(queue.push(piece(1, "part", false)) && queue.push(piece(2, "x", false)));
        if let Some(piece) = queue.next() {
            piece.done = 3;
        }
        assert_eq!(queue.withdraw(1).map(|piece| piece.done), Some(3));
        assert_eq!(queue.withdraw(1), None);
        assert_eq!(queue.drain().len(), 1);
        assert!(queue.is_empty());
    }
}
