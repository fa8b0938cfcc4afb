use crate::{Definition, NativeString};

/// Ends of words in names that hold secrets. `KEY` counts only as a whole word: not in `MONKEY`.
const SECRET_WORDS: [&str; 8] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "APIKEY",
];

/// Returns whether a variable of this name is likely to hold a secret, and not the place of one.
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let place = ["FILE", "PATH", "DIR", "SOCK", "URL", "ID", "NAME"];
    let last = words.clone().next_back().unwrap_or_default();
    !place.contains(&last)
        && words.any(|word| {
            let plain = word.trim_end_matches(|c: char| c.is_ascii_digit());
            plain == "KEY" || SECRET_WORDS.iter().any(|end| plain.ends_with(end))
        })
}

impl Definition {
    /// Returns whether the value of a variable must not be shown: it is masked, or redacted.
    pub fn hides(&self, name: &NativeString) -> bool {
        let guessed = || self.redact_env_like && looks_secret(&name.to_lossy());
        self.mask.contains(name) || self.redact.contains(name) || guessed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_a_secret_s() {
        for name in [
            "API_TOKEN",
            "aws_secret_access_key",
            "DB_PASSWORD",
            "GITHUB_TOKEN",
            "OPENAI_API_KEY",
            "MYAPIKEY",
            "TOKEN2",
            "SSH_PASSPHRASE",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "PWD",
            "SSH_AUTH_SOCK",
            "SECRET_FILE",
            "TOKEN_PATH",
            "KEYBOARD",
            "MONKEY",
            "AWS_ACCESS_KEY_ID",
            "",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
