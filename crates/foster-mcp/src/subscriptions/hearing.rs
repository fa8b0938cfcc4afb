use std::collections::HashMap;

use foster_api::Door;
use foster_model::JobId;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, SubscriptionContext, SubscriptionSink};
use rmcp::{ErrorData, RoleServer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use super::watch::Watch;
use super::{job_watch, list_watch};
use crate::resources::JobUri;

/// How many jobs a client is told of at once: each takes a thread, and one of the few watches that a system has.
const MOST: usize = 32;

/// Something that a client is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Jobs have come or gone.
    List,
    /// This resource has changed, by the URI that the client has used.
    Updated(String),
}

/// Whom to tell.
#[derive(Debug)]
pub enum Hearer {
    /// A client of the older protocol.
    Session(Peer<RoleServer>),
    /// A client of the newest, for one request of its own.
    Request(SubscriptionSink),
}

impl Hearer {
    pub fn of(context: &SubscriptionContext) -> Self {
        Self::Request(context.sink().clone())
    }

    /// Tells it. A client that can't be told is gone, and its session about to end.
    async fn tell(&self, told: Told) {
        match (self, told) {
            (Self::Session(peer), Told::List) => drop(peer.notify_resource_list_changed().await),
            (Self::Session(peer), Told::Updated(uri)) => {
                let param = ResourceUpdatedNotificationParam::new(uri);
                drop(peer.notify_resource_updated(param).await);
            }
            (Self::Request(sink), Told::List) => drop(sink.notify_resource_list_changed().await),
            (Self::Request(sink), Told::Updated(uri)) => {
                drop(sink.notify_resource_updated(uri).await);
            }
        }
    }
}

/// What one client, or one request of it, is told of; until it is dropped.
#[derive(Debug)]
pub struct Hearing {
    telling: UnboundedSender<Told>,
    task: AbortHandle,
    list: Option<Watch>,
    jobs: HashMap<JobId, Watch>,
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hearing {
    pub fn begin(hearer: Hearer) -> Self {
        let (telling, told) = unbounded_channel();
        Self {
            telling,
            task: tokio::spawn(tell_all(hearer, told)).abort_handle(),
            list: None,
            jobs: HashMap::new(),
        }
    }

    /// Takes in the list of jobs.
    ///
    /// # Errors
    /// The system has no descriptor or thread left.
    pub fn add_list(&mut self, door: &Door) -> Result<(), ErrorData> {
        if self.list.is_none() {
            let request = door.list_request(serde_json::Map::new());
            let request = request.map_err(|failure| failed(&failure.body().message))?;
            let telling = self.telling.clone();
            let watch = Watch::begin(&door.context, move |context| {
                list_watch::watch(context, &request, &mut || pass(&telling, Told::List));
            });
            self.list = Some(watch.map_err(|error| failed(&error.to_string()))?);
        }
        Ok(())
    }

    /// Takes in a job.
    ///
    /// # Errors
    /// It is no job's URI; they are too many; the system has no descriptor or thread left.
    pub fn add(&mut self, uri: &str, door: &Door) -> Result<(), ErrorData> {
        let job = JobUri::read(uri)?.job;
        if self.jobs.contains_key(&job) {
            return Ok(());
        }
        // One whose job was deleted watches nothing any more.
        self.jobs.retain(|_, watch| watch.goes_on());
        if self.jobs.len() >= MOST {
            return Err(failed(&format!(
                "no more than {MOST} jobs can be subscribed to"
            )));
        }
        let (uri, telling) = (uri.to_owned(), self.telling.clone());
        let watch = Watch::begin(&door.context, move |context| {
            job_watch::watch(context, job, &mut || {
                pass(&telling, Told::Updated(uri.clone()))
            });
        });
        let watch = watch.map_err(|error| failed(&error.to_string()))?;
        self.jobs.insert(job, watch);
        Ok(())
    }

    pub fn remove(&mut self, job: JobId) {
        self.jobs.remove(&job);
    }
}

/// Passes something on, and returns whether somebody is there to hear it.
fn pass(telling: &UnboundedSender<Told>, told: Told) -> bool {
    telling.send(told).is_ok()
}

async fn tell_all(hearer: Hearer, mut told: UnboundedReceiver<Told>) {
    while let Some(next) = told.recv().await {
        hearer.tell(next).await;
    }
}

fn failed(reason: &str) -> ErrorData {
    ErrorData::internal_error(format!("the subscription can't be made: {reason}"), None)
}
