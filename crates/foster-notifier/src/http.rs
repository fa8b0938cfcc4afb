use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::bounds::REQUEST_TIMEOUT;
use crate::refusal::Refusal;

/// Posts an event. Anything but a status of 2xx is a failure; a redirection is not followed, and the
/// answer's body is not read.
pub fn tell(url: &str, event: &[u8]) -> Result<(), Refusal> {
    let sent = agent(url).post(url).content_type("application/json");
    match sent.send(event) {
        Ok(answer) => judge(answer.status().as_u16()),
        Err(error) => Err(Refusal {
            reason: explain(&error),
            retryable: !matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_)),
        }),
    }
}

fn judge(status: u16) -> Result<(), Refusal> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    let reason = match status {
        300..400 => format!("the server said {status}; a redirection is not followed"),
        _ => format!("the server said {status}"),
    };
    // The server's own fault, or its wish that it be tried later.
    let retryable = status >= 500 || matches!(status, 408 | 425 | 429);
    Err(Refusal { reason, retryable })
}

/// Returns the reason without the address, which may hold a secret.
fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "the address can't be understood".to_owned(),
        ureq::Error::HostNotFound => "the host is not known".to_owned(),
        ureq::Error::ConnectionFailed => "nobody could be connected to".to_owned(),
        ureq::Error::Timeout(_) => {
            let seconds = REQUEST_TIMEOUT.as_secs();
            format!("the server did not answer in {seconds} seconds")
        }
        other => other.to_string(),
    }
}

fn agent(url: &str) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .max_response_header_size(64 * 1024)
        // The environment is the job's: a proxy in it is for the job's own requests.
        .proxy(None)
        .timeout_global(Some(REQUEST_TIMEOUT))
        .timeout_resolve(Some(Duration::from_secs(5)))
        .user_agent(concat!("foster/", env!("CARGO_PKG_VERSION")));
    if url
        .get(..6)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("https:"))
    {
        config = config.tls_config(tls());
    }
    config.build().into()
}

/// Trusts whom the system trusts: a company's own authority is in no list that a program brings.
fn tls() -> TlsConfig {
    let found = rustls_native_certs::load_native_certs();
    let certificates = found.certs.iter();
    let certificates: Vec<_> = certificates
        .map(|certificate| Certificate::from_der(certificate.as_ref()).to_owned())
        .collect();
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_to_try_again() {
        assert_eq!(judge(204), Ok(()));
        let rows = [
            (301, false),
            (400, false),
            (404, false),
            (429, true),
            (500, true),
            (503, true),
        ];
        for (status, retryable) in rows {
            assert_eq!(judge(status).unwrap_err().retryable, retryable, "{status}");
        }
    }

    #[test]
    fn tls_can_be_set_up() {
        let _ = agent("https://localhost/");
    }
}
