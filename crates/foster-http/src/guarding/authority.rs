use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// A host, and a port if one is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The name in lower case, or the address without brackets.
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// Reads `HOST` or `HOST:PORT`; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                address.parse::<std::net::Ipv6Addr>().ok()?;
                (address, port)
            }
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            None if port.is_empty() => None,
            _ => return None,
        };
        let may_be = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        let fits = !host.is_empty() && host.chars().all(may_be);
        fits.then(|| Self {
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

/// The names of a server. A page of another site that has its own name lead to this address (DNS rebinding) calls it
/// by that name.
#[derive(Debug)]
pub struct Authorities {
    address: SocketAddr,
    tls: bool,
    allowed: Vec<Authority>,
}

impl Authorities {
    /// Returns the names of a server at this address, and those that it was told of.
    pub fn new(address: SocketAddr, tls: bool, allowed: Vec<Authority>) -> Self {
        Self {
            address,
            tls,
            allowed,
        }
    }

    /// Returns whether a request calls the server by one of its names, and by one alone.
    pub fn is_called(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let Some(host) = host.to_str().ok().and_then(Authority::parse) else {
            return false;
        };
        let in_uri = uri
            .authority()
            .map(|named| Authority::parse(named.as_str()));
        let agree = in_uri.is_none_or(|named| named.as_ref() == Some(&host));
        agree && self.is_own(&host, self.tls)
    }

    /// Returns whether a page of this origin is one of this server.
    pub fn is_own_origin(&self, origin: &HeaderValue) -> bool {
        let text = origin.to_str().unwrap_or_default();
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            _ => return false,
        };
        let Some(authority) = Authority::parse(rest) else {
            return false;
        };
        // A reverse proxy may speak TLS where this server does not.
        self.is_allowed(&authority) || (tls == self.tls && self.is_own(&authority, tls))
    }

    fn is_own(&self, called: &Authority, tls: bool) -> bool {
        let usual = if tls { 443 } else { 80 };
        let here = called.port.unwrap_or(usual) == self.address.port();
        self.is_allowed(called) || (here && self.is_here(&called.host))
    }

    fn is_allowed(&self, called: &Authority) -> bool {
        self.allowed.iter().any(|allowed| {
            allowed.host == called.host && (allowed.port.is_none() || allowed.port == called.port)
        })
    }

    fn is_here(&self, host: &str) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || address == self.address.ip(),
            Err(_) => host == "localhost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Authorities {
        let allowed = ["proxy.test", "other.test:8443"].map(|name| Authority::parse(name).unwrap());
        Authorities::new("127.0.0.1:7878".parse().unwrap(), false, allowed.into())
    }

    #[test]
    fn it_is_called_by_its_own_names_alone() {
        let called = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            own().is_called(&Uri::from_static("/v1/jobs"), &headers)
        };
        for host in [
            "127.0.0.1:7878",
            "localhost:7878",
            "LOCALHOST:7878",
            "[::1]:7878",
            "127.1.2.3:7878",
            "proxy.test",
            "proxy.test:1",
            "other.test:8443",
        ] {
            assert!(called(host), "{host}");
        }
        for host in [
            "127.0.0.1",
            "localhost",
            "127.0.0.1:7879",
            "evil.test:7878",
            "localhost.evil.test:7878",
            "evil@localhost:7878",
            "other.test",
            "10.0.0.1:7878",
            "127.0.0.1:7878:7878",
            "[::1:7878",
            "",
            "0.0.0.0:7878",
            "127.0.0.1:+7878",
            "127.0.0.1:",
        ] {
            assert!(!called(host), "{host}");
        }
    }

    #[test]
    fn an_uri_with_another_name_than_the_header_is_nobody_s() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost:7878".parse().unwrap());
        let called = |uri: &'static str| own().is_called(&Uri::from_static(uri), &headers);
        assert!(called("http://localhost:7878/v1/jobs"));
        assert!(!called("http://evil.test:7878/v1/jobs"));
        headers.append(header::HOST, "localhost:7878".parse().unwrap());
        assert!(!own().is_called(&Uri::from_static("/"), &headers));
        assert!(!own().is_called(&Uri::from_static("/"), &HeaderMap::new()));
    }

    #[test]
    fn only_its_own_pages_may_ask() {
        let asks = |origin: &'static str| own().is_own_origin(&HeaderValue::from_static(origin));
        for origin in [
            "http://127.0.0.1:7878",
            "http://localhost:7878",
            "https://proxy.test",
        ] {
            assert!(asks(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://127.0.0.1:80",
            "https://127.0.0.1:7878",
            "http://evil.test",
            "http://localhost",
            "file://localhost:7878",
            "localhost:7878",
        ] {
            assert!(!asks(origin), "{origin}");
        }
    }
}
