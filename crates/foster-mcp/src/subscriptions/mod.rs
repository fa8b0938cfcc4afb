//! Who is told of what without asking again.
//!
//! Theory of operation. A [`Hearing`] is one client's wish to be told, of jobs and of the list of them: clients of the older
//! protocol have one for the session, which `resources/subscribe` adds jobs to, those of the newest have one for each
//! `subscriptions/listen`. Each thing to be told of is watched by a thread that sleeps in the kernel, until its
//! interrupt is used, which dropping it does. What they have to tell goes through a channel to the one task that speaks
//! to the client.

mod hearing;
mod job_watch;
mod list_watch;
mod sleep;
mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foster_api::Door;
use rmcp::model::SubscriptionFilter;
use rmcp::service::Peer;
use rmcp::{ErrorData, RoleServer};

use crate::resources::{JobUri, Part};
pub use hearing::{Hearer, Hearing};

/// The subscriptions of a client.
pub struct Subscriptions {
    door: Arc<Door>,
    /// What is told for the whole session.
    session: Mutex<Option<Hearing>>,
}

type Result<T> = std::result::Result<T, ErrorData>;

impl Subscriptions {
    pub fn new(door: Arc<Door>) -> Self {
        let session = Mutex::new(None);
        Self { door, session }
    }

    /// Tells a client from now on when the list of jobs changes.
    pub fn tell_of_lists(&self, peer: &Peer<RoleServer>) {
        let mut session = self.session();
        // Where the system does not tell, the client is not told either; it can still ask.
        let _ = hearing(&mut session, peer).add_list(&self.door);
    }

    /// Tells a client from now on when a job changes.
    ///
    /// # Errors
    /// It is told of too many, or the system can't watch it.
    pub fn add(&self, uri: &str, peer: &Peer<RoleServer>) -> Result<()> {
        let mut session = self.session();
        hearing(&mut session, peer).add(uri, &self.door)
    }

    /// Tells it no more. That it was not told before is no error.
    ///
    /// # Errors
    /// There can be no such resource.
    pub fn remove(&self, uri: &str) -> Result<()> {
        let named = JobUri::read(uri)?;
        if let Some(session) = &mut *self.session() {
            session.remove(named.job);
        }
        Ok(())
    }

    /// Returns what of these wishes can be met.
    pub fn acceptable(asked: &SubscriptionFilter) -> SubscriptionFilter {
        let mut can = SubscriptionFilter::new();
        can.resources_list_changed = Some(true);
        let job = |uri: &&String| JobUri::read(uri).is_ok_and(|named| named.part == Part::Status);
        let uris = asked.resource_subscriptions.as_ref();
        can.resource_subscriptions = uris.map(|uris| uris.iter().filter(job).cloned().collect());
        can
    }

    /// Tells a client of these, until what is returned is dropped.
    ///
    /// # Errors
    /// They are too many, or the system can't watch them.
    pub fn listen(&self, accepted: &SubscriptionFilter, hearer: Hearer) -> Result<Hearing> {
        let mut hearing = Hearing::begin(hearer);
        if accepted.resources_list_changed == Some(true) {
            hearing.add_list(&self.door)?;
        }
        for uri in accepted.resource_subscriptions.iter().flatten() {
            hearing.add(uri, &self.door)?;
        }
        Ok(hearing)
    }

    fn session(&self) -> MutexGuard<'_, Option<Hearing>> {
        // Nothing in there can be half done.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hearing<'a>(session: &'a mut Option<Hearing>, peer: &Peer<RoleServer>) -> &'a mut Hearing {
    session.get_or_insert_with(|| Hearing::begin(Hearer::Session(peer.clone())))
}
