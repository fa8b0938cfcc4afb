use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, Instant};

/// Returns a number below `below`, another one at each call; 0 if that is 0.
pub fn random(below: u64) -> u64 {
    let hasher = std::collections::hash_map::RandomState::new();
    hasher.build_hasher().finish() % below.max(1)
}

/// Lets a random part of `most` pass, without giving the processor away: races are looked for.
pub fn random_moment(most: Duration) {
    let end = Instant::now() + Duration::from_nanos(random(most.as_nanos() as u64));
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}
