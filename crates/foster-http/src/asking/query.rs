use foster_api::{Failure, Fields};
use serde_json::{Value, json};

/// Returns the names and values of a query, decoded.
pub fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

/// Adds what a query says to the fields of a request, as the types that the request's schema has for them.
///
/// # Errors
/// A value that can't be of its type, or a second one where there is one alone.
pub fn add(pairs: &[(String, String)], schema: &Value, fields: &mut Fields) -> Result<(), Failure> {
    for (name, text) in pairs {
        let property = &schema["properties"][name];
        let items = &property["items"];
        if items.is_object() || is_list_or_object(property) {
            let list = fields.entry(name.clone()).or_insert_with(|| json!([]));
            match list.as_array_mut() {
                Some(list) => list.push(value(name, text, items)?),
                None => return Err(twice(name)),
            }
            continue;
        }
        if fields
            .insert(name.clone(), value(name, text, property)?)
            .is_some()
        {
            return Err(twice(name));
        }
    }
    Ok(())
}

/// Variables: a list of them is what a query can say.
fn is_list_or_object(property: &Value) -> bool {
    let any = property["anyOf"].as_array().into_iter().flatten();
    any.clone().any(|one| one["type"] == "array")
}

fn twice(name: &str) -> Failure {
    Failure::usage(format!("`{name}` is given twice"), None)
}

fn value(name: &str, text: &str, schema: &Value) -> Result<Value, Failure> {
    let wrong = |expected| Failure::usage(format!("`{name}` has to be {expected}"), None);
    let any = schema["anyOf"].as_array().into_iter().flatten();
    let counts = schema["type"] == "integer" || any.clone().any(|one| one["type"] == "integer");
    if schema["type"] == "boolean" {
        return match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(wrong("true or false")),
        };
    }
    if !counts || (text == "none" && schema["anyOf"].is_array()) {
        return Ok(Value::String(text.to_owned()));
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|_| digits);
    number
        .map(Value::from)
        .ok_or_else(|| wrong("a number that is not negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(verb: &str, query: &str) -> Result<Fields, String> {
        let verb = foster_api::verb(verb).unwrap();
        let mut fields = Fields::new();
        add(
            &pairs(Some(query)),
            &foster_api::request_schema(verb),
            &mut fields,
        )
        .map(|()| fields)
        .map_err(|failure| failure.body().message.clone())
    }

    #[test]
    fn values_become_what_the_schema_says() {
        let query = "all=true&state=running&state=exited&limit=5&tag=a.%2A&command=a+b%26";
        let expected = json!({
            "all": true, "state": ["running", "exited"], "limit": 5, "tag": ["a.*"], "command": "a b&",
        });
        assert_eq!(Value::Object(fields("list", query).unwrap()), expected);
        let none = fields("list", "limit=none").unwrap();
        assert_eq!(Value::Object(none), json!({"limit": "none"}));
        // What there is no field for is refused by the verb, which knows what was meant.
        let unknown = fields("list", "lmit=5").unwrap();
        assert_eq!(Value::Object(unknown), json!({"lmit": "5"}));
    }

    #[test]
    fn what_is_no_such_value_is_refused() {
        for (query, why) in [
            ("all=yes", "`all` has to be true or false"),
            ("all=", "`all` has to be true or false"),
            ("all=true&all=true", "`all` is given twice"),
            (
                "limit=-1",
                "`limit` has to be a number that is not negative",
            ),
            (
                "limit=%2B1",
                "`limit` has to be a number that is not negative",
            ),
            (
                "limit=99999999999999999999",
                "`limit` has to be a number that is not negative",
            ),
        ] {
            assert_eq!(fields("list", query).unwrap_err(), why);
        }
    }
}
