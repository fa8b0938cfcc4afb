use std::fmt::{self, Write as _};

use axum::http::{HeaderMap, HeaderValue, header};
use ring::hmac;
use subtle::ConstantTimeEq as _;

use super::Token;
use crate::asking::pairs;

/// What opens the files of the page, and nothing else: a browser can't send the token with what a person opens.
pub struct PageKey {
    key: String,
    cookie: String,
}

impl fmt::Debug for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageKey").finish_non_exhaustive()
    }
}

impl PageKey {
    /// Derives the key from the token. Servers of one host tell their cookies apart by the port.
    pub fn new(token: &Token, port: u16) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, token.secret().as_bytes());
        let tag = hmac::sign(&secret, b"foster: the files of the page");
        Self {
            key: hex(tag.as_ref()),
            cookie: format!("foster_page_{port}"),
        }
    }

    /// Returns the key.
    pub fn secret(&self) -> &str {
        &self.key
    }

    /// Returns whether a request has the key, in its query or its cookie.
    pub fn is_shown_by(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        self.is_in_query(query)
            || cookies(headers).any(|(name, value)| name == self.cookie && self.is(value))
    }

    /// Returns the cookie to set, if a request has the key in its query.
    pub fn cookie_for(&self, query: Option<&str>) -> Option<HeaderValue> {
        let shown = self.is_in_query(query).then(|| {
            let Self { key, cookie } = self;
            format!("{cookie}={key}; HttpOnly; SameSite=Strict; Path=/")
        })?;
        HeaderValue::from_str(&shown).ok()
    }

    fn is_in_query(&self, query: Option<&str>) -> bool {
        let mut shown = pairs(query).into_iter().filter(|(name, _)| name == "key");
        shown.any(|(_, value)| self.is(&value))
    }

    fn is(&self, shown: &str) -> bool {
        shown.as_bytes().ct_eq(self.key.as_bytes()).into()
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// Returns bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
