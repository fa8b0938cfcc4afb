use std::sync::Arc;

use crate::containment::Scope;
use crate::guardian::{Guarded, Guardian, GuardianError};
use crate::identity::ProcessRef;

/// The guardian's hand over a tree, if it has a guardian.
#[derive(Debug, Default)]
pub(super) struct Guard(Option<(Arc<Guardian>, Guarded)>);

impl Guard {
    pub(super) fn set(
        guardian: Option<&Arc<Guardian>>,
        cookie: &str,
        scope: &Scope,
    ) -> Result<Self, GuardianError> {
        let Some(guardian) = guardian else {
            return Ok(Self(None));
        };
        let guarded = guardian.register(cookie, scope.cgroup_path())?;
        Ok(Self(Some((Arc::clone(guardian), guarded))))
    }

    pub(super) fn complete(&self, leader: &ProcessRef) -> Result<(), GuardianError> {
        let Some((guardian, guarded)) = &self.0 else {
            return Ok(());
        };
        guardian.complete(guarded, leader.identity())
    }

    /// Says that nobody is left to be guarded.
    pub(super) fn lift(self) {
        if let Some((guardian, guarded)) = self.0 {
            // A guardian that is lost guards nobody.
            let _ = guardian.unregister(guarded);
        }
    }
}
