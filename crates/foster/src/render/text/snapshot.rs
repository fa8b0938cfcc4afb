use foster_model::answer::{Digest, Excerpt, Snapshot};

use super::harmless::harmless;
use super::words::bytes;
use super::{Style, line};

/// Appends what a snapshot shows: as it was printed, or as a terminal may have it.
pub fn snapshot(style: Style, snapshot: &Snapshot, logs: [&str; 2], out: &mut String) {
    let both = [&snapshot.stdout, &snapshot.stderr];
    let shown = |excerpt: &&Excerpt| !shown_text(excerpt).is_empty();
    let headed = both.iter().filter(|e| shown(e)).count() > 1 || shown(&both[1]);
    for ((excerpt, log), name) in both.into_iter().zip(logs).zip(["stdout", "stderr"]) {
        if shown(&excerpt) {
            if headed {
                line!(out, "==> {name} <==");
            }
            text(style, excerpt, out);
        }
        if let Some(damage) = &excerpt.damage {
            line!(out, "({name} can't be shown: {})", super::plain(damage));
        } else if let Some(digest) = &excerpt.digest {
            digest_line(digest, name, log, out);
        } else if excerpt.truncated {
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
pub fn text(style: Style, excerpt: &Excerpt, out: &mut String) {
    let text = shown_text(excerpt);
    if style.terminal {
        out.push_str(&harmless(text));
    } else {
        out.push_str(text);
    }
    if text.contains('\x1b') {
        // What a cut excerpt switched on must not colour what follows.
        out.push_str("\x1b[0m");
    }
    if !text.is_empty() && !text.ends_with('\n') {
        out.push('\n');
    }
}

/// Appends what a digest leaves out and folds, if it does.
pub fn digest_line(digest: &Digest, name: &str, log: &str, out: &mut String) {
    let (total, omitted, folded) = (
        digest.lines_total,
        digest.lines_omitted,
        digest.lines_folded,
    );
    if digest.applied && (omitted > 0 || folded > 0) {
        let log = super::plain(log);
        line!(
            out,
            "(digest of {total} lines of {name}: {omitted} left out, {folded} folded; all is in {log})"
        );
    }
}

fn shown_text(excerpt: &Excerpt) -> &str {
    let digest = excerpt.digest.as_ref().map(|digest| digest.text.as_str());
    digest.or(excerpt.tail.as_deref()).unwrap_or_default()
}
