mod choice;
mod lines;
mod properties;
mod samples;
mod shapes;

use std::ops::Range;

use foster_model::answer::Digest;
use foster_store::Part;

use super::{Made, Source, digest};

fn made(bytes: &[u8], max_bytes: u64, end_lines: usize) -> Made {
    let bytes = bytes.to_vec();
    let parts: &[Part] = &[Part { offset: 0, bytes }];
    digest(&Source {
        parts,
        from: 0,
        max_bytes,
        end_lines,
    })
}

fn whole(text: &str) -> Digest {
    made(text.as_bytes(), u64::MAX, 0).digest
}

/// A line of words without numbers, which nothing is alike.
fn word(mut n: usize) -> String {
    let mut word = String::new();
    while n > 0 {
        word.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
    }
    format!("line {word}.\n")
}

/// Lines made from numbers.
fn numbered(range: Range<usize>, line: impl Fn(usize) -> String) -> String {
    range.map(line).collect::<Vec<_>>().concat()
}
