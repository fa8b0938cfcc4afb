//! Waiting is done by the kernel, and what happens is heard, on every Unix.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod common;

use std::os::fd::AsFd as _;
use std::time::Duration;

use common::{As, SECOND, hear, hearing, isolated, start, strangers, term_then_kill};
use foster_process::{
    Containment, ExitStatus, Forked, Poller, ProcessRef, Scope, Signal, SignalQueue, Tree,
    close_all_but, fork, set_subreaper, terminate,
};

fn plain() -> Scope {
    let subreaper = Scope::prepare(Containment::Subreaper, "");
    subreaper
        .or_else(|_| Scope::prepare(Containment::Group, ""))
        .unwrap()
}

/// Waits until that token is ready, for at most ten seconds.
fn heard(poller: &Poller, token: u64) -> bool {
    (0..10).any(|_| {
        poller
            .wait(Some(SECOND))
            .unwrap()
            .iter()
            .any(|ready| ready.token == token)
    })
}

#[test]
fn the_end_of_a_child_is_heard() {
    isolated("the_end_of_a_child_is_heard", As::Caller, || {
        let (_, out) = hearing();
        let poller = Poller::new().unwrap();
        let first = start(&["sleep", "300"], &mut plain(), &out).unwrap().leader;
        let second = start(&["sleep", "300"], &mut plain(), &out).unwrap().leader;
        poller.add(&first, 1).unwrap();
        poller.add(&second, 2).unwrap();
        assert!(poller.wait(Some(Duration::ZERO)).unwrap().is_empty());
        second.signal(Signal::KILL).unwrap();
        assert!(heard(&poller, 2));
        assert!(second.wait_ended(Some(10 * SECOND)).unwrap());
        assert!(second.reap().unwrap().is_some());
        poller.remove(&second).unwrap();
        assert_eq!(first.peek_status().unwrap(), None);
        // Another wait in between takes nothing away from the poller.
        first.signal(Signal::KILL).unwrap();
        assert!(first.wait_ended(Some(10 * SECOND)).unwrap());
        assert!(heard(&poller, 1));
        assert!(first.reap().unwrap().is_some());
    });
}

#[test]
fn a_pipe_is_heard_for_reading_and_writing() {
    let (reader, writer) = foster_process::pipe().unwrap();
    let poller = Poller::new().unwrap();
    poller.add(&reader, 1).unwrap();
    poller.add(&writer, 2).unwrap();
    assert!(poller.add(&reader, 3).is_err());
    assert!(poller.wait(Some(Duration::ZERO)).unwrap().is_empty());
    poller.also_writable(&writer, 2, true).unwrap();
    let ready = poller.wait(Some(SECOND)).unwrap();
    assert!(ready.len() == 1 && ready[0].token == 2 && ready[0].writable && !ready[0].readable);
    poller.remove(&writer).unwrap();
    assert!(poller.remove(&writer).is_err());
    rustix::io::write(&writer, b"x").unwrap();
    let ready = poller.wait(Some(SECOND)).unwrap();
    assert!(ready.len() == 1 && ready[0].token == 1 && ready[0].readable && !ready[0].urgent);
    assert_eq!(
        foster_process::discard(&reader, &mut [0; 8]).unwrap(),
        foster_process::Moved::Bytes(1)
    );
    drop(writer);
    assert!(poller.wait(Some(SECOND)).unwrap()[0].readable);
}

#[test]
fn a_signal_is_read_with_its_sender() {
    isolated("a_signal_is_read_with_its_sender", As::DeafToTerm, || {
        let queue = SignalQueue::new(&[Signal::TERM]).unwrap();
        assert_eq!(queue.read().unwrap(), None);
        let poller = Poller::new().unwrap();
        poller.add(&queue, 7).unwrap();
        let (mut told, out) = hearing();
        let script = "kill -TERM $PPID; echo $$";
        let sender = start(&["sh", "-c", script], &mut plain(), &out)
            .unwrap()
            .leader;
        if cfg!(foster_portable) {
            // A handler runs in any thread that does not block the signal; here all do.
            return;
        }
        assert!(heard(&poller, 7));
        let received = queue.read().unwrap().unwrap();
        assert_eq!(
            (received.signal, received.from_kernel),
            (Signal::TERM, false)
        );
        assert_eq!(received.pid.to_string(), hear(&mut told, 1)[0]);
        assert_eq!(received.pid, sender.pid());
        assert_eq!(queue.read().unwrap(), None);
    });
}

#[test]
fn the_tree_of_a_session_ends_with_its_orphans() {
    isolated(
        "the_tree_of_a_session_ends_with_its_orphans",
        As::Caller,
        || {
            set_subreaper().unwrap();
            let mut scope = plain();
            let (mut told, out) = hearing();
            let script = "sh -c 'echo up; exec sleep 300' &
            (sh -c 'trap \"\" TERM; echo up; sleep 300' &)
            (sh -c 'sh -c \"echo up; kill -STOP \\$\\$; sleep 300\" &' &)
            exit 5";
            let started = start(&["sh", "-c", script], &mut scope, &out).unwrap();
            hear(&mut told, 3);
            let tree = Tree::of_descendants(scope);
            assert!(started.leader.wait_ended(Some(10 * SECOND)).unwrap());
            assert!(!tree.is_empty(Some(&started.leader)).unwrap());
            let report =
                terminate(&tree, Some(&started.leader), term_then_kill(SECOND / 2)).unwrap();
            assert!(report.empty, "{report:?}");
            assert_eq!(strangers(), Vec::<String>::new());
            assert_eq!(started.leader.reap().unwrap(), Some(ExitStatus::Code(5)));
            assert!(started.leader.signal(Signal::TERM).is_err());
            assert!(started.leader.signal_group(Signal::TERM).is_err());
        },
    );
}

#[test]
fn a_remembered_number_is_not_signalled() {
    isolated("a_remembered_number_is_not_signalled", As::Caller, || {
        let (_, out) = hearing();
        let first = start(&["true"], &mut plain(), &out).unwrap().leader;
        let remembered = first.identity();
        assert!(first.wait_ended(Some(10 * SECOND)).unwrap());
        first.reap().unwrap();
        assert!(ProcessRef::find(&remembered).is_err());
        assert!(first.signal(Signal::KILL).is_err());
    });
}

#[test]
fn a_process_with_threads_is_not_forked() {
    isolated("a_process_with_threads_is_not_forked", As::Caller, || {
        // This process has the harness's thread beside its own, and is refused.
        let refused = match fork() {
            Ok(Forked::Child) => foster_process::exit_now(1),
            result => result,
        };
        assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::Unsupported);
    });
}

#[test]
fn descriptors_are_closed_but_for_those_kept() {
    isolated(
        "descriptors_are_closed_but_for_those_kept",
        As::Caller,
        || {
            let (reader, writer) = std::io::pipe().unwrap();
            let kept = rustix::io::fcntl_dupfd_cloexec(&writer, 50).unwrap();
            let number = std::os::fd::AsRawFd::as_raw_fd(&kept);
            assert_eq!(number, 50);
            let closed =
                [reader.as_fd(), writer.as_fd()].map(|fd| std::os::fd::AsRawFd::as_raw_fd(&fd));
            std::mem::forget((reader, writer));
            close_all_but(&[number, 0]).unwrap();
            let open: Vec<String> = std::fs::read_dir("/dev/fd")
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            assert!(
                open.contains(&"50".to_owned()) && open.contains(&"0".to_owned()),
                "{open:?}"
            );
            // One is the listing itself.
            assert!(open.len() <= 5, "{open:?} {closed:?}");
        },
    );
}
