use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use foster_api::{Answer, Door, Failure, Fields, Verb};
use foster_model::ErrorCode;
use foster_service::{Context, Interrupt};
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::service::RequestContext;
use tokio::task::{JoinError, spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::lanes::Lanes;
use crate::progress::Progress;
use crate::text;

/// How much longer than it may wait a call may take: for the launch, an escalation's grace, and a place in its lane.
const BEYOND_WAITING: Duration = Duration::from_secs(4);

/// Carries out calls, each beside the others.
#[derive(Debug)]
pub struct Calls {
    door: Arc<Door>,
    lanes: Lanes,
    closing: CancellationToken,
}

impl Calls {
    pub fn new(door: Arc<Door>, closing: CancellationToken) -> Self {
        let lanes = Lanes::new();
        Self {
            door,
            lanes,
            closing,
        }
    }

    /// Returns the version of the program.
    pub fn version(&self) -> &'static str {
        self.door.version
    }

    /// Calls a tool, with progress if that was asked for.
    pub async fn tool(
        &self,
        verb: &'static Verb,
        fields: Fields,
        context: &RequestContext<RoleServer>,
    ) -> CallToolResult {
        let mut progress = Progress::of(verb, &fields, context);
        let answer = self.call(verb, fields, context);
        tokio::pin!(answer);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return result(&answer),
                elapsed = progress.due() => {
                    let message = tokio::select! {
                        biased;
                        answer = &mut answer => return result(&answer),
                        message = progress.message(elapsed, self) => message,
                    };
                    // To the end, so that it can't come after the answer.
                    progress.tell(elapsed, message).await;
                }
            }
        }
    }

    /// Calls a verb in a thread, and calls it back when the client does, when the session ends, or when it takes longer than
    /// any client waits.
    pub async fn call(
        &self,
        verb: &'static Verb,
        fields: Fields,
        context: &RequestContext<RoleServer>,
    ) -> Answer {
        let call_back = self.called_back(context);
        tokio::pin!(call_back);
        let place = tokio::select! {
            place = self.lanes.place(verb) => place,
            () = &mut call_back => return Answer::refused(verb.name, &called_off()),
        };
        let interrupt = match Interrupt::new() {
            Ok(interrupt) => interrupt,
            Err(error) => return Answer::refused(verb.name, &no_descriptor(&error)),
        };
        let door = self.door.clone();
        let own = self.context(interrupt.clone());
        let mut work = spawn_blocking(move || {
            let answer = door.call(&own, verb, fields);
            drop(place);
            answer
        });
        let done = tokio::select! {
            done = &mut work => done,
            () = call_back => {
                interrupt.interrupt();
                work.await
            }
        };
        done.unwrap_or_else(|error| Answer::refused(verb.name, &broken(&error)))
    }

    /// Calls a verb that answers at once, for this server's own sake.
    pub async fn glance(&self, verb: &'static Verb, fields: Fields) -> Option<Answer> {
        let place = self.lanes.quick_place().await;
        let door = self.door.clone();
        let glance = spawn_blocking(move || {
            let answer = door.call(&door.context, verb, fields);
            drop(place);
            answer
        });
        glance.await.ok()
    }

    fn context(&self, interrupt: Interrupt) -> Context {
        Context {
            interrupt: Some(interrupt),
            ..self.door.context.clone()
        }
    }

    /// Returns when a call has to come back.
    fn called_back(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> impl Future<Output = ()> + use<> {
        let (cancelled, closing) = (context.ct.clone(), self.closing.clone());
        let longest = self.door.longest_wait;
        async move {
            let too_long = async {
                match longest {
                    Some(longest) => tokio::time::sleep(longest + BEYOND_WAITING).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = cancelled.cancelled() => {}
                () = closing.cancelled() => {}
                () = too_long => {}
            }
        }
    }
}

/// Returns what the client gets for an answer. That of a refusal has the error as its text too: many clients show
/// their model nothing else.
fn result(answer: &Answer) -> CallToolResult {
    let text = vec![ContentBlock::text(text::of(answer))];
    let mut result = match answer.error {
        None => CallToolResult::success(text),
        Some(_) => CallToolResult::error(text),
    };
    result.structured_content = Some(answer.document.clone());
    result
}

fn called_off() -> Failure {
    let message = "the call was called off before it began";
    Failure::with_hint(ErrorCode::Interrupted, message, None)
}

fn no_descriptor(error: &io::Error) -> Failure {
    let message = format!("the call can't be begun: {error}");
    Failure::with_hint(ErrorCode::ResourcesExhausted, message, None)
}

fn broken(error: &JoinError) -> Failure {
    let message = format!("the call broke off: {error}");
    Failure::with_hint(ErrorCode::Internal, message, None)
}
