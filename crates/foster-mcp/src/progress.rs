use std::time::Duration;

use foster_api::{Fields, Verb, verb};
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use crate::call::Calls;
use crate::text;

/// How often a client that wants to know is told how its call stands.
const EVERY: Duration = Duration::from_secs(5);
/// How long it is tried to tell: when the session ends nobody takes it any more.
const TO_TELL: Duration = Duration::from_millis(200);
/// How much of a job's last line is told.
const LINE: usize = 200;

/// Tells a client how a call stands, at once and then every few seconds.
pub struct Progress {
    verb: &'static Verb,
    wanted: Option<Wanted>,
    begun: Instant,
}

struct Wanted {
    token: ProgressToken,
    peer: Peer<RoleServer>,
    ticks: Interval,
    job: Option<String>,
}

impl Progress {
    /// Returns the progress of a call; of one whose client has not asked for it, nothing is ever due.
    pub fn of(verb: &'static Verb, fields: &Fields, context: &RequestContext<RoleServer>) -> Self {
        let wanted = context.meta.get_progress_token().map(|token| {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Wanted {
                token,
                peer: context.peer.clone(),
                ticks,
                job: job_of(verb, fields),
            }
        });
        Self {
            verb,
            wanted,
            begun: Instant::now(),
        }
    }

    /// Waits until the client is to be told, and returns how long the call has taken by then.
    pub async fn due(&mut self) -> Duration {
        match &mut self.wanted {
            Some(wanted) => {
                wanted.ticks.tick().await;
                self.begun.elapsed()
            }
            None => std::future::pending().await,
        }
    }

    /// Returns what to tell.
    pub async fn message(&self, elapsed: Duration, calls: &Calls) -> String {
        let mut message = format!("{}: {}s", self.verb.name, elapsed.as_secs());
        let job = self.wanted.as_ref().and_then(|wanted| wanted.job.as_ref());
        // At first there is nothing to be told that the client does not know.
        if let (Some(job), false) = (job, elapsed < EVERY) {
            message.push_str(&stands(job, calls).await);
        }
        message
    }

    /// Tells it.
    pub async fn tell(&self, elapsed: Duration, message: String) {
        let Some(wanted) = &self.wanted else { return };
        let param = ProgressNotificationParam::new(wanted.token.clone(), elapsed.as_secs_f64())
            .with_message(message);
        // Progress that can't be told, or not in time, is not worth more than that.
        let _ = timeout(TO_TELL, wanted.peer.notify_progress(param)).await;
    }
}

/// Returns the job that is waited for, if it is one: that which the others launch has no name before it is there.
fn job_of(verb: &Verb, fields: &Fields) -> Option<String> {
    let named = match verb.name {
        "wait" | "kill" => match fields.get("jobs")?.as_array()?.as_slice() {
            [one] => one,
            _ => return None,
        },
        _ => return None,
    };
    named.as_str().map(str::to_owned)
}

/// Returns where a job stands, and its last line; nothing if that is not to be had.
async fn stands(job: &str, calls: &Calls) -> String {
    let fields = json!({"job": job, "lines": 1, "max_bytes": "1KiB"});
    let (Some(tail), Value::Object(fields)) = (verb("tail"), fields) else {
        return String::new();
    };
    let Some(answer) = calls.glance(tail, fields).await else {
        return String::new();
    };
    let document = &answer.document;
    let mut said = String::new();
    if let Some(state) = document["state"].as_str() {
        said = format!("; {state}");
    }
    let streams = ["stdout", "stderr"].map(|stream| document[stream]["tail"].as_str());
    let mut lines = streams.into_iter().flatten().map(str::trim);
    if let Some(line) = lines.rfind(|line| !line.is_empty()) {
        said.push_str("; last line: ");
        said.push_str(&text::one_line(line, LINE));
    }
    said
}
