use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::escalation::Phase;
use crate::identity::ProcessIdentity;
use crate::signal::Signal;
use crate::sys;

/// What a guardian says first. Whoever says anything else is none, or of another version.
pub const HELLO: &[u8; 20] = b"foster-guardian v1 \n";

/// The longest message: a cookie and a path fit in many times.
const LONGEST: usize = 64 * 1024;

/// What an owner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// How trees are to be ended. Comes first, and once.
    Begin { phases: Vec<Phase> },
    /// A tree will be started.
    Register {
        id: u64,
        cookie: String,
        cgroup: Option<PathBuf>,
    },
    /// It was, and this is its leader.
    Complete { id: u64, leader: ProcessIdentity },
    /// It is over.
    Unregister { id: u64 },
    /// All is over.
    Dismiss,
}

/// What a guardian answers.
pub type Answer = Result<(), String>;

/// Sends a message. A peer that is gone is an error.
pub fn send(socket: impl AsFd, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    if body.len() > LONGEST {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    send_bytes(socket, &[&length.to_le_bytes(), body].concat())
}

/// Sends bytes as they are.
pub fn send_bytes(socket: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let sent = sys::send_quietly(&socket, bytes)?;
        bytes = &bytes[sent..];
    }
    Ok(())
}

/// Receives a message; `None` if the peer is gone, be it in the midst of one.
pub fn receive(mut socket: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if !fill(&mut socket, &mut length)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    Ok(fill(&mut socket, &mut body)?.then_some(body))
}

fn fill(socket: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match socket.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

impl Request {
    /// Returns it as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Begin { phases } => {
                out.push(1);
                for phase in phases {
                    out.extend(phase.signal.number().to_le_bytes());
                    out.extend(phase.grace.as_secs().to_le_bytes());
                    out.extend(phase.grace.subsec_nanos().to_le_bytes());
                }
            }
            Self::Register { id, cookie, cgroup } => {
                out.push(2);
                out.extend(id.to_le_bytes());
                // Neither holds a NUL. No path is empty.
                out.extend(cookie.as_bytes());
                out.push(0);
                let cgroup = cgroup.as_deref().unwrap_or(std::path::Path::new(""));
                out.extend(cgroup.as_os_str().as_bytes());
            }
            Self::Complete { id, leader } => {
                out.push(3);
                out.extend(id.to_le_bytes());
                out.extend(leader.pid.to_le_bytes());
                for known in [leader.start_time, leader.unique] {
                    out.push(u8::from(known.is_some()));
                    out.extend(known.unwrap_or(0).to_le_bytes());
                }
            }
            Self::Unregister { id } => {
                out.push(4);
                out.extend(id.to_le_bytes());
            }
            Self::Dismiss => out.push(5),
        }
        out
    }

    /// Reads it back; `None` if these bytes are no request.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, mut rest) = bytes.split_first()?;
        let request = match kind {
            1 => {
                let mut phases = Vec::new();
                while !rest.is_empty() {
                    phases.push(take_phase(&mut rest)?);
                }
                Self::Begin { phases }
            }
            2 => take_registration(&mut rest)?,
            3 => take_completion(&mut rest)?,
            4 => Self::Unregister {
                id: u64::from_le_bytes(take(&mut rest)?),
            },
            5 => Self::Dismiss,
            _ => return None,
        };
        rest.is_empty().then_some(request)
    }
}

fn take_registration(rest: &mut &[u8]) -> Option<Request> {
    let id = u64::from_le_bytes(take(rest)?);
    let end = rest.iter().position(|b| *b == 0)?;
    let cookie = String::from_utf8(rest[..end].to_vec()).ok()?;
    let path = OsString::from_vec(rest[end + 1..].to_vec());
    *rest = &[];
    let cgroup = (!path.is_empty()).then(|| PathBuf::from(path));
    Some(Request::Register { id, cookie, cgroup })
}

fn take_completion(rest: &mut &[u8]) -> Option<Request> {
    let id = u64::from_le_bytes(take(rest)?);
    let pid = i32::from_le_bytes(take(rest)?);
    let (started, start_time) = take_known(rest)?;
    let (numbered, unique) = take_known(rest)?;
    let leader = ProcessIdentity {
        pid,
        start_time: started.then_some(start_time),
        unique: numbered.then_some(unique),
    };
    Some(Request::Complete { id, leader })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

/// Takes a number that may be unknown: whether it is known, and the number.
fn take_known(rest: &mut &[u8]) -> Option<(bool, u64)> {
    let [known] = take(rest)?;
    Some((known == 1, u64::from_le_bytes(take(rest)?)))
}

fn take_phase(rest: &mut &[u8]) -> Option<Phase> {
    let signal = Signal::from_number(i32::from_le_bytes(take(rest)?)).ok()?;
    let seconds = u64::from_le_bytes(take(rest)?);
    let nanos = u32::from_le_bytes(take(rest)?);
    // More would carry over into the seconds, and may overflow them.
    let grace = (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos))?;
    Some(Phase { signal, grace })
}

/// Returns an answer as bytes.
pub fn encode_answer(answer: &Answer) -> Vec<u8> {
    match answer {
        Ok(()) => vec![0],
        Err(reason) => [&[1], reason.as_bytes()].concat(),
    }
}

/// Reads an answer back; `None` if these bytes are none.
pub fn decode_answer(bytes: &[u8]) -> Option<Answer> {
    match bytes.split_first()? {
        (0, []) => Some(Ok(())),
        (1, reason) => Some(Err(String::from_utf8_lossy(reason).into_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn requests() -> impl Strategy<Value = Request> {
        let phase = (1i32..32, any::<u64>(), 0u32..1_000_000_000).prop_filter_map(
            "a signal of this system",
            |(number, seconds, nanos)| {
                let signal = Signal::from_number(number).ok()?;
                let grace = Duration::new(seconds, nanos);
                Some(Phase { signal, grace })
            },
        );
        let leader = (any::<i32>(), any::<Option<u64>>(), any::<Option<u64>>());
        let cgroup = prop::option::of("/[^\0]{0,40}".prop_map(PathBuf::from));
        prop_oneof![
            prop::collection::vec(phase, 0..4).prop_map(|phases| Request::Begin { phases }),
            (any::<u64>(), "[^\0]{0,80}", cgroup)
                .prop_map(|(id, cookie, cgroup)| Request::Register { id, cookie, cgroup }),
            (any::<u64>(), leader).prop_map(|(id, (pid, start_time, unique))| {
                let leader = ProcessIdentity {
                    pid,
                    start_time,
                    unique,
                };
                Request::Complete { id, leader }
            }),
            any::<u64>().prop_map(|id| Request::Unregister { id }),
            Just(Request::Dismiss),
        ]
    }

    proptest! {
        #[test]
        fn every_request_reads_back(request in requests()) {
            let bytes = request.encode();
            prop_assert_eq!(Request::decode(&bytes), Some(request));
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(request) = Request::decode(&bytes) {
                prop_assert_eq!(Request::decode(&request.encode()), Some(request));
            }
            drop(decode_answer(&bytes));
            drop(receive(&bytes[..]));
        }
    }
}
