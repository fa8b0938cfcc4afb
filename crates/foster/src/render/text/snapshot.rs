use foster_model::answer::{Excerpt, Snapshot};

use super::line;
use super::words::bytes;

/// Appends what a snapshot shows, with its bytes as they are: people expect the colours that a
/// program prints.
pub fn snapshot(snapshot: &Snapshot, logs: [&str; 2], out: &mut String) {
    let both = [&snapshot.stdout, &snapshot.stderr];
    let shown = |excerpt: &&Excerpt| !excerpt.tail.is_empty();
    let headed = both.iter().filter(|e| shown(e)).count() > 1 || shown(&both[1]);
    for ((excerpt, log), name) in both.into_iter().zip(logs).zip(["stdout", "stderr"]) {
        if shown(&excerpt) {
            if headed {
                line!(out, "==> {name} <==");
            }
            text(excerpt, out);
        }
        if excerpt.truncated {
            let (all, included) = (excerpt.observed_bytes, excerpt.included_bytes);
            let (all, included) = (bytes(all), bytes(included));
            line!(
                out,
                "({included} of {all} of {name} shown; it is in {})",
                super::plain(log)
            );
        }
    }
}

/// Appends the text of an excerpt, and the end of its last line.
pub fn text(excerpt: &Excerpt, out: &mut String) {
    out.push_str(&excerpt.tail);
    if excerpt.tail.contains('\x1b') {
        // What a cut excerpt switched on must not colour what follows.
        out.push_str("\x1b[0m");
    }
    if !excerpt.tail.is_empty() && !excerpt.tail.ends_with('\n') {
        out.push('\n');
    }
}
