use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of any kind, in JSON always as base64.
///
/// Not as text where they are text, as with [`NativeString`](crate::NativeString): a control
/// character takes six bytes there, and what fits in a line must not depend on what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is sent to a command may be a password.
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes());
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Blob {
    fn schema_name() -> Cow<'static, str> {
        "Blob".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "contentEncoding": "base64"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_and_the_longest_input_fits_into_a_line() {
        let bytes: Vec<u8> = (0..=u8::MAX)
            .cycle()
            .take(crate::control::LONGEST_INPUT)
            .collect();
        let request = crate::control::Request::Input {
            data: Blob(bytes),
            more: true,
            eof: true,
        };
        let line = serde_json::to_string(&request).unwrap();
        assert!(line.len() < crate::control::LONGEST_LINE, "{}", line.len());
        assert_eq!(
            serde_json::from_str::<crate::control::Request>(&line).unwrap(),
            request
        );
        assert!(serde_json::from_str::<Blob>("\"no base64!\"").is_err());
    }
}
