use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer of `schema`: JSON Schemas (2020-12) by the `type` of the answer they describe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaAnswer {
    /// By type.
    pub schemas: BTreeMap<String, serde_json::Value>,
}
