//! What many clients, slow ones and those that go away do to others: nothing.

use std::io::Read as _;
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use foster_testkit::{Gate, Sandbox};
use serde_json::json;

use crate::client::{Events, connect, receive, send};
use crate::served::{FOSTER, Served};

/// How long a look may take while a thousand others wait, on a machine that has much to do.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Waits until a figure of the server is small again: whatever ends does so within its own time.
fn settles(what: &str, most: usize, figure: impl Fn() -> usize) {
    let begun = Instant::now();
    while figure() > most {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{what}: {} and not {most}",
            figure()
        );
        thread::yield_now();
    }
}

#[test]
fn a_thousand_abandoned_waits_hinder_nobody_and_leave_nothing() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let served = Served::start(&sandbox);
    let id = served.job("read x < gate");
    served.get(&format!("/v1/jobs/{id}")).ok();
    let (descriptors, threads) = (served.descriptors(), served.threads());
    let path = format!("/v1/jobs/{id}/wait");
    for _ in 0..5 {
        let waiting: Vec<_> = (0..200).map(|_| served.begin("GET", &path, None)).collect();
        let begun = Instant::now();
        served.get(&format!("/v1/jobs/{id}")).ok();
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
        for stream in waiting {
            stream.shutdown(Shutdown::Both).unwrap();
        }
    }
    let begun = Instant::now();
    assert_eq!(
        served.get(&format!("/v1/jobs/{id}")).ok()["state"],
        "running"
    );
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    settles("descriptors", descriptors, || served.descriptors());
    // Threads are kept for a while.
    settles("threads", threads + 2, || served.threads());
    gate.open();
    assert_eq!(served.get(&path).ok()["exit_code"], 0);
}

#[test]
fn more_waiters_than_there_is_room_for_are_told_to_come_back() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let served = Served::start(&sandbox);
    let id = served.job("read x < gate");
    let path = format!("/v1/jobs/{id}/wait");
    let waiting: Vec<_> = (0..300).map(|_| served.begin("GET", &path, None)).collect();
    // Who acts or looks has a room of its own.
    served.get(&format!("/v1/jobs/{id}")).ok();
    served.post("/v1/jobs", &json!({"command": ["true"]})).ok();
    gate.open();
    let answers: Vec<_> = waiting.into_iter().map(receive).collect();
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status != 200)
        .collect();
    assert_eq!(refused.len(), 300 - 256);
    for answer in refused {
        assert_eq!(answer.refused(503, "too_busy")["error"]["retryable"], true);
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
}

#[test]
fn two_hundred_followers_of_one_job_get_every_byte() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let served = Served::start(&sandbox);
    let id = served.job("read x < gate; seq 1 5000");
    let path = format!("/v1/jobs/{id}/output/stdout");
    let followers: Vec<_> = (0..200)
        .map(|_| Events::new(served.begin("GET", &path, None)))
        .collect();
    gate.open();
    let begun = Instant::now();
    let threads: Vec<_> = followers
        .into_iter()
        .map(|mut events| {
            thread::spawn(move || {
                let mut bytes = 0;
                let mut next = 1;
                while let Some(event) = events.next() {
                    if event.name == "end" {
                        return (bytes, next, true);
                    }
                    assert_eq!(event.data["text"], next.to_string());
                    next += 1;
                    bytes = event.id.unwrap().parse().unwrap();
                }
                (bytes, next, false)
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), (23_893_u64, 5001, true));
    }
    eprintln!(
        "200 followers had 5000 lines each within {:?}",
        begun.elapsed()
    );
}

#[test]
fn whoever_reads_nothing_hinders_nobody() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    // More than all buffers between the two hold.
    let line = "x".repeat(4000);
    let id = served.job(&format!("yes {line} | head -n 5000"));
    served.get(&format!("/v1/jobs/{id}/wait")).ok();
    let descriptors = served.descriptors();
    let path = format!("/v1/jobs/{id}/output/stdout");
    let lazy: Vec<_> = (0..20).map(|_| served.begin("GET", &path, None)).collect();
    let lines = served.events(&path).rest().len();
    assert_eq!(lines, 5001);
    served.get(&format!("/v1/jobs/{id}")).ok();
    drop(lazy);
    settles("descriptors", descriptors, || served.descriptors());
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let mut stream = connect(&served.address);
    let bearer = served.bearer();
    let headers = [
        ("Host", served.address.as_str()),
        ("Authorization", bearer.as_str()),
    ];
    for _ in 0..100 {
        send(&mut stream, "GET", "/v1/ps", &headers, b"");
        receive(stream.try_clone().unwrap()).ok();
    }
}

#[test]
fn more_connections_than_are_taken_are_turned_away() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let held: Vec<_> = (0..512).map(|_| connect(&served.address)).collect();
    let mut turned_away = connect(&served.address);
    let mut answer = String::new();
    turned_away.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(held);
    settles("descriptors", 40, || served.descriptors());
    served.get("/v1/ps").ok();
}
