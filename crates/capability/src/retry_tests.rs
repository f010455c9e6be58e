use std::cell::Cell;
use std::time::Duration;

use kernel::Timestamp;

use crate::retry::{Attempt, Backoff, poll_until, retry_on_conflict};
use crate::scripted::Scripted;
use crate::{Clock, Entropy};

struct Random(u8);

impl Entropy for Random {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        [self.0; N]
    }
}

const CONTENTION: Backoff = Backoff::linear(40, Duration::from_millis(15), Duration::from_millis(400));
const OUTAGE: Backoff = Backoff::exponential(4, Duration::from_millis(40), Duration::from_millis(320));

fn host() -> Scripted {
    Scripted::at(Timestamp::default())
}

#[test]
fn linear_pauses_are_between_zero_and_a_growing_maximum() {
    for (attempt, longest_ms) in [(0, 15), (1, 30), (25, 390), (26, 400), (39, 400)] {
        assert_eq!(CONTENTION.pause(attempt, &Random(0)), Duration::ZERO);
        let pause = CONTENTION.pause(attempt, &Random(255));
        assert!(pause < Duration::from_millis(longest_ms), "{attempt}: {pause:?}");
        assert!(pause > Duration::from_millis(longest_ms) * 9 / 10, "{attempt}: {pause:?}");
    }
}

#[test]
fn exponential_pauses_double_and_vary_by_half() {
    for (attempt, middle_ms) in [(0, 40), (1, 80), (2, 160), (3, 320), (9, 320), (99, 320)] {
        assert_eq!(OUTAGE.pause(attempt, &Random(128)), Duration::from_millis(middle_ms), "{attempt}");
        assert_eq!(OUTAGE.pause(attempt, &Random(0)), Duration::from_millis(middle_ms) / 2, "{attempt}");
    }
}

#[tokio::test]
async fn a_conflict_starts_over_after_a_pause_and_a_removed_one_at_once() {
    let (host, mut numbers) = (host(), Vec::new());
    let outcome = retry_on_conflict(&host, CONTENTION, async |number| {
        numbers.push(number);
        Ok::<_, ()>(match number {
            0 => Attempt::RetryNow,
            1 => Attempt::Conflict,
            _ => Attempt::Done("written"),
        })
    });
    assert_eq!(outcome.await, Ok(Some("written")));
    assert_eq!(numbers, [0, 1, 2]);
    let paused = Timestamp::default().checked_add(CONTENTION.pause(1, &Random(1)));
    assert_eq!(Some(host.now()), paused, "one pause");
}

#[tokio::test]
async fn the_last_conflict_and_the_first_error_end_the_attempts() {
    let (host, mut count) = (host(), 0);
    let busy = retry_on_conflict(&host, OUTAGE, async |_| {
        count += 1;
        Ok::<Attempt<()>, ()>(Attempt::Conflict)
    });
    assert_eq!(busy.await, Ok(None));
    assert_eq!(count, 4);
    let failed = retry_on_conflict(&host, OUTAGE, async |_| Err::<Attempt<()>, _>("down"));
    assert_eq!(failed.await, Err("down"));
}

#[tokio::test]
async fn polling_ends_with_a_value_or_with_the_limit() {
    let (host, count) = (host(), Cell::new(0));
    let ready_at = async |wanted: u32| {
        count.set(0);
        let poll = async || {
            count.set(count.get() + 1);
            (count.get() == wanted).then_some(wanted)
        };
        poll_until(&host, Duration::from_millis(20), Duration::from_millis(60), poll).await
    };
    assert_eq!(ready_at(1).await, Some(1));
    assert_eq!(ready_at(4).await, Some(4));
    assert_eq!(ready_at(5).await, None);
}
