use std::path::PathBuf;

use foster_model::{JobId, JobSelector};
use serde_json::Value;

use crate::error::ServiceError;

/// A job by its root and its whole id: what an answer of `run` or `create` that was kept leads back
/// to, from whatever directory and with whatever environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The root, absolute.
    pub root: PathBuf,
    /// The job.
    pub job_id: JobId,
}

impl Reference {
    /// The longest answer that is taken, in bytes.
    pub const LONGEST: u64 = 16 << 20;

    /// Reads an answer. Nothing but `root` and `job_id` counts.
    ///
    /// # Errors
    /// It is no JSON document, or has no absolute `root` and no whole `job_id`.
    pub fn from_answer(json: &[u8]) -> Result<Self, ServiceError> {
        let wrong =
            |what: String| ServiceError::Invalid(format!("no answer of run or create: {what}"));
        let answer: Value =
            serde_json::from_slice(json).map_err(|error| wrong(format!("no JSON: {error}")))?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let root = text("root")
            .map(PathBuf::from)
            .filter(|root| root.is_absolute());
        let id = text("job_id").and_then(|id| id.parse().ok());
        match (root, id) {
            (Some(root), Some(job_id)) => Ok(Self { root, job_id }),
            (None, _) => Err(wrong("it has no absolute `root`".to_owned())),
            (_, None) => Err(wrong("it has no whole `job_id`".to_owned())),
        }
    }

    /// Returns the job, as verbs take it.
    pub fn selector(&self) -> JobSelector {
        JobSelector::Id(self.job_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_and_the_whole_id_count() {
        let id = JobId::from_parts(1, 1);
        let good = format!(r#"{{"ok":true,"job_id":"{id}","root":"/r","x":[1]}}"#);
        let found = Reference::from_answer(good.as_bytes()).unwrap();
        assert_eq!((found.root, found.job_id), (PathBuf::from("/r"), id));
        for bad in [
            String::new(),
            "[]".to_owned(),
            "{}".to_owned(),
            format!(r#"{{"job_id":"{id}"}}"#),
            format!(r#"{{"job_id":"{id}","root":"r"}}"#),
            r#"{"job_id":"@1","root":"/r"}"#.to_owned(),
        ] {
            assert!(Reference::from_answer(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
