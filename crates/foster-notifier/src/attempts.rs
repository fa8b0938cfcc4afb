use crate::bounds::{ATTEMPTS, FIRST_PAUSE};
use crate::closing::Closing;
use crate::refusal::Refusal;

/// Tells a sink until it was told, can't be, or was tried often enough. Returns how often that was.
///
/// `tell` is given the number of the attempt; the first is 1.
pub fn persist(
    closing: &Closing,
    tell: impl Fn(u32) -> Result<(), Refusal>,
) -> (u32, Result<(), String>) {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let Err(refusal) = tell(attempt) else {
            return (attempt, Ok(()));
        };
        if !refusal.retryable || attempt == ATTEMPTS || !closing.rest(pause) {
            return (attempt, Err(refusal.reason));
        }
        pause = pause.saturating_mul(4);
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn what_lasts_is_not_tried_again() {
        let tell = |_| Err(Refusal::lasting("no"));
        let told = persist(&Closing::default(), tell);
        assert_eq!(told, (1, Err("no".to_owned())));
    }

    #[test]
    fn who_is_ending_tries_nothing_again_and_ends_a_pause() {
        let closing = Closing::default();
        let began = Instant::now();
        let told = std::thread::scope(|scope| {
            let told = scope.spawn(|| persist(&closing, |_| Err(Refusal::passing("busy"))));
            closing.stop();
            told.join().unwrap()
        });
        assert_eq!(told, (1, Err("busy".to_owned())));
        assert!(began.elapsed() < FIRST_PAUSE);
        assert!(!closing.rest(Duration::from_secs(1000)));
        assert!(closing.start(|| ()).is_none());
    }
}
