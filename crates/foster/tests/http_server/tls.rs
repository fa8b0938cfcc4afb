//! TLS, with a certificate of our own.

use std::fs;
use std::net::TcpStream;
use std::sync::Arc;

use foster_testkit::Sandbox;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{connect, receive, send};
use crate::served::{FOSTER, Served};

fn client(address: &str, roots: RootCertStore) -> StreamOwned<ClientConnection, TcpStream> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, connect(address))
}

#[test]
fn it_speaks_tls_where_others_could_read_along() {
    let sandbox = Sandbox::new(FOSTER);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(sandbox.work().join("chain.pem"), made.cert.pem()).unwrap();
    fs::write(
        sandbox.work().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    let options = [
        "--listen",
        "0.0.0.0:0",
        "--tls-cert",
        "chain.pem",
        "--tls-key",
        "key.pem",
    ];
    let served = Served::with(&sandbox, &options);
    let port = served.address.rsplit(':').next().unwrap();
    let address = format!("127.0.0.1:{port}");
    assert_eq!(
        (&served.answer["tls"], &served.answer["url"]),
        (&true.into(), &format!("https://{address}/").into())
    );
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let mut stream = client(&address, roots);
    let (host, bearer) = (format!("localhost:{port}"), served.bearer());
    send(
        &mut stream,
        "GET",
        "/v1/ps",
        &[
            ("Host", &host),
            ("Authorization", &bearer),
            ("Connection", "close"),
        ],
        b"",
    );
    receive(stream).ok();
    // Without TLS nothing is said at all.
    let mut plain = connect(&address);
    send(
        &mut plain,
        "GET",
        "/v1/ps",
        &[("Host", &host), ("Authorization", &bearer)],
        b"",
    );
    let mut answer = Vec::new();
    let _ = std::io::Read::read_to_end(&mut plain, &mut answer);
    assert!(
        !answer.starts_with(b"HTTP"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(served.end().success());
}

#[test]
fn files_that_are_none_are_refused() {
    let sandbox = Sandbox::new(FOSTER);
    let refused = || {
        let (code, answer) = sandbox.err([
            "serve",
            "--port",
            "0",
            "--tls-cert",
            "chain.pem",
            "--tls-key",
            "key.pem",
        ]);
        assert_eq!(code, "invalid_argument");
        answer["error"]["message"].as_str().unwrap().to_owned()
    };
    assert!(refused().contains("chain.pem"));
    fs::write(sandbox.work().join("chain.pem"), "").unwrap();
    assert!(refused().contains("no certificate"));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(sandbox.work().join("chain.pem"), made.cert.pem()).unwrap();
    fs::write(
        sandbox.work().join("key.pem"),
        other.signing_key.serialize_pem(),
    )
    .unwrap();
    assert!(refused().contains("key.pem"));
}
