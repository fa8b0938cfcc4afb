use std::io;
use std::os::fd::AsFd;
use std::rc::Rc;

use foster_process::{Batch, Moved, SharedCell};

use super::redactor::{Redacted, Redactor};

/// One stream on its way from the pipe to its log, with values taken out.
///
/// A supervisor that read, changed and wrote would lose what it had read whenever it was killed
/// between two of these. So the bytes go from the pipe into a [`Batch`], which outlives it: the
/// keeper holds the same. They are changed and written while they lie there. Then one store in
/// shared memory says how far the log has come and which bytes are still undecided, and only after
/// that the batch is cleared. Whoever takes over finds one of two things: a batch that counts as
/// written, and clears it; or one that does not, and does the same work again, which gives the
/// same bytes, of which it leaves out as many as the log has already.
#[derive(Debug)]
pub struct RedactedStream {
    redactor: Rc<Redactor>,
    batch: Batch,
    cell: SharedCell,
    /// Bytes that a predecessor had written of what is done again now.
    written: u64,
    /// Memory for the next bytes and the next text: new memory for each piece would be zeroed by the
    /// kernel first, which costs as much as a copy.
    spare: [Vec<u8>; 2],
}

/// What the cell holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Progress {
    /// Where the log ended when this was stored.
    position: u64,
    /// How many values were replaced so far.
    replaced: u64,
    /// Whether what lies in the batch is written, and only has to be cleared away.
    done: bool,
    /// The undecided bytes, which come before the next batch.
    undecided: Vec<u8>,
}

/// What came of taking bytes out of the pipe.
#[derive(Debug)]
pub enum Taken {
    /// Bytes, which may be few or none: the rest of them is undecided.
    Piece(Piece),
    /// There are none at present.
    Nothing,
    /// There will never be any again, and nothing is undecided.
    End,
}

/// What may be written now.
#[derive(Debug)]
pub struct Piece {
    /// The bytes.
    pub text: Vec<u8>,
    next: Progress,
}

impl RedactedStream {
    /// Returns a stream of which nothing has come yet.
    pub fn new(redactor: Rc<Redactor>) -> io::Result<Self> {
        let cell = SharedCell::new(Progress::HEAD + redactor.holds_back())?;
        Ok(Self {
            batch: Batch::new()?,
            redactor,
            cell,
            written: 0,
            spare: [Vec::new(), Vec::new()],
        })
    }

    /// Has more taken out of the pipe at once, if the system allows it.
    pub fn widen(&mut self, bytes: u64) {
        // What may be no wider takes as much as before.
        let _ = self
            .batch
            .widen(usize::try_from(bytes).unwrap_or(usize::MAX));
    }

    /// Goes on where the log ends, at this offset of the stream. To be called once by each process
    /// that looks after the job, before anything else.
    pub fn resume(&mut self, position: u64) -> io::Result<()> {
        let progress = self.progress();
        self.written = 0;
        if progress.done {
            self.settle(progress)?;
        } else {
            self.written = position.saturating_sub(progress.position);
        }
        Ok(())
    }

    /// Returns how many values were replaced.
    pub fn replaced(&self) -> u64 {
        self.progress().replaced
    }

    /// Takes bytes out of the pipe, and returns what may be written of them. At the end of the
    /// stream that is the undecided rest first.
    pub fn take(&mut self, pipe: impl AsFd, at_most: usize) -> io::Result<Taken> {
        let progress = self.progress();
        let mut bytes = std::mem::take(&mut self.spare[0]);
        let taken = self.gather(&progress, &mut bytes, pipe, at_most);
        let taken = match taken {
            Ok(Moved::Bytes(_)) => Ok(Taken::Piece(self.redact(progress, &bytes, false))),
            Ok(Moved::End) if bytes.is_empty() => Ok(Taken::End),
            Ok(Moved::End) => Ok(Taken::Piece(self.redact(progress, &bytes, true))),
            Ok(Moved::Nothing | Moved::Cut { .. }) => Ok(Taken::Nothing),
            Err(error) => Err(error),
        };
        self.spare[0] = bytes;
        taken
    }

    /// Puts what is undecided and what the batch holds into `bytes`; if that is nothing new, takes more out
    /// of the pipe.
    fn gather(
        &mut self,
        progress: &Progress,
        bytes: &mut Vec<u8>,
        pipe: impl AsFd,
        at_most: usize,
    ) -> io::Result<Moved> {
        bytes.clear();
        bytes.extend_from_slice(&progress.undecided);
        self.batch.copy_to(bytes)?;
        let held = bytes.len() - progress.undecided.len();
        if held > 0 {
            return Ok(Moved::Bytes(held));
        }
        let moved = self.batch.take(pipe, at_most)?;
        if let Moved::Bytes(_) = moved {
            self.batch.copy_to(bytes)?;
        }
        Ok(moved)
    }

    /// Returns what is undecided though nothing more will be taken, if anything is.
    pub fn finish(&mut self) -> io::Result<Option<Piece>> {
        let progress = self.progress();
        let mut bytes = progress.undecided.clone();
        self.batch.copy_to(&mut bytes)?;
        let any = !bytes.is_empty();
        Ok(any.then(|| self.redact(progress, &bytes, true)))
    }

    fn redact(&mut self, progress: Progress, bytes: &[u8], at_end: bool) -> Piece {
        let spare = std::mem::take(&mut self.spare[1]);
        let Redacted {
            mut text,
            undecided,
            replaced,
        } = self.redactor.redact_into(spare, bytes, at_end);
        let next = Progress {
            position: progress.position + text.len() as u64,
            replaced: progress.replaced + replaced,
            done: true,
            undecided: bytes[undecided..].to_vec(),
        };
        let known = usize::try_from(std::mem::take(&mut self.written)).unwrap_or(usize::MAX);
        text.drain(..known.min(text.len()));
        Piece { text, next }
    }

    /// Notes that a piece was written, or given up, and lets go of its bytes.
    pub fn commit(&mut self, piece: Piece) -> io::Result<()> {
        self.cell.store(&piece.next.encode())?;
        foster_fault::step("supervisor.redacted_counted");
        self.spare[1] = piece.text;
        self.settle(piece.next)
    }

    fn settle(&mut self, progress: Progress) -> io::Result<()> {
        self.batch.clear()?;
        foster_fault::step("supervisor.redacted_cleared");
        let done = Progress {
            done: false,
            ..progress
        };
        self.cell.store(&done.encode())
    }

    fn progress(&self) -> Progress {
        Progress::decode(&self.cell.load())
    }
}

impl Progress {
    const HEAD: usize = 17;

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::HEAD + self.undecided.len());
        bytes.extend_from_slice(&self.position.to_le_bytes());
        bytes.extend_from_slice(&self.replaced.to_le_bytes());
        bytes.push(self.done.into());
        bytes.extend_from_slice(&self.undecided);
        bytes
    }

    /// Reads what [`Self::encode`] wrote; the beginning, if nothing was written.
    fn decode(bytes: &[u8]) -> Self {
        let read = || {
            let (position, rest) = bytes.split_first_chunk()?;
            let (replaced, rest) = rest.split_first_chunk()?;
            let (done, undecided) = rest.split_first()?;
            Some(Self {
                position: u64::from_le_bytes(*position),
                replaced: u64::from_le_bytes(*replaced),
                done: *done != 0,
                undecided: undecided.to_vec(),
            })
        };
        read().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use foster_model::Secrets;
    use foster_process::pipe;

    use super::*;

    fn stream() -> RedactedStream {
        let redactor = Redactor::new(Secrets::new([b"secret".as_slice()])).unwrap();
        let mut stream = RedactedStream::new(Rc::new(redactor)).unwrap();
        stream.resume(0).unwrap();
        stream
    }

    fn text(taken: Taken) -> Piece {
        match taken {
            Taken::Piece(piece) => piece,
            other => panic!("{other:?}"),
        }
    }

    /// What is written comes out whole if the writer dies after each of its steps: after it took,
    /// after it wrote a part, after it wrote all, after it stored its progress.
    #[test]
    fn a_death_between_two_steps_loses_and_doubles_nothing() {
        for written in [0, 3, usize::MAX] {
            let (reader, writer) = pipe().unwrap();
            let mut stream = stream();
            let mut log = Vec::new();
            for part in ["a sec", "ret b sec", "ond sec"] {
                rustix::io::write(&writer, part.as_bytes()).unwrap();
                let piece = text(stream.take(&reader, 1 << 20).unwrap());
                log.extend_from_slice(&piece.text[..written.min(piece.text.len())]);
                // Here it dies; another one takes over.
                stream.resume(log.len() as u64).unwrap();
                let piece = text(stream.take(&reader, 1 << 20).unwrap());
                log.extend_from_slice(&piece.text);
                stream.cell.store(&piece.next.encode()).unwrap();
                // And here once more.
                stream.resume(log.len() as u64).unwrap();
            }
            drop(writer);
            let piece = text(stream.take(&reader, 1 << 20).unwrap());
            log.extend_from_slice(&piece.text);
            stream.commit(piece).unwrap();
            assert_eq!(String::from_utf8(log).unwrap(), "a *** b second sec");
            assert_eq!(stream.replaced(), 1);
            assert!(matches!(stream.take(&reader, 1), Ok(Taken::End)));
        }
    }
}
