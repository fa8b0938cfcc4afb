use foster_api::{Failure, Fields, Verb, request_schema};
use serde_json::{Value, json};

use super::body::Content;
use super::{Parameters, query};
use crate::routes::{Route, Target};

/// Returns the fields of a request: what stands in its body, its query and its path. None may stand twice.
///
/// # Errors
/// The body is no JSON object, or a field is given twice or is of another type.
pub fn of_request(
    route: &Route,
    verb: &Verb,
    params: &Parameters,
    pairs: &[(String, String)],
    body: &Content,
) -> Result<Fields, Failure> {
    let mut fields = of_body(&body.bytes)?;
    if !pairs.is_empty() {
        query::add(pairs, &request_schema(verb), &mut fields)?;
    }
    let Target::Verb { path, fixed, .. } = route.target else {
        return Ok(fields);
    };
    for named in path {
        let value = params.iter().find(|(name, _)| name == named.parameter);
        let text = value.map(|(_, value)| value.as_str()).unwrap_or_default();
        let value = if named.many {
            json!([text])
        } else {
            json!(text)
        };
        set(&mut fields, named.field, value)?;
    }
    for (field, value) in fixed {
        set(&mut fields, field, json!(value))?;
    }
    Ok(fields)
}

fn set(fields: &mut Fields, name: &str, value: Value) -> Result<(), Failure> {
    if fields.insert(name.to_owned(), value).is_none() {
        return Ok(());
    }
    let hint = Some("leave it out of query and body".to_owned());
    Err(Failure::usage(
        format!("the path says what `{name}` is"),
        hint,
    ))
}

fn of_body(bytes: &[u8]) -> Result<Fields, Failure> {
    if bytes.is_empty() {
        return Ok(Fields::new());
    }
    let read: Result<Value, _> = serde_json::from_slice(bytes);
    match read {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Failure::usage("the body has to be one JSON object", None)),
        Err(error) => Err(Failure::usage(
            format!("the body is not JSON: {error}"),
            None,
        )),
    }
}
