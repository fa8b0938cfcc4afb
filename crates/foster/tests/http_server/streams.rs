//! Streams: nothing is lost or told twice, whoever comes back.

use std::collections::BTreeMap;

use foster_testkit::{Gate, Sandbox};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::Event;
use crate::served::{FOSTER, Served};

/// Puts lines and pieces of lines together again, and makes sure that each begins where the one before ended.
fn joined(events: &[Event], from: u64) -> String {
    let mut text = String::new();
    let mut at = from;
    for event in events.iter().filter(|event| event.name == "line") {
        let data = &event.data;
        assert_eq!(data["offset"], at, "{event:?}");
        assert_eq!(
            (&data["type"], &data["stream"]),
            (&json!("log_line"), &json!("stdout"))
        );
        text.push_str(data["text"].as_str().unwrap());
        if data["partial"] == false {
            text.push('\n');
        }
        at = event.id.as_ref().unwrap().parse().unwrap();
        assert_eq!(at, from + text.len() as u64);
    }
    text
}

#[test]
fn output_is_told_as_it_comes_and_then_how_it_ended() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let served = Served::start(&sandbox);
    let id = served.job("printf 'Password: '; read x < gate; echo; echo over; exit 3");
    let mut events = served.events(&format!("/v1/jobs/{id}/output/stdout"));
    assert_eq!(
        events
            .body
            .headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .unwrap()
            .1,
        "text/event-stream"
    );
    // A prompt waits for an answer, and has no end.
    let prompt = events.next().unwrap();
    assert_eq!(
        (
            prompt.data["text"].as_str(),
            prompt.data["partial"].as_bool()
        ),
        (Some("Password: "), Some(true))
    );
    gate.open();
    let mut all = vec![prompt];
    all.extend(events.rest());
    assert_eq!(joined(&all, 0), "Password: \nover\n");
    let end = all.last().unwrap();
    assert_eq!(end.name, "end");
    assert_eq!(
        (&end.data["type"], &end.data["state"], &end.data["final"]),
        (&json!("logs"), &json!("exited"), &json!(true))
    );
}

#[test]
fn each_place_is_one_to_go_on_from() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let id = served.job("printf 'one\\ntwö\\n\\nthree'");
    let path = format!("/v1/jobs/{id}/output/stdout");
    let all = joined(&served.events(&path).rest(), 0);
    assert_eq!(all, "one\ntwö\n\nthree");
    for at in (0..=all.len()).filter(|at| all.is_char_boundary(*at)) {
        let events = served.events_after(&path, &at.to_string()).rest();
        assert_eq!(joined(&events, at as u64), all[at..], "{at}");
        let events = served.events(&format!("{path}?from={at}")).rest();
        assert_eq!(joined(&events, at as u64), all[at..], "{at}");
        assert_eq!(events.last().unwrap().name, "end");
    }
    let end = served.events(&format!("{path}?tail=9&run=1")).rest();
    assert_eq!(joined(&end, 9), "\nthree");
    let end = served.events(&format!("{path}?tail=3")).rest();
    assert_eq!(joined(&end, 11), "hree");
    // A reader that comes back knows best where it was.
    let events = served.events_after(&format!("{path}?tail=3"), "4").rest();
    assert_eq!(joined(&events, 4), all[4..]);
    assert_eq!(
        served
            .events(&format!("/v1/jobs/{id}/output/stderr"))
            .rest()
            .len(),
        1
    );
}

#[test]
fn a_stream_goes_on_at_another_server_where_it_was_cut_off() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let mut served = Served::start(&sandbox);
    let id = served.job("seq 1 20000; printf begun; read x < gate; seq 20001 40000");
    let path = format!("/v1/jobs/{id}/output/stdout");
    let mut seen: Vec<Event> = Vec::new();
    for signal in [Signal::TERM, Signal::KILL, Signal::KILL] {
        let after = seen
            .last()
            .and_then(|event| event.id.clone())
            .unwrap_or("0".to_owned());
        let mut events = served.events_after(&path, &after);
        let wanted = seen.len() + 5000;
        while seen.len() < wanted {
            seen.push(events.next().unwrap());
        }
        served.signal(signal);
        served.wait();
        drop(events);
        served = Served::start(&sandbox);
    }
    let after = seen.last().and_then(|event| event.id.clone()).unwrap();
    let mut events = served.events_after(&path, &after);
    gate.open();
    seen.extend(events.rest());
    let expected: Vec<_> = (1..=20000).map(|n| format!("{n}\n")).collect();
    let rest: Vec<_> = (20001..=40000).map(|n| format!("{n}\n")).collect();
    assert_eq!(
        joined(&seen, 0),
        format!("{}begun{}", expected.concat(), rest.concat())
    );
}

#[test]
fn events_are_told_each_once_and_in_order() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let served = Served::start(&sandbox);
    let id = served.job("read x < gate");
    let mut one = served.events(&format!("/v1/jobs/{id}/events"));
    let mut all = served.events("/v1/events");
    assert_eq!(one.next().unwrap().data["event"], "created");
    assert_eq!(all.next().unwrap().data["event"], "created");
    gate.open();
    let told = one.rest();
    let last = told.last().unwrap();
    assert_eq!(
        (last.name.as_str(), &last.data["type"], &last.data["ok"]),
        ("end", &json!("events"), &json!(true))
    );
    let names = |events: &[Event]| {
        events
            .iter()
            .filter(|event| event.name == "event")
            .map(|event| event.data["event"].clone())
            .collect::<Vec<_>>()
    };
    let told = names(&told);
    assert_eq!(told.last(), Some(&json!("finished")));
    let mut also = Vec::new();
    while also.last() != Some(&json!("finished")) {
        let event = all.next().unwrap();
        assert_eq!(
            (&event.data["job_id"], &event.data["type"]),
            (&json!(id), &json!("event"))
        );
        also.push(event.data["event"].clone());
    }
    assert_eq!(also, told);
    // Whoever comes late hears it from the beginning.
    let late = names(&served.events(&format!("/v1/jobs/{id}/events")).rest());
    assert_eq!(late[1..], told);
    // One that follows all hears of jobs that are made later.
    let later = served.job("exit 0");
    assert_eq!(all.next().unwrap().data["job_id"], later);
}

#[test]
fn a_job_that_is_deleted_meanwhile_is_told_as_a_failure() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let id = served.job("exit 0");
    served.get(&format!("/v1/jobs/{id}/wait")).ok();
    let created = served
        .post("/v1/jobs/create", &json!({"command": ["true"]}))
        .ok();
    let id = created["job_id"].as_str().unwrap();
    let mut events = served.events(&format!("/v1/jobs/{id}/events"));
    assert_eq!(events.next().unwrap().data["event"], "created");
    served.ask("DELETE", &format!("/v1/jobs/{id}"), None).ok();
    let failure = events.rest().pop().unwrap();
    assert_eq!(
        (failure.name.as_str(), &failure.data["error"]["code"]),
        ("failure", &json!("job_not_found"))
    );
}

#[test]
fn a_listing_is_told_at_once_and_whenever_it_changes() {
    let sandbox = Sandbox::new(FOSTER);
    let gate = Gate::new(&sandbox, "gate");
    let served = Served::start(&sandbox);
    let mut events = served.events("/v1/jobs/changes?all=true&limit=5");
    let mut next = || {
        let event = events.next().unwrap();
        assert_eq!(
            (event.name.as_str(), &event.data["type"]),
            ("list", &json!("list"))
        );
        let jobs = event.data["jobs"].as_array().unwrap().iter();
        jobs.map(|job| {
            (
                job["job_id"].as_str().unwrap().to_owned(),
                job["state"].clone(),
            )
        })
        .collect::<BTreeMap<String, Value>>()
    };
    assert!(next().is_empty());
    let id = served.job("read x < gate");
    let mut seen = next();
    while seen.get(&id) != Some(&json!("running")) {
        seen = next();
    }
    gate.open();
    while seen.get(&id) != Some(&json!("exited")) {
        seen = next();
    }
}
