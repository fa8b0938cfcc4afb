use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use foster_model::{DeliveryResult, Notifications, Sink};

use crate::bounds::{FIRST_PAUSE, SINK_TIMEOUT, URL_ATTEMPTS};
use crate::errand::Errand;
use crate::{command, file, http};

/// An event that is to be told.
#[derive(Debug, Clone)]
pub struct Telling {
    /// The event's type.
    pub kind: &'static str,
    /// The event, as JSON.
    pub event: Arc<[u8]>,
    /// The file that it is in.
    pub path: PathBuf,
    /// Where in that file, if there are several.
    pub offset: Option<u64>,
}

/// Tells one sink, as often as it is worth it.
pub fn deliver(sink: &Sink, telling: &Telling, errand: &Errand) -> DeliveryResult {
    let (attempts, outcome) = match sink {
        Sink::Command { argv } => (1, command::tell(argv, telling, errand)),
        Sink::Shell { line } => {
            let argv = ["sh".into(), "-c".into(), line.clone()];
            (1, command::tell(&argv, telling, errand))
        }
        Sink::File { path } => {
            let path = PathBuf::from(OsString::from_vec(path.as_bytes().to_vec()));
            (1, file::tell(&path, &telling.event))
        }
        Sink::Url { url } => post(url, &telling.event),
    };
    result(sink, attempts, outcome, errand)
}

/// Returns how telling a sink went, fit to be shown.
pub fn result(
    sink: &Sink,
    attempts: u32,
    outcome: Result<(), String>,
    errand: &Errand,
) -> DeliveryResult {
    let shown = Notifications {
        finish: vec![sink.clone()],
        output: Vec::new(),
    };
    let shown = shown.concealed(&errand.secrets).finish;
    DeliveryResult {
        sink: sink.kind().to_owned(),
        target: shown.first().map(Sink::target).unwrap_or_default(),
        success: outcome.is_ok(),
        attempts,
        error: outcome
            .err()
            .map(|error| errand.secrets.conceal_text(&error)),
        attempted_at: SystemTime::now().into(),
    }
}

fn post(url: &str, event: &[u8]) -> (u32, Result<(), String>) {
    let until = Instant::now() + SINK_TIMEOUT;
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let refusal = match http::tell(url, event) {
            Ok(()) => return (attempt, Ok(())),
            Err(refusal) => refusal,
        };
        if !refusal.retryable || attempt >= URL_ATTEMPTS || Instant::now() + pause >= until {
            return (attempt, Err(refusal.reason));
        }
        rest(pause);
        pause = pause.saturating_mul(4).min(Duration::from_secs(10));
    }
    (URL_ATTEMPTS, Err("it was tried too often".to_owned()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing in the system tells when a server is well again"
)]
fn rest(pause: Duration) {
    std::thread::sleep(pause);
}
