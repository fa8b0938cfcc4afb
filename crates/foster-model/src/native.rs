use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A string as the operating system has it: an argument, a path, the value of a variable.
///
/// Unix promises bytes without NUL, not text. In JSON it is a plain string wherever it is UTF-8,
/// and `{"base64": "…"}` otherwise, so that nothing is lost when a file is written and read back.
/// The lossy spelling was refused: a restart would then run another command.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NativeString(Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire<'a> {
    Text(Cow<'a, str>),
    Bytes { base64: Cow<'a, str> },
}

impl NativeString {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes, taking them out.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Returns the text for people, with U+FFFD where the bytes are not UTF-8.
    pub fn to_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl std::fmt::Debug for NativeString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.to_lossy(), f)
    }
}

impl From<Vec<u8>> for NativeString {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for NativeString {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for NativeString {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl Serialize for NativeString {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Wire::Text(text.into()),
            Err(_) => Wire::Bytes {
                base64: STANDARD.encode(&self.0).into(),
            },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NativeString {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Wire::deserialize(deserializer)? {
            Wire::Text(text) => Ok(Self(text.into_owned().into_bytes())),
            Wire::Bytes { base64 } => STANDARD
                .decode(&*base64)
                .map(Self)
                .map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for NativeString {
    fn schema_name() -> Cow<'static, str> {
        "NativeString".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Text, or base64 where the bytes are not UTF-8.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"base64": {"type": "string"}},
                    "required": ["base64"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_bytes_survive_json(bytes: Vec<u8>) {
            let text = serde_json::to_string(&NativeString::from(bytes.clone()))?;
            prop_assert_eq!(serde_json::from_str::<NativeString>(&text)?.into_bytes(), bytes);
        }
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(
            serde_json::json!(NativeString::from("é")),
            serde_json::json!("é")
        );
    }
}
