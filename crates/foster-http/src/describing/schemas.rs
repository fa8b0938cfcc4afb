use serde_json::{Map, Value};

/// The schemas of a document, each under one name.
#[derive(Debug, Default)]
pub struct Schemas(Map<String, Value>);

impl Schemas {
    /// Adds the schema of an answer, and returns what refers to it.
    pub fn add_answer(&mut self, name: &str) -> Value {
        let found = foster_service::schema(Some(name)).ok();
        let schema = found.and_then(|answer| answer.schemas.into_values().next());
        self.add(name, schema.unwrap_or_default())
    }

    /// Adds a schema, and returns what refers to it. What it defines for itself gets a name in the document.
    pub fn add(&mut self, name: &str, mut schema: Value) -> Value {
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            if let Some(Value::Object(defined)) = object.remove("$defs") {
                for (name, mut schema) in defined {
                    refer(&mut schema);
                    // The same type, whichever answer it is in.
                    self.0.insert(name, schema);
                }
            }
        }
        refer(&mut schema);
        self.0.insert(name.to_owned(), schema);
        serde_json::json!({"$ref": format!("#/components/schemas/{name}")})
    }

    /// Returns all of them.
    pub fn all(self) -> Value {
        Value::Object(self.0)
    }
}

/// Has a schema refer to where the document keeps what it refers to.
fn refer(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => {
                        *text = text.replace("#/$defs/", "#/components/schemas/");
                    }
                    value => refer(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(refer),
        _ => {}
    }
}
