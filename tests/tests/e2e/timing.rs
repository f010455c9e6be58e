//! The security checklist, line 1: the time tells nothing either. These run alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_tests::Shop;
use cartwheel_tests::client::new_email;

crate::tests![
    #[alone]
    an_unknown_address_takes_as_long_as_a_wrong_password,
];

/// How many of each are measured, in turn, so that whatever else the machine does falls on both.
const SAMPLES: usize = 100;

async fn an_unknown_address_takes_as_long_as_a_wrong_password(shop: Arc<Shop>) {
    // Nine failures an account, so that none is closed.
    let mut known = Vec::new();
    for _ in 0..SAMPLES.div_ceil(9) * 3 {
        known.push(shop.client.shopper().await.email);
    }
    let mut known = known.iter().flat_map(|email| std::iter::repeat_n(email, 9));
    let timed = async |email: &str| {
        let started = Instant::now();
        shop.client.try_log_in(email, "wrong horse").await.problem(401, "invalid-credentials");
        started.elapsed()
    };
    let mut rounds = Vec::new();
    // A leak is there in every round; a machine that is busy with something else is not.
    for _ in 0..3 {
        let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..SAMPLES {
            wrong.push(timed(known.next().unwrap()).await);
            unknown.push(timed(&new_email()).await);
        }
        let (wrong, unknown) = (median(wrong), median(unknown));
        println!("medians: wrong password {wrong:?}, unknown address {unknown:?}");
        if wrong.abs_diff(unknown) * 10 <= wrong {
            return;
        }
        rounds.push((wrong, unknown));
    }
    panic!("the medians differ by more than a tenth: {rounds:?}");
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}
