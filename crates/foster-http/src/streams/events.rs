use foster_api::{Failure, Fields, document};
use foster_service::EventItem;
use serde_json::{Value, json};

use super::Work;
use crate::asking::Parameters;

/// Returns what tells the events of a job until it is over, or of all jobs for ever.
pub fn work(params: &Parameters, query: &[(String, String)]) -> Result<Work, Failure> {
    let mut fields: Fields = [("follow".to_owned(), json!(true))].into_iter().collect();
    let which = match params.iter().find(|(name, _)| name == "job") {
        Some((_, job)) => ("job", json!(job)),
        None => ("all", json!(true)),
    };
    fields.insert(which.0.to_owned(), which.1);
    for (name, value) in query {
        if name != "since" {
            let hint = Some("it takes since".to_owned());
            return Err(Failure::usage(
                format!("the stream has no field `{name}`"),
                hint,
            ));
        }
        fields.insert(name.clone(), Value::String(value.clone()));
    }
    Ok(Box::new(move |shared, context, sink| {
        let request = shared.door.events_request(fields)?;
        let outcome = foster_service::events(context, &request, &mut |item| match item {
            EventItem::Event(event) => sink.event("event", &document("event", Some(&event), None)),
            EventItem::Unreadable { job_id, mut error } => {
                error.job_id = Some(job_id);
                sink.failure(&error)
            }
        })?;
        Ok(document::<()>("events", None, outcome.error.as_ref()))
    }))
}
