//! The `OpenAPI` document, made from the table of routes and the definitions of the verbs.

mod operation;
mod schemas;

use std::sync::LazyLock;

use foster_model::ErrorCode;
use serde_json::{Map, Value, json};

use crate::routes::ROUTES;
use crate::status::status;
use schemas::Schemas;

/// Returns the document.
pub fn openapi() -> Value {
    let mut schemas = Schemas::default();
    schemas.add_answer("error");
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let operation = operation::of(route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Foster",
            "description": "Runs commands as jobs that outlive whoever started them. Answers are those of the command line.",
            "version": "1",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:7878"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token in the file that `foster serve` names.",
            }},
            "responses": responses(),
            "schemas": schemas.all(),
        },
        "x-error-status": statuses(),
    })
}

/// Returns the document, made once.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi);
    &DOCUMENT
}

/// Every status of an error, with the codes that have it.
fn responses() -> Value {
    let mut responses = Map::new();
    for code in ErrorCode::ALL {
        let name = format!("error{}", status(code).as_u16());
        let response = responses.entry(name).or_insert_with(|| {
            json!({
                "description": "",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}},
            })
        });
        let told = response["description"].as_str().unwrap_or_default();
        let comma = if told.is_empty() { "" } else { ", " };
        response["description"] = json!(format!("{told}{comma}{}", code.as_str()));
    }
    Value::Object(responses)
}

fn statuses() -> Value {
    let pair = |code: ErrorCode| (code.as_str().to_owned(), json!(status(code).as_u16()));
    Value::Object(ErrorCode::ALL.into_iter().map(pair).collect())
}
