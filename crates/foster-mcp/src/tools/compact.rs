use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

/// What stands around every answer.
const ENVELOPE: [&str; 3] = ["schema_version", "ok", "type"];
/// A list of more words than that is worth less than its place.
const WORDS: usize = 20;

/// Returns the schema of a tool's output: that of its answer without what is for people, for it is sent to each
/// client at its beginning; and it takes an answer that is an error alone.
pub fn output(schema: JsonObject) -> JsonObject {
    let mut schema = without_names_of_text(stripped(schema));
    schema.remove("$schema");
    let required = match schema.remove("required") {
        Some(Value::Array(required)) => required,
        _ => Vec::new(),
    };
    let answer = |name: &Value| name.as_str().is_some_and(|name| !ENVELOPE.contains(&name));
    let complete: Vec<_> = required.into_iter().filter(answer).collect();
    let complete = match schema.remove("anyOf") {
        Some(any) => json!({"required": complete, "anyOf": any}),
        None => json!({"required": complete}),
    };
    schema.insert("required".to_owned(), json!(ENVELOPE));
    // Official clients hold errors against the schema as well.
    schema.insert(
        "anyOf".to_owned(),
        json!([complete, {"required": ["error"]}]),
    );
    schema
}

/// Returns a schema without titles, descriptions and forms of numbers, and with lists of words as such.
fn stripped(schema: JsonObject) -> JsonObject {
    let mut kept = Map::new();
    for (key, value) in schema {
        match (&*key, value) {
            ("title" | "description" | "format" | "minimum" | "default", value)
                if !value.is_object() => {}
            // Their members are named by whoever made the schema, and may be called as a keyword is.
            ("properties" | "$defs", Value::Object(members)) => {
                let members = members
                    .into_iter()
                    .map(|(name, member)| (name, strip(member)));
                kept.insert(key, Value::Object(members.collect()));
            }
            (_, value) => {
                kept.insert(key, strip(value));
            }
        }
    }
    match words(&kept) {
        Some(words) if words.len() <= WORDS => object(json!({"enum": words})),
        Some(_) => object(json!({"type": "string"})),
        None => kept,
    }
}

/// Returns a schema that says of what is text alone that it is, in its place.
fn without_names_of_text(mut schema: JsonObject) -> JsonObject {
    let Some(Value::Object(mut named)) = schema.remove("$defs") else {
        return schema;
    };
    let is_text = |named: &Value| named["type"] == "string" && named.get("const").is_none();
    let texts = named.iter().filter(|(_, named)| is_text(named));
    let texts: Vec<_> = texts.map(|(name, _)| format!("#/$defs/{name}")).collect();
    named.retain(|_, named| !is_text(named));
    schema.insert("$defs".to_owned(), Value::Object(named));
    object(with_texts(Value::Object(schema), &texts))
}

fn with_texts(value: Value, texts: &[String]) -> Value {
    match value {
        Value::Object(mut schema) => {
            let named = schema.get("$ref").and_then(Value::as_str);
            if named.is_some_and(|named| texts.iter().any(|text| text == named)) {
                schema.remove("$ref");
                schema.insert("type".to_owned(), json!("string"));
            }
            let members = schema.into_iter();
            let shown = members.map(|(name, member)| (name, with_texts(member, texts)));
            or_nothing(shown.collect())
        }
        Value::Array(values) => values
            .into_iter()
            .map(|value| with_texts(value, texts))
            .collect(),
        value => value,
    }
}

/// Returns a choice between text and nothing as the two types.
fn or_nothing(schema: JsonObject) -> Value {
    let either = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
    let schema = Value::Object(schema);
    if schema == either {
        return json!({"type": ["string", "null"]});
    }
    schema
}

fn strip(value: Value) -> Value {
    match value {
        Value::Object(schema) => Value::Object(stripped(schema)),
        Value::Array(values) => values.into_iter().map(strip).collect(),
        value => value,
    }
}

/// Returns the words that a schema of words allows.
fn words(schema: &JsonObject) -> Option<Vec<Value>> {
    let choices = schema.get("oneOf")?.as_array()?;
    let word = |choice: &Value| {
        let text = choice["const"].is_string() && choice["type"] == "string";
        text.then(|| choice["const"].clone())
    };
    choices.iter().map(word).collect()
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_people_goes_and_properties_stay() {
        let schema = json!({
            "$schema": "x", "title": "T", "type": "object",
            "properties": {
                "title": {"type": "string", "description": "d"},
                "count": {"type": "integer", "format": "uint64", "minimum": 0},
                "word": {"oneOf": [
                    {"const": "a", "type": "string", "description": "d"}, {"const": "b", "type": "string"},
                ]},
            },
            "required": ["title", "ok", "type", "schema_version"],
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "title": {"type": "string"}, "count": {"type": "integer"}, "word": {"enum": ["a", "b"]},
            },
            "required": ["schema_version", "ok", "type"],
            "anyOf": [{"required": ["title"]}, {"required": ["error"]}],
        });
        assert_eq!(Value::Object(output(object(schema))), expected);
    }
}
