//! A server's life: where it listens, how it ends, and what it leaves.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use foster_testkit::{Gate, Sandbox};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::{DEADLINE, receive, send};
use crate::served::{FOSTER, Served, address_file, mode};

#[test]
fn it_ends_in_order_and_calls_back_who_waits() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let mut served = Served::start(&sandbox);
    let id = served.job("echo begun; read x < gate; exit 5");
    let output = format!("/v1/jobs/{id}/output/stdout");
    let mut streams: Vec<_> = (0..20).map(|_| served.events(&output)).collect();
    for stream in &mut streams {
        assert_eq!(stream.next().unwrap().data["text"], "begun");
    }
    let others: Vec<_> = ["/v1/events", "/v1/jobs/changes"]
        .map(|path| served.events(path))
        .into();
    let waiting = served.begin("GET", &format!("/v1/jobs/{id}/wait"), None);
    served.get(&format!("/v1/jobs/{id}")).ok();
    assert!(address_file(&sandbox).exists());
    let begun = Instant::now();
    served.signal(Signal::TERM);
    receive(waiting).refused(503, "interrupted");
    for mut stream in streams {
        assert_eq!(stream.rest(), []);
    }
    drop(others);
    assert!(served.wait().success());
    eprintln!("ended with 20 streams after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(!address_file(&sandbox).exists());
    // No job is ended by it.
    gate.open();
    assert_eq!(sandbox.ok(["wait", &id])["exit_code"], 5);
}

#[test]
fn each_of_the_signals_ends_it() {
    let sandbox = Sandbox::new(FOSTER);
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut served = Served::start(&sandbox);
        served.signal(signal);
        assert!(served.wait().success(), "{signal:?}");
    }
}

#[test]
fn jobs_do_not_notice_that_it_was_killed() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let mut served = Served::start(&sandbox);
    let id = served.job("read x < gate; echo after; exit 7");
    served.signal(Signal::KILL);
    served.wait();
    assert!(address_file(&sandbox).exists());
    assert_eq!(sandbox.ok(["status", &id])["state"], "running");
    // What it left behind is no server: the next is asked instead.
    let next = Served::start(&sandbox);
    gate.open();
    let over = next.get(&format!("/v1/jobs/{id}/wait")).ok();
    assert_eq!(
        (&over["exit_code"], &over["snapshot"]["stdout"]["tail"]),
        (&json!(7), &json!("after\n"))
    );
    assert!(next.end().success());
    sandbox.assert_nothing_left(DEADLINE);
}

#[test]
fn two_can_t_listen_at_one_port() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let (code, answer) = sandbox.err(["serve", "--listen", &served.address]);
    assert_eq!(code, "address_unavailable");
    let error = &answer["error"];
    assert!(error["message"].as_str().unwrap().contains(&served.address));
    assert!(error["hint"].as_str().unwrap().contains("--port 0"));
    // The first is still the one that is told of.
    let told: Value =
        serde_json::from_slice(&std::fs::read(address_file(&sandbox)).unwrap()).unwrap();
    assert_eq!(told["address"], served.address);
}

#[test]
fn it_does_not_listen_where_others_could_read_along_unless_it_is_told_to() {
    let sandbox = Sandbox::new(FOSTER);
    let (code, answer) = sandbox.err(["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, "invalid_argument");
    assert!(
        answer["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("--insecure-plain-http")
    );
    let (code, _) = sandbox.err(["serve", "--listen", "none"]);
    assert_eq!(code, "invalid_argument");
    let served = Served::with(
        &sandbox,
        &["--listen", "0.0.0.0:0", "--insecure-plain-http"],
    );
    let port = served.address.rsplit(':').next().unwrap();
    let address = format!("127.0.0.1:{port}");
    assert_eq!(served.answer["url"], format!("http://{address}/"));
    let mut stream = crate::client::connect(&address);
    let bearer = served.bearer();
    send(
        &mut stream,
        "GET",
        "/v1/ps",
        &[
            ("Host", &address),
            ("Authorization", &bearer),
            ("Connection", "close"),
        ],
        b"",
    );
    receive(stream).ok();
}

#[test]
fn a_unix_socket_is_for_its_owner_alone() {
    let sandbox = Sandbox::for_ordinary_user(FOSTER);
    let path = sandbox.work().join("socket");
    let begin = |token: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let bearer = format!("Bearer {token}");
        send(
            &mut stream,
            "GET",
            "/v1/ps",
            &[
                ("Host", "localhost"),
                ("Authorization", &bearer),
                ("Connection", "close"),
            ],
            b"",
        );
        stream
    };
    // What a server that was killed left behind makes room for the next.
    let mut first = Served::with(&sandbox, &["--listen", "none", "--unix", "socket"]);
    first.signal(Signal::KILL);
    first.wait();
    assert!(path.exists());
    let served = Served::with(&sandbox, &["--listen", "none", "--unix", "socket"]);
    assert_eq!(
        (mode(&path), &served.answer["address"]),
        (0o600, &Value::Null)
    );
    assert_eq!(served.answer["unix"], path.to_str().unwrap());
    if foster_testkit::is_root() {
        // Root may connect, whatever the mode is, and is another user all the same.
        use std::io::Read as _;
        let mut answer = Vec::new();
        // Closed with bytes of ours unread, which shows as a reset.
        let _ = begin(&served.token).read_to_end(&mut answer);
        assert_eq!(answer, b"");
    } else {
        receive(begin(&served.token)).ok();
        receive(begin("wrong")).refused(401, "unauthorized");
    }
    let (code, _) = sandbox.err(["serve", "--listen", "none", "--unix", "socket"]);
    assert_eq!(code, "address_unavailable");
    assert!(served.end().success());
    assert!(!path.exists());
    std::fs::write(&path, "a file").unwrap();
    let (code, _) = sandbox.err(["serve", "--listen", "none", "--unix", "socket"]);
    assert_eq!(code, "address_unavailable");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file");
}

#[test]
fn the_same_user_is_served_over_a_unix_socket() {
    let sandbox = Sandbox::new(FOSTER);
    let path = sandbox.work().join("socket");
    let served = Served::with(&sandbox, &["--port", "0", "--unix", "socket"]);
    let ask = |bearer: &str, origin: &[(&str, &str)]| {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let own = [
            ("Host", "anything"),
            ("Authorization", bearer),
            ("Connection", "close"),
        ];
        let headers: Vec<_> = own.into_iter().chain(origin.iter().copied()).collect();
        send(&mut stream, "GET", "/v1/ps", &headers, b"");
        receive(stream)
    };
    ask(&served.bearer(), &[]).ok();
    ask("Bearer x", &[]).refused(401, "unauthorized");
    ask(&served.bearer(), &[("Origin", "http://anything")]).refused(403, "forbidden");
    served.get("/v1/ps").ok();
}
