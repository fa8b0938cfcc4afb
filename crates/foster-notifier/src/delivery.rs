use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use foster_model::{DeliveryResult, Notifications, Sink};

use crate::attempts::persist;
use crate::errand::Errand;
use crate::lane::Shared;
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
pub fn deliver(sink: &Sink, telling: &Telling, shared: &Shared) -> DeliveryResult {
    let (errand, closing) = (&shared.errand, &shared.closing);
    let (attempts, outcome) = persist(closing, |attempt| match sink {
        Sink::Command { argv } => command::tell(argv, telling, attempt, errand, closing),
        Sink::Shell { line } => {
            let argv = ["sh".into(), "-c".into(), line.clone()];
            command::tell(&argv, telling, attempt, errand, closing)
        }
        Sink::File { path } => {
            let path = PathBuf::from(OsString::from_vec(path.as_bytes().to_vec()));
            file::tell(&path, &telling.event)
        }
        Sink::Url { url } => http::tell(url, &telling.event),
    });
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
